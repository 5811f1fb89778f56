// @ts-check
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

/** @param {number} time */
export const until = (time) => sleep(Math.max(0, time - Date.now()));

/**
 * Asks until it is so; tells whether it came to be so.
 * @param {() => Promise<boolean> | boolean} isSo
 */
export async function eventually(isSo, within = 30_000, every = 50) {
  for (const deadline = Date.now() + within; ; await sleep(every)) {
    try {
      if (await isSo()) return true;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) return false;
  }
}

/**
 * Does something so many times, a few at once.
 * @param {number} times
 * @param {number} atOnce
 * @param {(index: number) => Promise<unknown>} work
 */
export async function pool(times, atOnce, work) {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < times; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** @returns {Promise<number>} a port nobody listens on, below those that systems give to outgoing connections */
export async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

/**
 * Starts a program whose output goes to a file.
 * @param {string} command
 * @param {string[]} args
 * @param {string} log
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function launch(command, args, log, options = {}) {
  const file = openSync(log, 'a');
  const child = spawn(command, args, { stdio: ['ignore', file, file], ...options });
  closeSync(file);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  child.on('error', (error) => console.error(`${command}: ${String(error)}`));
  return child;
}

/**
 * Ends a process of ours with a signal, and waits for its end.
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
export async function end(child, signal, patience = 40_000) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  await exited;
  clearTimeout(timer);
}

/** @param {number} pid */
export function childrenOf(pid) {
  const isChild = (/** @type {string} */ entry) => {
    try {
      return (
        readFileSync(`/proc/${entry}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')[1] === `${pid}`
      );
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && isChild(entry))
    .map(Number);
}

/** @param {number} pid */
export async function gone(pid) {
  await eventually(() => {
    try {
      return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return true;
    }
  });
}

/** @param {string} command @param {string[]} args */
export function firstLine(command, args) {
  return execFileSync(command, args, { encoding: 'utf8' }).trim().split('\n')[0] ?? '';
}

/**
 * The value below which such a share of the values is.
 * @param {readonly number[]} values
 * @param {number} share from 0 to 1
 */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
