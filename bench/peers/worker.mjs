// @ts-check
// A worker process: node worker.mjs SYSTEM ADDRESS RECORD '{"concurrency":…,"takes":…,"repeating":[…]}'
// Its handler writes down its start and its end, so that what ran is known from nothing but this file.
import { openSync, writeSync } from 'node:fs';
import { sleep } from './support.mjs';
import { loaders } from './systems/load.mjs';

const [name = '', address = '', record = '', json = '{}'] = process.argv.slice(2);
/** @type {import('./system.mjs').WorkOptions & { takes: number }} */
const { takes, ...options } = JSON.parse(json);
const file = openSync(record, 'a');
const system = await loaders[name]?.();
if (!system) throw new Error(`no such system: ${name}`);

/** @param {'start' | 'end'} what @param {string} key @param {number | undefined} due @param {string | undefined} id */
const note = (what, key, due, id) => writeSync(file, `${what} ${key} ${due ?? '-'} ${id ?? '-'} ${Date.now()}\n`);

const work = await system.work(
  address,
  async (key, due, id) => {
    note('start', key, due, id);
    await sleep(takes);
    note('end', key, due, id);
  },
  options,
);

process.on('message', (message) => {
  const done = message === 'pause' ? work.pause?.() : work.resume?.();
  void done?.then(() => process.send?.(message));
});
process.once('SIGTERM', () => {
  void work.close().then(() => process.exit(0));
});
// Its parent is gone.
process.once('disconnect', () => process.exit(1));
process.send?.('ready');
