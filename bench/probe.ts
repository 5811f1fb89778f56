import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'temporal-job-scheduler';
import { median, percentile } from './pairs.ts';
import { each } from './read.ts';
import { latencies, ourNow, runs } from './run.ts';
import { OUR_QUEUE, startSides, until, type Sides } from './sides.ts';

/** How a server does, in milliseconds; runs in a second. */
export interface Probed {
  readonly onceNow: number;
  readonly onceNowP99: number;
  /** A job that is due in 300 ms. */
  readonly late: number;
  /** From the call to the list. */
  readonly listed: number;
  readonly scheduleJob: number;
  readonly runs: number;
}

export async function probe(address: string): Promise<Probed> {
  await using sides = await startSides(address, { slots: 50 });
  const now = (key: string) => ourNow(sides, key);
  await latencies(sides.starts, 10, now);
  const took = await latencies(sides.starts, 60, now);
  const late = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => sleep(index * 120).then(() => ahead(sides))),
  );
  const listed = await each(10, () => appears(sides));
  const adding = await each(40, () => later(sides));
  const perSecond = await runs(sides, OUR_QUEUE, 150, 50, (key) => ourNow(sides, key));
  return {
    onceNow: median(took),
    onceNowP99: percentile(took, 0.99),
    late: median(late),
    listed: median(listed),
    scheduleJob: median(adding),
    runs: perSecond,
  };
}

/** How late a job is that is due 300 ms from now. */
async function ahead({ scheduler, starts }: Sides): Promise<number> {
  const key = `${Math.random()}`;
  const due = Date.now() + 300;
  const schedule = once(new Date(due));
  const [at] = await Promise.all([
    starts.next(key),
    scheduler.scheduleJob({ jobType: 'bench', schedule, payload: { key } }),
  ]);
  return performance.timeOrigin + at - due;
}

async function appears(sides: Sides): Promise<void> {
  const idPrefix = await later(sides);
  await until(async () => (await sides.scheduler.listJobs({ kind: 'once', idPrefix })).length > 0, 1);
}

function later({ scheduler }: Sides): Promise<string> {
  return scheduler.scheduleJob({ jobType: 'bench', schedule: once({ in: '7d' }), payload: { key: '' } });
}
