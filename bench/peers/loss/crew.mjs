// @ts-check
import { fork } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { end, eventually } from '../support.mjs';

const WORKER = fileURLToPath(new URL('../worker.mjs', import.meta.url));

/** One system's worker process: started, killed, restarted as whoever operates it would. */
export class Crew {
  /** What the handlers wrote down. */
  record;
  /** How often the process ended by itself, and was started again as a supervisor would. */
  crashes = 0;
  #args;
  #log;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;

  /**
   * @param {string} folder
   * @param {string} name of the system
   * @param {string} address
   * @param {import('../system.mjs').WorkOptions & { takes: number }} options
   */
  constructor(folder, name, address, options) {
    this.record = join(folder, `${name}.record`);
    this.#log = join(folder, `${name}.log`);
    this.#args = [name, address, this.record, JSON.stringify(options)];
  }

  async start() {
    const log = openSync(this.#log, 'a');
    const child = fork(WORKER, this.#args, { stdio: ['ignore', log, log, 'ipc'] });
    this.#process = child;
    child.once('exit', () => {
      if (this.#process !== child) return;
      this.crashes += 1;
      this.#process = undefined;
      setTimeout(() => void this.start(), 1_000);
    });
    await this.#hear(child, 'ready');
  }

  /** In the middle of its handlers. */
  kill() {
    return this.#end('SIGKILL');
  }

  /** In good order. */
  stop() {
    return this.#end('SIGTERM');
  }

  /** @param {'pause' | 'resume'} message */
  async tell(message) {
    const child = this.#process;
    if (!child) throw new Error('there is no worker');
    const heard = this.#hear(child, message);
    child.send(message);
    await heard;
  }

  /** @param {NodeJS.Signals} signal */
  async #end(signal) {
    const child = this.#process;
    this.#process = undefined;
    if (child) await end(child, signal);
  }

  /** @param {import('node:child_process').ChildProcess} child @param {string} message */
  async #hear(child, message) {
    let isHeard = false;
    const listener = (/** @type {unknown} */ said) => {
      isHeard ||= said === message;
    };
    child.on('message', listener);
    const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
    await eventually(() => isHeard || hasEnded(), 60_000, 20);
    child.off('message', listener);
    if (!isHeard && !hasEnded()) console.error(`a worker did not say ${message}: see ${this.#log}`);
  }
}
