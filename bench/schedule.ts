import { randomUUID } from 'node:crypto';
import type { ScheduleSpec } from '@temporalio/client';
import { cron, once } from 'temporal-job-scheduler';
import type { Bench, Group } from './group.ts';
import { rawInput, rawOnce, rawSchedule } from './raw.ts';
import { rate, type Sides } from './sides.ts';

const AT_ONCE = 50;
const MANY = 1_000;
const IN_A_WEEK = 7 * 24 * 3_600_000;
/** New Year's Eve: nothing here is due while we measure. */
const YEARLY = '0 0 31 12 *';
const YEARLY_SPEC: ScheduleSpec = {
  calendars: [{ month: 'DECEMBER', dayOfMonth: 31, hour: 0, minute: 0 }],
  timezone: 'UTC',
};

const payload = { key: 'later' };

/** How fast jobs are added. */
export const schedule: Group = {
  name: 'schedule',
  async measure(bench) {
    const { compare, isQuick, sides } = bench;
    const { client } = sides;
    const scheduler = await sides.schedulerOn('added');
    const ids = (isGiven: boolean) => (isGiven ? { id: randomUUID() } : {});
    const later = () => once(new Date(Date.now() + IN_A_WEEK));
    const budget = isQuick ? 6_000 : 12_000;
    for (const isGiven of [false, true]) {
      const whose = isGiven ? "the user's ids" : 'generated ids';
      const goal = { atLeast: isGiven ? 0.85 : 0.95 };
      await compare({
        name: `scheduleJob once, ${whose}`,
        unit: 'jobs/s',
        goal,
        budget,
        ours: () =>
          rate(150, AT_ONCE, () =>
            scheduler.scheduleJob({ ...ids(isGiven), jobType: 'bench', schedule: later(), payload }),
          ),
        raw: () => rate(150, AT_ONCE, () => rawOnce(client, rawInput(payload), { ...ids(isGiven), delay: IN_A_WEEK })),
      });
      await compare({
        name: `scheduleJob cron, ${whose}`,
        unit: 'jobs/s',
        goal,
        budget,
        ours: () =>
          rate(50, AT_ONCE, () =>
            scheduler.scheduleJob({ ...ids(isGiven), jobType: 'bench', schedule: cron(YEARLY), payload }),
          ),
        raw: () => rate(50, AT_ONCE, () => rawSchedule(client, payload, YEARLY_SPEC, ids(isGiven))),
      });
    }
    await many(bench, scheduler);
  },
};

async function many({ compare, isQuick, sides }: Bench, scheduler: Sides['scheduler']): Promise<void> {
  const add = () => rawOnce(sides.client, rawInput(payload), { delay: IN_A_WEEK });
  const best = await bestConcurrency((atOnce) => rate(250, atOnce, add));
  const jobs = function* () {
    const at = new Date(Date.now() + IN_A_WEEK);
    for (let index = 0; index < MANY; index++) yield { jobType: 'bench', schedule: once(at), payload } as const;
  };
  await compare({
    name: `scheduleJobs of ${MANY} (raw: ${best} at once)`,
    unit: 'jobs/s',
    goal: { atLeast: 0.95 },
    warmUp: 0,
    budget: isQuick ? 1 : 20_000,
    async ours() {
      const began = performance.now();
      const { ids } = await scheduler.scheduleJobs(jobs());
      return (ids.length / (performance.now() - began)) * 1_000;
    },
    raw: () => rate(MANY, best, add),
  });
}

/** How many calls at once raw does best with. */
async function bestConcurrency(measure: (atOnce: number) => Promise<number>): Promise<number> {
  const found: { atOnce: number; rate: number }[] = [];
  for (const atOnce of [20, 50, 100, 200]) found.push({ atOnce, rate: await measure(atOnce) });
  return found.toSorted((a, b) => b.rate - a.rate)[0]!.atOnce;
}
