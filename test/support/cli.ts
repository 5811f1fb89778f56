import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../../temporal-dev.sh', import.meta.url));
let path: Promise<string> | undefined;

/** Where the `temporal` command is that the test servers are started with. */
export function cliPath(): Promise<string> {
  path ??= run('bash', [SCRIPT, 'cli']).then(({ stdout }) => stdout.trim());
  return path;
}

/** Runs it, and answers what it prints. */
export async function temporal(address: string, ...args: string[]): Promise<string> {
  return (await run(await cliPath(), [...args, '--address', address])).stdout;
}
