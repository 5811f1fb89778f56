import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly source: string;
  readonly destination: string;
  /** Slows the backup down. */
  readonly bytesPerSecond?: number;
}

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
export const KEPT_IN = join(PROJECT, '.temporal', 'demo');

const USAGE = `Usage: npm run demo -- [--source DIR] [--destination DIR]
  --source DIR       the folder to back up (the project's src)
  --destination DIR  where the archive goes (.temporal/demo/backups)`;

/** @throws an Error whose message is meant for the user. */
export function readOptions(args: string[]): DemoOptions | 'help' {
  const { values } = parseArgs({
    args,
    options: { source: { type: 'string' }, destination: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    console.log(USAGE);
    return 'help';
  }
  const source = resolve(values.source ?? join(PROJECT, 'src'));
  if (!statSync(source, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Error(`--source: expected a folder, got ${source}`);
  }
  return {
    source,
    destination: resolve(values.destination ?? join(KEPT_IN, 'backups')),
    // The project's own sources are packed before anybody has seen it: slowly, the progress can be watched.
    ...(values.source === undefined && { bytesPerSecond: 40_000 }),
  };
}
