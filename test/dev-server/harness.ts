import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';

export const script = fileURLToPath(new URL('../../temporal-dev.sh', import.meta.url));

/** What a `temporal-dev.sh` said and how it ended; `ready` holds its lines `address`, `web-ui`, `namespace`, ... */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
  ready: Record<string, string>;
}

export const readyLines = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => [line.replace(/ .*/, ''), line.replace(/^\S+ /, '')]),
  );

/** One test's own folder, environment and processes. `clean()` ends and removes all of it. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'temporal-dev-test-'));
  readonly #pids = new Set<number>();
  readonly #connections: Connection[] = [];
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    mkdirSync(this.path('tmp'));
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'));
    this.#env = { ...Object.fromEntries(inherited), TMPDIR: this.path('tmp'), ...env };
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  env(changes: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const env = { ...this.#env, ...changes };
    return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  }

  run(args: string[], options: { env?: NodeJS.ProcessEnv; cwd?: string; script?: string } = {}): Promise<Outcome> {
    return new Promise((resolve) => {
      const settings = { env: this.env(options.env), cwd: options.cwd ?? this.folder };
      execFile(options.script ?? script, args, settings, (error, stdout, stderr) => {
        const ready = readyLines(stdout);
        if (ready['pid'] !== undefined) this.#pids.add(Number(ready['pid']));
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr, ready });
      });
    });
  }

  /** Starts something that stays; resolves when its standard output has the line that begins with `until`. */
  async attach(
    command: string,
    args: string[],
    until: string,
    options: { detached?: boolean } = {},
  ): Promise<{ child: ChildProcess; stdout: string }> {
    const child = spawn(command, args, { ...options, env: this.env(), cwd: this.folder, stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    if (child.pid !== undefined) this.#pids.add(child.pid);
    while (!`\n${stdout}`.includes(`\n${until}`) || !stdout.endsWith('\n')) {
      if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}: ${stdout}${stderr}`);
      await sleep(20);
    }
    const pid = readyLines(stdout)['pid'];
    if (pid !== undefined) this.#pids.add(Number(pid));
    return { child, stdout };
  }

  async client(address: string | undefined, namespace = 'default'): Promise<Client> {
    const connection = await Connection.connect({ address: address ?? '' });
    this.#connections.push(connection);
    return new Client({ connection, namespace });
  }

  /** An executable shell script in `bin/` of the sandbox. */
  program(name: string, body: string): string {
    mkdirSync(this.path('bin'), { recursive: true });
    writeFileSync(this.path('bin', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return this.path('bin', name);
  }

  /** A PATH with nothing but the tools that the script may count on: no Python and no `temporal` (unless in `more`). */
  bareTools(...more: string[]): string {
    const folder = this.path('tools');
    mkdirSync(folder);
    const tools =
      'sh bash awk basename cat cut df dirname env find grep id ln mkdir mktemp mv ps readlink rm sed sleep tail tr uname';
    for (const tool of [...tools.split(' '), ...more]) {
      symlinkSync(execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(), join(folder, tool));
    }
    return folder;
  }

  async clean(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
    for (const pid of this.#pids) kill(pid, 'SIGKILL');
    for (const pid of this.#pids) await gone(pid);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Whether the process runs; one that has ended and waits for its parent to ask for the exit code does not. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !(process.platform === 'linux' && /\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
  } catch {
    return false;
  }
}

/** Resolves when the process has ended; fails after `milliseconds`. */
export async function gone(pid: number, milliseconds = 10_000): Promise<void> {
  for (const end = Date.now() + milliseconds; lives(pid); await sleep(20)) {
    if (Date.now() > end) throw new Error(`process ${pid} still lives after ${milliseconds} ms`);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
