// @ts-check
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, pool, sleep, until } from '../support.mjs';
import { startStores, systems } from '../systems/index.mjs';
import { Crew } from './crew.mjs';
import { judge, missing, runsOf } from './judge.mjs';

const MINUTE = 60_000;
/** With nothing for so long, what the system does not have is lost: graphile-worker's cron backs off for a minute. */
const QUIET = 120_000;
/** And what it has, it will not run for long: longer than any takes to notice that a worker died. */
const SILENT = 170_000;
/** For one that is slow to catch up. */
const PATIENCE = 400_000;

/**
 * @typedef {object} Size
 * @property {number} once how many one-off jobs
 * @property {number} repeating how many recurring jobs of seconds
 * @property {number} perMinute how many of those whose resolution is a minute
 * @property {number} every in milliseconds
 * @property {{ short: number, long: number }} window in milliseconds
 * @property {number} lead time to schedule it all
 *
 * @typedef {import('./judge.mjs').Verdict & { system: string, fault: string, kind: 'once' | 'recurring', crashes: number, load: number }} Row
 */

/** @type {Size} */
export const FULL = {
  once: 750,
  repeating: 25,
  perMinute: 125,
  every: 10_000,
  window: { short: 100_000, long: 160_000 },
  lead: 45_000,
};
/** @type {Size} */
export const QUICK = {
  once: 60,
  repeating: 10,
  perMinute: 40,
  every: 5_000,
  window: { short: 40_000, long: 40_000 },
  lead: 45_000,
};

/**
 * All systems at once under one fault, each with a store and a worker process of its own.
 * @param {import('./faults.mjs').Fault} fault
 * @param {readonly string[]} names
 * @param {Size} size
 * @returns {Promise<Row[]>}
 */
export async function underFault(fault, names, size) {
  const folder = mkdtempSync(join(tmpdir(), `peers-${fault.name}-`));
  const stores = await startStores(
    folder,
    names.flatMap((name) => systems[name] ?? []),
  );
  /** @type {import('./faults.mjs').Side[]} */
  const sides = [];
  let isDone = false;
  try {
    const window = size.window[fault.window];
    sides.push(...(await Promise.all(names.map((name) => startSide(folder, name, stores, size, fault.takes)))));
    // Now that all is up: on a busy machine that takes long.
    const first = firstDue(size.lead);
    for (const side of sides) side.expected = dueTimes(side.name, size, first, window);
    await Promise.all(sides.map(scheduleAll));
    if (Date.now() > first) console.error(`${fault.name}: scheduling took until after the first due time`);
    await fault.happen(sides, [...stores.values()], { first, window });
    await until(first + window);
    const rows = await Promise.all(sides.map((side) => verdicts(side, fault.name)));
    isDone = true;
    return rows.flat();
  } finally {
    await Promise.allSettled(sides.map(({ crew }) => crew.stop()));
    await Promise.allSettled(sides.map(({ client }) => client.close()));
    await Promise.allSettled([...stores.values()].map((store) => store.stop()));
    if (isDone && !process.env['KEEP']) rmSync(folder, { recursive: true, force: true });
    else console.error(`${fault.name}: records and logs are in ${folder}`);
  }
}

/**
 * Long enough after now that the minute before is over, for which pg-boss makes jobs up to a minute later. A quarter of a minute before a minute begins, so that a long window has three whole minutes and a short one has one:
 * that is what minute-resolution crons have.
 * @param {number} lead
 */
function firstDue(lead) {
  return Math.ceil((Date.now() + lead + 15_000) / MINUTE) * MINUTE - 15_000;
}

/**
 * Computed, not read from the system.
 * @param {string} name @param {Size} size @param {number} first @param {number} window
 */
function dueTimes(name, size, first, window) {
  const system = systems[name];
  /** @type {Map<string, number[]>} */
  const expected = new Map();
  if (!system?.onlyRepeats) {
    for (let i = 0; i < size.once; i++) expected.set(`o-${i}`, [Math.round(first + (i / size.once) * window)]);
  }
  const every = system?.resolution === 'minute' ? MINUTE : size.every;
  const from = Math.ceil(first / every) * every;
  const dues = Array.from({ length: Math.ceil((first + window - from) / every) }, (_, i) => from + i * every);
  for (const key of system ? repeatingKeys(system, size) : []) expected.set(key, dues);
  return expected;
}

/** @param {import('../system.mjs').System} system @param {Size} size */
function repeatingKeys({ resolution }, size) {
  return Array.from({ length: resolution === 'minute' ? size.perMinute : size.repeating }, (_, i) => `r-${i}`);
}

/**
 * @param {string} folder @param {string} name @param {Map<string, import('../system.mjs').Store>} stores
 * @param {Size} size @param {number} takes
 * @returns {Promise<import('./faults.mjs').Side>}
 */
async function startSide(folder, name, stores, size, takes) {
  const system = systems[name];
  const address = system && stores.get(system.store)?.address;
  if (!system || !address) throw new Error(`no such system: ${name}`);
  const repeating = repeatingKeys(system, size);
  const client = await system.connect(address);
  const crew = new Crew(folder, name, address, { concurrency: 50, repeating, takes });
  await crew.start();
  /** @type {import('./faults.mjs').Side} */
  const side = {
    name,
    system,
    client,
    crew,
    expected: new Map(),
    async declare() {
      await pool(repeating.length, 10, (index) => {
        const key = repeating[index] ?? '';
        const dues = side.expected.get(key) ?? [];
        return side.client.repeat(key, { every: size.every, first: dues[0] ?? 0, last: dues.at(-1) ?? 0 });
      });
    },
    async reconnect() {
      await side.client.close();
      side.client = await system.connect(address);
    },
  };
  return side;
}

/** @param {import('./faults.mjs').Side} side */
async function scheduleAll(side) {
  await side.declare();
  const once = keysOf(side.expected, 'o-');
  await pool(once.length, 10, (index) => side.client.add(once[index] ?? '', side.expected.get(once[index] ?? '')?.[0]));
}

/**
 * Waits for what is missing: until nothing is, or nothing has come for long and the system no longer has it, or for so
 * long that it will not come.
 * @param {import('./faults.mjs').Side} side @param {string} fault
 * @returns {Promise<Row[]>}
 */
async function verdicts({ name, client, crew, expected, paused }, fault) {
  const [load = 0] = loadavg();
  let left = Infinity;
  let since = Date.now();
  const standing = async () => (client.standing ? await client.standing() : new Map());
  await eventually(
    async () => {
      const names = missing(runsOf(expected, crew.record));
      if (names.length === 0) return true;
      if (names.length !== left) [left, since] = [names.length, Date.now()];
      // What a cron or a schedule has yet to start no system tells.
      const silence = Date.now() - since;
      if (silence < QUIET) return false;
      const has = await standing();
      return silence > SILENT || !names.some((each) => has.has(each) || has.has(each.split('@')[0] ?? ''));
    },
    PATIENCE,
    2_000,
  );
  // A second run of the same would come now.
  await sleep(3_000);
  const has = await standing();
  const runs = [...runsOf(expected, crew.record)];
  const kinds = /** @type {const} */ ([
    ['once', 'o-'],
    ['recurring', 'r-'],
  ]);
  const rows = [];
  for (const [kind, prefix] of kinds) {
    const ofKind = new Map(runs.filter(([each]) => each.startsWith(prefix)));
    if (ofKind.size === 0) continue;
    const skipped = kind === 'recurring' ? ((await client.skipped?.(keysOf(expected, prefix))) ?? 0) : 0;
    rows.push({ system: name, fault, kind, crashes: crew.crashes, load, ...judge(ofKind, has, skipped, paused) });
  }
  return rows;
}

/** @param {Map<string, unknown>} expected @param {string} prefix */
const keysOf = (expected, prefix) => [...expected.keys()].filter((key) => key.startsWith(prefix));
