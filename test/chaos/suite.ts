import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { Scheduler } from '../../src/index.ts';
import { Calls } from './calls.ts';
import { collectRuns, openRuns } from './collect.ts';
import { Faults } from './fault.ts';
import { Journal, monotonic, watchForStalls } from './journal.ts';
import { strikeAll } from './lanes.ts';
import type { QueueName } from './line.ts';
import { Link } from './link.ts';
import { Observer } from './observer.ts';
import { Owed } from './owed.ts';
import { Progress } from './progress.ts';
import type { ChaosServer } from './server.ts';
import { CALL_TIMEOUT, LIMITS, NARROW_SLOT, RECOVERED_WITHIN, SLOTS } from './settings.ts';
import { Slot } from './workers.ts';
import { keepBusy, raceAfterwards, scheduleRecurring } from './workload.ts';
import { isOn, type World } from './world.ts';

export interface SuiteOptions {
  readonly folder: string;
  readonly server: ChaosServer;
  readonly minutes: number;
  readonly seed: number;
  readonly faults: readonly string[];
}

/** The calm at the end, and what comes before the first fault, are part of a run's minutes. */
const CALM = 25_000;
/** So long beyond the promised time the suite waits, to tell late from never. */
const PATIENCE = 30_000;
/** On a machine that is far too busy, as long as something moves. */
const LONGEST_CALM = 900_000;
const LONG_FROM = 5;
/** So many looks in a row must find nothing to do. */
const QUIET = 4;

/** One run of the suite: everything that happens is in the record when it answers. */
export async function runSuite({ folder, server, minutes, seed, faults }: SuiteOptions): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const journal = new Journal(folder, 'client');
  watchForStalls(journal, -1);
  const epoch = Date.now() - monotonic();
  const { kind, partitions } = server;
  journal.write({ kind: 'begin', epoch, server: kind, seed, minutes, limits: LIMITS, partitions });
  const world = await createWorld({ folder, server, minutes, seed, faults }, journal);
  const { observer } = world;
  try {
    await scheduleRecurring(world);
    console.error(`${new Date().toISOString().slice(11, 23)} the chaos begins`);
    await Promise.all([
      strikeAll(world, new Faults(), faults),
      keepBusy(world),
      observer.look(world, () => !isOn(world)),
    ]);
    journal.write({ kind: 'calm' });
    console.error(`${new Date().toISOString().slice(11, 23)} calm`);
    let isSettled = false;
    const settling = settle(world)
      .then(() => raceAfterwards(world))
      .then(() => settle(world))
      .finally(() => (isSettled = true));
    await Promise.all([settling, observer.look(world, () => isSettled)]);
    await observer.lookAtAll(world);
    await collectRuns(world);
    journal.write({ kind: 'over' });
  } finally {
    await Promise.all(world.slots.map((slot) => slot.away()));
    for (const { link } of world.slots) link.close();
    world.link.close();
    await Promise.allSettled(Object.values(world.schedulers).map((scheduler) => scheduler.close()));
    await world.onlooker.connection.close();
    journal.close();
  }
}

async function createWorld(options: SuiteOptions, journal: Journal): Promise<World> {
  const { folder, server, minutes, seed } = options;
  const prefix = `c${randomUUID().slice(0, 6)}`;
  const port = () => server.port;
  const link = await Link.open(port);
  const queues = { main: `${prefix}-main`, held: `${prefix}-held`, narrow: `${prefix}-narrow` };
  const connectTo = (queue: QueueName) =>
    Scheduler.connect({ address: link.address, taskQueue: queues[queue], callTimeout: CALL_TIMEOUT });
  const [main, held, narrow] = await Promise.all([connectTo('main'), connectTo('held'), connectTo('narrow')]);
  const owed = new Owed();
  const progress = new Progress();
  const slots = await Promise.all(
    Array.from({ length: SLOTS }, async (_, number) => {
      const names: readonly QueueName[] = number === NARROW_SLOT ? ['main', 'held', 'narrow'] : ['main', 'held'];
      const ofSlot = names.map((name) => ({ name, taskQueue: queues[name], limit: LIMITS[name] }));
      return new Slot(number, await Link.open(port), journal, { folder, queues: ofSlot }, (start) => {
        owed.started(start);
        progress.started(start);
      });
    }),
  );
  await Promise.all(slots.map((slot) => (slot.start(), slot.ready(60_000))));
  return {
    seed,
    isLong: minutes >= LONG_FROM,
    journal,
    calls: new Calls(journal),
    server,
    slots,
    link,
    schedulers: { main, held, narrow },
    queues,
    onlooker: new Client({ connection: await Connection.connect({ address: `127.0.0.1:${server.port}` }) }),
    prefix,
    observer: new Observer(),
    owed,
    progress,
    endAt: Math.ceil((Date.now() + minutes * 60_000 - CALM) / 1_000) * 1_000,
  };
}

/** Until all is done, or the promised time and more has passed in which nothing moved any more. */
async function settle(world: World): Promise<void> {
  const { owed, progress, endAt } = world;
  const began = Date.now();
  const isPatient = () =>
    Date.now() < began + RECOVERED_WITHIN + PATIENCE ||
    (progress.last > Date.now() - PATIENCE && Date.now() < began + LONGEST_CALM);
  for (let quiet = 0; quiet < QUIET && isPatient(); await sleep(500)) {
    const open = await openRuns(world).catch(() => NaN);
    quiet = open === 0 && owed.jobs.length === 0 && Date.now() > endAt + 2_000 ? quiet + 1 : 0;
  }
  if (owed.jobs.length > 0) console.error(`still owed: ${owed.jobs.join(', ')}`);
}
