// How calls grow with the number of jobs, ours and the server's own: `node --import tsx bench/growth.ts`, by hand
// also `--once 100,1000,10000,100000`.
// Writes bench/growth.json and docs/growth.svg.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { randomUUID } from 'node:crypto';
import { cron, once } from 'temporal-job-scheduler';
import { machine, quietMoment } from './machine.ts';
import { median } from './pairs.ts';
import { chart, type Chart } from './plot.ts';
import { rawInput, rawOnce, rawSchedule } from './raw.ts';
import { rawList, rawStatus } from './read.ts';
import { pool, quiet, startServer, startSides, until, OUR_QUEUE, type Sides } from './sides.ts';

const RESULTS = new URL('./growth.json', import.meta.url);
const PICTURE = new URL('../docs/growth.svg', import.meta.url);
const ACTIVITY = 2;
const TIMES = 21;

const { values } = parseArgs({
  options: {
    once: { type: 'string', default: '100,1000,10000' },
    cron: { type: 'string', default: '100,1000,5000' },
  },
});
const COUNTS = { once: toCounts(values.once), cron: toCounts(values.cron) };

type Kind = keyof typeof COUNTS;
const payload = { key: '' };
const NEW_YEAR = '0 0 31 12 *';
const schedules = { once: () => once({ in: '7d' }), cron: () => cron(NEW_YEAR) } as const;

class Timed {
  readonly milliseconds: number;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }
}

/** Median milliseconds of each call, at each count. */
type Series = Record<string, { ours: number[]; raw: number[] }>;

quiet();
const measured: Record<string, { counts: readonly number[]; series: Series }> = {};
for (const kind of ['once', 'cron'] as const) {
  const server = await startServer();
  try {
    await using sides = await startSides(server.address);
    measured[kind] = { counts: COUNTS[kind], series: await grow(sides, kind) };
  } finally {
    await server.stop();
  }
}
writeFileSync(RESULTS, `${JSON.stringify({ machine: machine(), measured }, undefined, 2)}\n`);
writeFileSync(PICTURE, chart(Object.entries(measured).map(([kind, of]) => toChart(kind as Kind, of))));

function toCounts(list: string): number[] {
  return list.split(',').map(Number);
}

async function grow(sides: Sides, kind: Kind): Promise<Series> {
  const { scheduler, client } = sides;
  const series: Series = {};
  let count = 0;
  for (const next of COUNTS[kind]) {
    await pool(next - count, 20, () =>
      scheduler.scheduleJob({ jobType: 'bench', schedule: schedules[kind](), payload }),
    );
    count = next;
    // What was added is still being written: thousands of V1 schedules keep their server busy for a minute.
    await quietMoment(180_000);
    const { scheduleId: id } = await someJob(sides, kind);
    const add = () => scheduler.scheduleJob({ jobType: 'bench', schedule: schedules[kind](), payload });
    const rawAdd = () =>
      kind === 'once'
        ? rawOnce(client, rawInput(payload), { delay: 7 * 24 * 3_600_000 })
        : rawSchedule(client, payload, { calendars: [{ month: 'DECEMBER', dayOfMonth: 31 }] }, { id: randomUUID() });
    const steps = {
      scheduleJob: [add, rawAdd],
      getJobStatus: [() => scheduler.getJobStatus(id), () => rawStatus(sides, id)],
      'listJobs, first 100': [() => scheduler.listJobs({ limit: 100 }), () => rawList(sides, OUR_QUEUE, 100, 100)],
    } as const;
    for (const [name, [ours, raw]] of Object.entries(steps)) keep(series, name, await interleaved(ours, raw, TIMES));
    keep(series, 'pause() in force', await interleaved(...holds(sides), kind === 'once' ? 7 : 1));
    console.error(`${kind}: ${count} jobs measured`);
  }
  return series;
}

function keep(series: Series, name: string, [ours, raw]: readonly [number, number]): void {
  const of = (series[name] ??= { ours: [], raw: [] });
  of.ours.push(ours);
  of.raw.push(raw);
}

async function interleaved(
  ours: () => Promise<unknown>,
  raw: () => Promise<unknown>,
  times: number,
): Promise<[number, number]> {
  const took = { ours: [] as number[], raw: [] as number[] };
  const time = async (work: () => Promise<unknown>) => {
    const began = performance.now();
    const answer = await work();
    // Some tell their time themselves: what they tidy up does not count.
    return answer instanceof Timed ? answer.milliseconds : performance.now() - began;
  };
  for (let index = 0; index < times; index++) {
    took.ours.push(await time(ours));
    took.raw.push(await time(raw));
  }
  return [median(took.ours), median(took.raw)];
}

function holds({ scheduler, client }: Sides): [() => Promise<Timed>, () => Promise<Timed>] {
  const queue = { namespace: client.options.namespace, taskQueueType: ACTIVITY };
  const isHeld = async () => {
    const request = { ...queue, taskQueue: { name: OUR_QUEUE }, reportConfig: true };
    const { effectiveRateLimit } = await client.workflowService.describeTaskQueue(request);
    return Boolean(effectiveRateLimit) && !effectiveRateLimit?.requestsPerSecond;
  };
  const set = (limit?: { requestsPerSecond: number }) =>
    client.workflowService.updateTaskQueueConfig({
      ...queue,
      taskQueue: OUR_QUEUE,
      identity: client.options.identity,
      updateQueueRateLimit: { reason: 'bench', ...(limit && { rateLimit: limit }) },
    });
  const ours = async () => {
    const began = performance.now();
    const paused = scheduler.pause();
    const seen = await until(isHeld, 2);
    await paused;
    await scheduler.resume();
    return new Timed(seen - began);
  };
  const raw = async () => {
    const began = performance.now();
    await set({ requestsPerSecond: 0 });
    const seen = await until(isHeld, 2);
    await set();
    await until(async () => !(await isHeld()), 2);
    return new Timed(seen - began);
  };
  return [ours, raw];
}

async function someJob({ scheduler }: Sides, kind: Kind): Promise<{ scheduleId: string }> {
  const [job] = await scheduler.listJobs({ kind, limit: 1 });
  if (!job) throw new Error('the list has no job');
  return { scheduleId: job.id };
}

function toChart(kind: Kind, { counts, series }: { counts: readonly number[]; series: Series }): Chart {
  return {
    title: kind === 'once' ? 'waiting once jobs' : 'schedules',
    counts,
    lines: Object.entries(series).flatMap(([name, { ours, raw }]) => [
      { name, values: ours, isOurs: true },
      { name, values: raw, isOurs: false },
    ]),
  };
}
