import { cron } from 'temporal-job-scheduler';
import type { Bench, Group } from './group.ts';
import { MANY_QUEUE, manyJobs } from './many.ts';
import { pool, until, type Sides } from './sides.ts';

const FEW = 10;
const ACTIVITY = 2;
const SCHEDULES = 300;
const FEW_QUEUE = 'few';
const SCHEDULE_QUEUE = 'schedules';

/** How fast all jobs are paused. */
export const pause: Group = {
  name: 'pause',
  async measure(bench) {
    const many = bench.isQuick ? 2_000 : 10_000;
    await inForce(bench, FEW_QUEUE, FEW);
    await inForce(bench, MANY_QUEUE, many);
    await pausing(bench);
  },
};

/** Until the queue hands out no more: `pause()` itself answers later, when the lists have settled. */
async function inForce({ compare, add, isQuick, sides }: Bench, queue: string, count: number): Promise<void> {
  const scheduler = await manyJobs(sides, count, queue);
  const answered: number[] = [];
  const held: number[] = [];
  await compare({
    name: `pause() in force, ${count} once jobs`,
    unit: 'ms',
    budget: isQuick ? 1 : 8_000,
    async ours() {
      const began = performance.now();
      const paused = scheduler.pause().then(() => answered.push(performance.now() - began));
      const seen = await until(async () => (await effectiveRate(sides, queue)) === 0, 2);
      held.push(seen - began);
      await paused;
      await scheduler.resume();
      return seen - began;
    },
    async raw() {
      const began = performance.now();
      await setRate(sides, queue, 0);
      const seen = await until(async () => (await effectiveRate(sides, queue)) === 0, 2);
      await setRate(sides, queue, undefined);
      await until(async () => (await effectiveRate(sides, queue)) !== 0, 2);
      return seen - began;
    },
  });
  const slowest = Math.max(...held);
  add({
    name: `pause() in force, ${count} once jobs, longest`,
    unit: 'ms',
    ours: slowest,
    runs: held.length,
    goal: '≤ 1000',
    isMet: slowest <= 1_000,
  });
  const longest = Math.max(...answered);
  add({ name: `pause() answered, ${count} once jobs, longest`, unit: 'ms', ours: longest, runs: answered.length });
}

async function effectiveRate({ client }: Sides, queue: string): Promise<number | undefined> {
  const { effectiveRateLimit } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: queue },
    taskQueueType: ACTIVITY,
    reportConfig: true,
  });
  return effectiveRateLimit ? (effectiveRateLimit.requestsPerSecond ?? 0) : undefined;
}

async function setRate({ client }: Sides, queue: string, requestsPerSecond: number | undefined): Promise<void> {
  await client.workflowService.updateTaskQueueConfig({
    namespace: client.options.namespace,
    identity: client.options.identity,
    taskQueue: queue,
    taskQueueType: ACTIVITY,
    updateQueueRateLimit: {
      reason: 'bench',
      ...(requestsPerSecond !== undefined && { rateLimit: { requestsPerSecond } }),
    },
  });
}

/** The schedules, paused after the hold: from the first to the last that the list shows. */
async function pausing({ compare, isQuick, sides }: Bench): Promise<void> {
  const { client } = sides;
  const scheduler = await sides.schedulerOn(SCHEDULE_QUEUE);
  await pool(SCHEDULES, 50, () =>
    scheduler.scheduleJob({ jobType: 'bench', schedule: cron('0 0 31 12 *'), payload: { key: '' } }),
  );
  await until(async () => (await unpaused(sides)) === SCHEDULES);
  await compare({
    name: `pausing ${SCHEDULES} schedules`,
    unit: 'schedules/s',
    goal: { atLeast: 0.9 },
    warmUp: 0,
    budget: isQuick ? 1 : 15_000,
    async ours() {
      const paused = scheduler.pause();
      const began = await until(async () => (await effectiveRate(sides, SCHEDULE_QUEUE)) === 0, 2);
      const ended = await until(async () => (await unpaused(sides)) === 0);
      await paused;
      await scheduler.resume();
      await until(async () => (await unpaused(sides)) === SCHEDULES);
      return (SCHEDULES / (ended - began)) * 1_000;
    },
    async raw() {
      const began = performance.now();
      const ids: string[] = [];
      for await (const { scheduleId } of client.schedule.list({ query: `JobQueue = '${SCHEDULE_QUEUE}'` }))
        ids.push(scheduleId);
      await pool(ids.length, 50, (index) => client.schedule.getHandle(ids[index] ?? '').pause('bench'));
      const ended = await until(async () => (await unpaused(sides)) === 0);
      await pool(ids.length, 50, (index) => client.schedule.getHandle(ids[index] ?? '').unpause());
      await until(async () => (await unpaused(sides)) === SCHEDULES);
      return (SCHEDULES / (ended - began)) * 1_000;
    },
  });
}

async function unpaused({ client }: Sides): Promise<number> {
  const query = `JobQueue = '${SCHEDULE_QUEUE}' AND TemporalSchedulePaused = false`;
  const { count } = await client.workflowService.countSchedules({ namespace: client.options.namespace, query });
  return Number(count ?? 0);
}
