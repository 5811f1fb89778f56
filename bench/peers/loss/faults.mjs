// @ts-check
import { sleep, until } from '../support.mjs';

/**
 * @typedef {object} Side one system under a fault
 * @property {string} name
 * @property {import('../system.mjs').System} system
 * @property {import('../system.mjs').Client} client
 * @property {import('./crew.mjs').Crew} crew
 * @property {Map<string, number[]>} expected its due times, by key
 * @property {() => Promise<void>} declare its recurring jobs, as an application does when it starts
 * @property {() => Promise<void>} reconnect
 * @property {{ from: number, to: number }} [paused] from the call that pauses until the one that resumes answered
 *
 * @typedef {object} Fault
 * @property {string} name
 * @property {string} title
 * @property {'short' | 'long'} window how long due times go on
 * @property {number} takes how long a handler takes, in milliseconds
 * @property {(sides: Side[], stores: import('../system.mjs').Store[], at: { first: number, window: number }) => Promise<void>} happen
 */

/** Parts of the window in which a long fault begins and ends. */
const [BEGINS, ENDS] = [0.07, 0.87];

/** @type {readonly Fault[]} */
export const faults = [
  {
    name: 'worker',
    title: 'worker killed (-9) in a handler, four times',
    window: 'short',
    takes: 2_000,
    async happen(sides, _stores, { first, window }) {
      for (const part of [0.15, 0.3, 0.45, 0.6]) {
        await until(first + window * part);
        await Promise.all(sides.map(({ crew }) => crew.kill()));
        await sleep(1_000);
        await Promise.all(sides.map(({ crew }) => crew.start()));
        // Into its handlers again, also where a start took long.
        await sleep(2_500);
      }
    },
  },
  {
    name: 'store',
    title: 'store or server killed (-9), away while due times pass',
    window: 'long',
    takes: 100,
    async happen(_sides, stores, { first, window }) {
      await until(first + window * BEGINS);
      await Promise.all(stores.map((store) => store.kill()));
      await until(first + window * ENDS);
      await Promise.all(stores.map((store) => store.restart()));
    },
  },
  {
    name: 'pause',
    title: 'everything paused while due times pass, then resumed',
    window: 'long',
    takes: 100,
    async happen(sides, _stores, { first, window }) {
      await Promise.all(
        sides.map(async (side) => {
          const { client, crew } = side;
          await until(first + window * BEGINS);
          const from = Date.now();
          await (client.pause ? client.pause() : crew.tell('pause'));
          await until(first + window * ENDS);
          await (client.resume ? client.resume() : crew.tell('resume'));
          side.paused = { from, to: Date.now() };
        }),
      );
    },
  },
  {
    name: 'deploy',
    title: 'three deploys that restart every process in good order',
    window: 'short',
    takes: 2_000,
    async happen(sides, _stores, { first, window }) {
      for (const part of [0.2, 0.4, 0.6]) {
        await until(first + window * part);
        await Promise.all(sides.map(redeploy));
      }
    },
  },
];

/** @param {Side} side */
async function redeploy(side) {
  await side.crew.stop();
  await side.reconnect();
  await side.declare();
  await side.crew.start();
}
