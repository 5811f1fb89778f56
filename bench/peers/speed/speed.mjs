// @ts-check
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, pool, quantile, sleep, until } from '../support.mjs';
import { startStores, systems } from '../systems/index.mjs';

const CONCURRENCY = 50;

/**
 * @typedef {object} Speed the figures of one system: rates a second, times in milliseconds
 * @property {string} system
 * @property {number} add one job after the other
 * @property {number} addAtOnce with 50 calls under way
 * @property {number} run jobs run, with 50 handlers at once that do nothing
 * @property {number} pickUp50
 * @property {number} pickUp99
 * @property {number} late50
 * @property {number} late99
 * @property {string} lateOf what its lateness was measured with
 * @property {number} list
 * @property {Record<string, number[]>} rounds each round's value
 */

/**
 * Every figure of every system, round by round, so that whatever else the machine does falls on all alike.
 * @param {readonly string[]} names
 * @param {{ rounds: number, spell: number, instants: number }} size
 * @param {(what: string) => void} progress
 * @returns {Promise<Speed[]>}
 */
export async function speed(names, { rounds, spell, instants }, progress) {
  const folder = mkdtempSync(join(tmpdir(), 'peers-speed-'));
  const chosen = names.filter((name) => !systems[name]?.onlyRepeats);
  const stores = await startStores(
    folder,
    chosen.flatMap((name) => systems[name] ?? []),
  );
  const sides = [];
  try {
    for (const name of chosen) sides.push(await Side.start(name, stores));
    for (let round = 0; round <= rounds; round++) {
      for (const side of sides) {
        progress(`speed, round ${round} of ${rounds}: ${side.name}`);
        await side.round(round === 0 ? spell / 4 : spell);
        // The first warms up.
        if (round === 0) side.forget();
      }
    }
    for (const side of sides) {
      progress(`lateness: ${side.name}`);
      await side.lateness(instants);
    }
    for (const side of sides) {
      progress(`list: ${side.name}`);
      await side.lists();
    }
    return sides.map((side) => side.figures());
  } finally {
    await Promise.allSettled(sides.map((side) => side.client.close()));
    await Promise.allSettled([...stores.values()].map((store) => store.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

class Side {
  /** @type {Record<string, number[]>} */
  #values = { add: [], addAtOnce: [], run: [], pickUp: [], late: [], list: [] };
  /** @type {(key: string, due?: number) => void} */
  #heard = () => {};
  #added = 0;

  /** @param {string} name @param {import('../system.mjs').System} system @param {string} address @param {import('../system.mjs').Client} client */
  constructor(name, system, address, client) {
    this.name = name;
    this.system = system;
    this.address = address;
    this.client = client;
  }

  /** @param {string} name @param {Map<string, import('../system.mjs').Store>} stores */
  static async start(name, stores) {
    const system = systems[name];
    const address = system && stores.get(system.store)?.address;
    if (!system || !address) throw new Error(`no such system: ${name}`);
    return new Side(name, system, address, await system.connect(address));
  }

  forget() {
    this.#values = { add: [], addAtOnce: [], run: [], pickUp: [], late: [], list: [] };
  }

  /** Adds with no worker, then has a worker run what was added, then times one at a time. @param {number} spell */
  async round(spell) {
    this.#values['add']?.push(await this.#addFor(spell, 1));
    this.#values['addAtOnce']?.push(await this.#addFor(spell, CONCURRENCY));
    let done = 0;
    let began = 0;
    const all = this.#added;
    const ended = new Promise((resolve) => {
      this.#heard = () => {
        began ||= performance.now();
        done += 1;
        if (done === all) resolve(performance.now());
      };
    });
    const work = await this.#work();
    this.#values['run']?.push((all / (Number(await ended) - began)) * 1_000);
    this.#added = 0;
    await this.#pickUps(spell * 2);
    await work.close();
  }

  #work() {
    const options = { concurrency: CONCURRENCY, inBatches: true };
    return this.system.work(this.address, async (key, due) => this.#heard(key, due), options);
  }

  /** @param {number} spell @param {number} atOnce */
  async #addFor(spell, atOnce) {
    const began = performance.now();
    let count = 0;
    await pool(atOnce, atOnce, async () => {
      while (performance.now() - began < spell) {
        await this.client.add(`a-${this.#added++}`);
        count += 1;
      }
    });
    return (count / (performance.now() - began)) * 1_000;
  }

  /** @param {number} spell */
  async #pickUps(spell) {
    for (const deadline = performance.now() + spell; performance.now() < deadline;) {
      // Not in step with whatever the system does every so often.
      await sleep(20 + Math.random() * 80);
      const began = performance.now();
      const heard = new Promise((resolve) => (this.#heard = () => resolve(performance.now())));
      await this.client.add('p-0');
      this.#values['pickUp']?.push(Number(await heard) - began);
    }
    this.#heard = () => {};
  }

  /** 50 jobs, due every 2 seconds. @param {number} instants */
  async lateness(instants) {
    const every = 2_000;
    const first = Math.ceil(Date.now() / every) * every + 8_000;
    const last = first + every * (instants - 1);
    const work = await this.#work();
    const dueOf = new Map();
    this.#heard = (key, due) => {
      const time = due ?? dueOf.get(key);
      if (time !== undefined) this.#values['late']?.push(Date.now() - time);
    };
    if (this.system.resolution === 'any') {
      await pool(50, 10, (index) => this.client.repeat(`r-${index}`, { every, first, last }));
    } else {
      await pool(50 * instants, 20, (index) => {
        const at = first + every * Math.floor(index / 50);
        dueOf.set(`l-${index}`, at);
        return this.client.add(`l-${index}`, at);
      });
    }
    await until(last);
    await eventually(() => (this.#values['late']?.length ?? 0) >= 50 * instants, 15_000);
    await work.close();
  }

  async lists() {
    const at = Date.now() + 3_600_000;
    await pool(1_000, CONCURRENCY, (index) => this.client.add(`w-${index}`, at));
    await eventually(async () => (await this.client.list(100)) === 100);
    await sleep(2_000);
    for (let i = 0; i < 15; i++) {
      const began = performance.now();
      await this.client.list(100);
      this.#values['list']?.push(performance.now() - began);
    }
  }

  /** @returns {Speed} */
  figures() {
    const of = (/** @type {string} */ figure, share = 0.5) => quantile(this.#values[figure] ?? [], share);
    const { pickUp: _pickUp, late, ...rounds } = this.#values;
    return {
      system: this.name,
      add: of('add'),
      addAtOnce: of('addAtOnce'),
      run: of('run'),
      pickUp50: of('pickUp'),
      pickUp99: of('pickUp', 0.99),
      late50: of('late'),
      late99: of('late', 0.99),
      lateOf: `${late?.length ?? 0} runs of ${this.system.resolution === 'any' ? 'recurring jobs' : 'delayed jobs'}`,
      list: of('list'),
      rounds,
    };
  }
}
