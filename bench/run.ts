import { randomUUID } from 'node:crypto';
import { once } from 'temporal-job-scheduler';
import type { Bench, Group } from './group.ts';
import { RAW_QUEUE, rawInput, rawOnce } from './raw.ts';
import { OUR_QUEUE, pool, until, type Sides } from './sides.ts';

/** How fast jobs run. */
export const run: Group = {
  name: 'run',
  async measure(bench) {
    await throughput(bench, 50);
    await throughput(bench, 200);
    await latency(bench);
  },
};

async function throughput({ compare, isQuick, sides }: Bench, atOnce: number): Promise<void> {
  const count = Math.max(atOnce, isQuick ? 100 : 200);
  await compare({
    name: `runs at concurrency ${atOnce}`,
    unit: 'runs/s',
    goal: { atLeast: 0.95 },
    budget: isQuick ? 15_000 : 28_000,
    ours: () => runs(sides, OUR_QUEUE, count, atOnce, (key) => ourNow(sides, key)),
    raw: () => runs(sides, RAW_QUEUE, count, atOnce, (key) => rawNow(sides, key)),
  });
}

/** From the first start to the last close, with so many under way at once. */
export async function runs(
  { starts, client }: Pick<Sides, 'starts' | 'client'>,
  queue: string,
  count: number,
  atOnce: number,
  start: (key: string) => Promise<unknown>,
  closed: () => Promise<number> = () => allClosed(client, queue),
): Promise<number> {
  const began = performance.now();
  await pool(count, atOnce, async () => {
    const key = randomUUID();
    await Promise.all([starts.next(key), start(key)]);
  });
  const ended = await closed();
  return (count / (ended - began)) * 1_000;
}

/** When no run of the queue is open that is due. */
function allClosed(client: Sides['client'], queue: string): Promise<number> {
  return until(async () => {
    const due = new Date().toISOString();
    const query = `TaskQueue = '${queue}' AND ExecutionStatus = 'Running' AND ExecutionTime < '${due}'`;
    return (await client.workflow.count(query)).count === 0;
  });
}

async function latency({ compare, isQuick, sides }: Bench): Promise<void> {
  const { starts } = sides;
  await compare({
    name: 'once-now to handler start',
    unit: 'ms',
    goal: { atMost: 1.05 },
    percentiles: [0.99],
    budget: isQuick ? 10_000 : 25_000,
    ours: () => latencies(starts, 20, (key) => ourNow(sides, key)),
    raw: () => latencies(starts, 20, (key) => rawNow(sides, key)),
  });
}

/** From the call to the handler, one run after the other. */
export async function latencies(
  starts: Sides['starts'],
  count: number,
  start: (key: string) => Promise<unknown>,
): Promise<number[]> {
  const took: number[] = [];
  for (let index = 0; index < count; index++) {
    const key = randomUUID();
    const began = performance.now();
    const [at] = await Promise.all([starts.next(key), start(key)]);
    took.push(at - began);
  }
  return took;
}

export function ourNow({ scheduler }: Pick<Sides, 'scheduler'>, key: string): Promise<string> {
  return scheduler.scheduleJob({ jobType: 'bench', schedule: once(new Date()), payload: { key } });
}

export function rawNow({ client }: Pick<Sides, 'client'>, key: string): Promise<string> {
  return rawOnce(client, rawInput({ key }));
}
