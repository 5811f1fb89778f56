import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { randomUUID } from 'node:crypto';
import { cron, once } from 'temporal-job-scheduler';
import type { Bench, Group } from './group.ts';
import { ourNow } from './run.ts';
import { MANY_QUEUE, manyJobs } from './many.ts';
import { OUR_QUEUE, type Sides } from './sides.ts';

const FIRST = 100;
const ACTIVITY = 2;

/** How fast jobs are read, among many. */
export const read: Group = {
  name: 'read',
  async measure(bench) {
    const { sides, isQuick, compare } = bench;
    const count = isQuick ? 2_000 : 10_000;
    const scheduler = await manyJobs(sides, count);
    await status(bench);
    await list(bench, scheduler, count);
    await compare({
      name: `iterateJobs of ${count}`,
      unit: 'ms',
      goal: { atMost: 1.1 },
      budget: isQuick ? 5_000 : 20_000,
      ours: () => timed(() => drain(scheduler.iterateJobs())),
      raw: () => timed(() => rawList(sides, MANY_QUEUE, 1_000, Infinity)),
    });
    await heap(bench, scheduler, count);
  },
};

async function status({ compare, isQuick, sides }: Bench): Promise<void> {
  const { scheduler } = sides;
  const recurring = await scheduler.scheduleJob({
    jobType: 'bench',
    schedule: cron('0 0 31 12 *'),
    payload: { key: '' },
  });
  await scheduler.triggerJob(recurring);
  await scheduler.waitForJob(recurring).catch(() => {});
  const key = randomUUID();
  const [ended] = await Promise.all([ourNow(sides, key), sides.starts.next(key)]);
  await scheduler.waitForJob(ended);
  const waiting = await scheduler.scheduleJob({ jobType: 'bench', schedule: once({ in: '1d' }), payload: { key: '' } });
  const kinds = { 'a once job that waits': waiting, 'a once job that ended': ended, 'a cron job that ran': recurring };
  for (const [what, id] of Object.entries(kinds)) {
    await compare({
      name: `getJobStatus of ${what}`,
      unit: 'ms',
      goal: { atMost: 1.1 },
      warmUp: 2,
      budget: isQuick ? 3_000 : 8_000,
      ours: () => each(20, () => scheduler.getJobStatus(id)),
      raw: () => each(20, () => rawStatus(sides, id)),
    });
  }
}

/** The calls that a status takes where one does not know of what kind a job is, in as few rounds as can be. */
export async function rawStatus({ client }: Pick<Sides, 'client'>, id: string): Promise<unknown> {
  const { namespace } = client.options;
  const orNone = <Answer>(answer: Promise<Answer>) => answer.catch(() => undefined);
  const [record, workflow] = await Promise.all([
    orNone(client.schedule.getHandle(id).describe()),
    orNone(client.workflow.getHandle(id).describe()),
    client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: OUR_QUEUE },
      taskQueueType: ACTIVITY,
      reportConfig: true,
    }),
  ]);
  const query = `TaskQueue = '${OUR_QUEUE}' AND JobId = '${id}'`;
  const runs = record ? await firstOf(client.workflow.list({ query, pageSize: 10 }), 10) : [];
  const last = record ? runs[0] : workflow;
  if (!last || last.status.name === 'RUNNING') return record;
  return client.workflow.getHandle(last.workflowId, last.runId).fetchHistory();
}

async function list({ compare, isQuick, sides }: Bench, scheduler: Sides['scheduler'], count: number) {
  await compare({
    name: `listJobs: the first ${FIRST} of ${count}`,
    unit: 'ms',
    goal: { atMost: 1.1 },
    warmUp: 2,
    budget: isQuick ? 3_000 : 10_000,
    ours: () => each(5, () => scheduler.listJobs({ limit: FIRST })),
    raw: () => each(5, () => rawList(sides, MANY_QUEUE, FIRST, FIRST)),
  });
}

/** The jobs of the queue: its schedules, its once jobs, which run now, and whether it is paused; all asked for at once. */
export async function rawList({ client }: Sides, queue: string, pageSize: number, limit: number): Promise<number> {
  const { namespace } = client.options;
  const isRunning = `ExecutionStatus = 'Running' AND JobKind IN ('interval', 'cron', 'afterJob')`;
  const isOnce = `JobQueue = '${queue}' AND JobKind = 'once'`;
  const records = client.schedule.list({ query: `JobQueue = '${queue}'`, pageSize })[Symbol.asyncIterator]();
  const onces = client.workflow.list({ query: isOnce, pageSize })[Symbol.asyncIterator]();
  const [firstRecord, firstOnce] = await Promise.all([
    records.next(),
    onces.next(),
    client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: queue },
      taskQueueType: ACTIVITY,
      reportConfig: true,
    }),
    firstOf(client.workflow.list({ query: `TaskQueue = '${queue}' AND ${isRunning}`, pageSize: 1_000 }), Infinity),
  ]);
  let found = 0;
  for (const [first, rest] of [
    [firstRecord, records],
    [firstOnce, onces],
  ] as const) {
    for (let next: { done?: boolean } = first; !next.done; next = await rest.next()) {
      if (++found >= limit) return found;
    }
  }
  return found;
}

/** What is left on the heap while all jobs are gone through, page by page. */
async function heap({ add }: Bench, scheduler: Sides['scheduler'], count: number): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used: number[] = [];
  let index = 0;
  for await (const _ of scheduler.iterateJobs()) {
    if (index++ % 1_000 !== 750) continue;
    collect();
    used.push(process.memoryUsage().heapUsed / 2 ** 20);
  }
  const growth = (used.at(-1) ?? 0) - (used[0] ?? 0);
  add({
    name: `iterateJobs of ${count}: heap at the last page beyond the first`,
    unit: 'MB',
    ours: growth,
    goal: '≤ 1',
    isMet: growth <= 1,
  });
}

async function drain(jobs: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of jobs) count++;
  return count;
}

async function firstOf<Item>(items: AsyncIterable<Item>, limit: number): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) if (found.push(item) >= limit) break;
  return found;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** One after the other. */
export async function each(times: number, work: () => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let index = 0; index < times; index++) took.push(await timed(work));
  return took;
}
