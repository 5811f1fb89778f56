import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { interval } from 'temporal-job-scheduler';
import type { Bench, Group } from './group.ts';
import { rawSchedule } from './raw.ts';
import { pool, startServer, startSides, type Sides } from './sides.ts';

const JOBS = 50;
const EVERY = 2_000;
/** How many due times of each job are in one measurement. */
const DUE_TIMES = 2;

/** How late recurring jobs start, on both of the server's engines. */
export const lateness: Group = {
  name: 'lateness',
  async measure(bench) {
    for (const [engine, args] of [
      ['V1', []],
      ['V2', ['--v2-schedules']],
    ] as const) {
      // A server of its own: V1 is near its limits with these.
      const server = await startServer(...args);
      try {
        await using sides = await startSides(server.address);
        await onEngine(bench, sides, engine);
      } finally {
        await server.stop();
      }
    }
  },
};

/**
 * Half of the jobs are ours and half are raw, all due at the same instants: the fairest pairs there are, and no more
 * than the 30 runs a second that V1 starts in a namespace.
 */
async function onEngine({ compare, isQuick }: Bench, sides: Sides, engine: string): Promise<void> {
  const { starts } = sides;
  await create(sides);
  const late = { ours: [] as number[], raw: [] as number[] };
  const silence = starts.listen((key, { at, dueAt }) => {
    if (key.startsWith('late-')) late[key.startsWith('late-ours') ? 'ours' : 'raw'].push(at - dueAt);
  });
  // Whichever side is asked first waits, and the other has its values of the same time.
  let seen: { ours?: number[]; raw?: number[] } = {};
  const side = (which: 'ours' | 'raw') => async () => {
    if (!seen[which]) {
      late.ours = [];
      late.raw = [];
      await sleep(EVERY * DUE_TIMES);
      seen = { ...late };
    }
    const values = seen[which] ?? [];
    delete seen[which];
    return values;
  };
  await compare({
    name: `lateness of ${JOBS} two-second jobs, ${engine}`,
    unit: 'ms',
    goal: { atMost: 1.05 },
    percentiles: [0.99],
    budget: isQuick ? 20_000 : 35_000,
    ours: side('ours'),
    raw: side('raw'),
  });
  silence();
}

/** The key of its payload says whose a job is. */
async function create({ scheduler, client }: Sides): Promise<void> {
  const startAt = new Date(Math.ceil(Date.now() / EVERY) * EVERY);
  await pool(JOBS, 10, async (index) => {
    const key = `late-${index % 2 === 0 ? 'ours' : 'raw'}-${randomUUID()}`;
    const payload = { key };
    if (index % 2 === 1) await rawSchedule(client, payload, { intervals: [{ every: EVERY }] }, { id: key });
    else await scheduler.scheduleJob({ id: key, jobType: 'bench', schedule: interval(EVERY, { startAt }), payload });
  });
}
