import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once as event } from 'node:events';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as Client from '../../src/index.ts';

/** What the handler of `task` is told to do. */
export interface Work {
  /** How long an attempt takes, in milliseconds. */
  readonly takes?: number;
  /** How many attempts fail. */
  readonly failures?: number;
}

/** What a handler writes down. */
export interface Call {
  readonly what: 'start' | 'end';
  readonly jobId: string;
  readonly runId: string;
  readonly attempt: number;
  readonly version: string;
}

/** One version of the package, built, in a folder. */
export interface Version {
  readonly name: string;
  readonly root: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

export const here: Version = { name: 'new', root: ROOT };

/** Builds the package as it was at a commit or tag, in a folder of its own. */
export function checkOut(reference: string, folder: string): Version {
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('git', ['clone', '--quiet', '--no-checkout', ROOT, folder]);
  run('git', 'checkout', '--quiet', execFileSync('git', ['rev-parse', reference], { cwd: ROOT }).toString().trim());
  run('npm', 'ci', '--silent');
  run('npm', 'run', '--silent', 'build');
  return { name: 'old', root: folder };
}

/** A scheduler of that version. */
export async function connect({ root }: Version, address: string): Promise<Client.Scheduler> {
  const { Scheduler } = (await import(pathToFileURL(join(root, 'dist/index.js')).href)) as typeof Client;
  return Scheduler.connect({ address });
}

/** The one worker, of this version or that. */
export class Deployment {
  readonly #address: string;
  readonly #record: string;
  readonly #log: number;
  #child: ChildProcess | undefined;

  constructor(address: string, folder: string) {
    this.#address = address;
    this.#record = join(folder, 'record');
    this.#log = openSync(join(folder, 'log'), 'a');
  }

  /** A deploy as a platform does it: the one that runs is told to stop, and the other takes its place. */
  async deploy({ root, name }: Version): Promise<void> {
    await this.stop();
    this.#child = fork(WORKER, [root, this.#address, name, this.#record], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', this.#log, this.#log, 'ipc'],
    });
    await event(this.#child, 'message');
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const exited = event(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  get calls(): Call[] {
    if (!existsSync(this.#record)) return [];
    const lines = readFileSync(this.#record, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Call);
  }
}
