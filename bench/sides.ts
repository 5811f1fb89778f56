/** Both sides of a comparison, in this process and on one server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { Scheduler, defineJob } from 'temporal-job-scheduler';
import { createJobWorker } from 'temporal-job-scheduler/worker';
import { z } from 'zod';
import { LocalServer } from '../src/local-server.ts';
import { rawWorker } from './raw.ts';
import { Starts } from './starts.ts';

export const OUR_QUEUE = 'ours';
const bench = defineJob('bench', { payload: z.object({ key: z.string(), work: z.number().optional() }) });

/** A server as `temporal-dev.sh` starts it, with a database file, and whatever else it is told. */
export async function startServer(...args: string[]): Promise<{ address: string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-job-scheduler-bench-'));
  const database = join(folder, 'bench.db');
  const server = await LocalServer.start({ database, port: 0, uiPort: 0, args: ['--headless', ...args] });
  return {
    address: server.address,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The SDK tells of every worker and of every slow moment. */
export function quiet(): void {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}

export interface Sides extends AsyncDisposable {
  readonly address: string;
  readonly starts: Starts;
  readonly scheduler: Scheduler<[typeof bench]>;
  /** For the raw calls. */
  readonly client: Client;
  /** A scheduler of ours for another task queue, which has no worker. */
  readonly schedulerOn: (queue: string) => Promise<Sides['scheduler']>;
}

/** A client and a worker of each side. */
export async function startSides(address: string, { slots = 200 } = {}): Promise<Sides> {
  const starts = new Starts();
  const client = new Client({ connection: await Connection.connect({ address }) });
  const scheduler = await Scheduler.connect({ address, taskQueue: OUR_QUEUE, jobs: [bench] });
  const ours = await createJobWorker({
    address,
    taskQueue: OUR_QUEUE,
    maxConcurrentJobs: slots,
    handlers: [bench.handler(({ key, work }, { scheduledAt }) => starts.run(key, work, scheduledAt.getTime()))],
  });
  const raw = await rawWorker(address, starts, { maxConcurrentActivityTaskExecutions: slots });
  const running = [ours.run(), raw.worker.run()];
  const others: Sides['scheduler'][] = [];
  const keep = (other: Sides['scheduler']) => {
    others.push(other);
    return other;
  };
  return {
    address,
    starts,
    scheduler,
    client,
    schedulerOn: (taskQueue) => Scheduler.connect({ address, taskQueue, jobs: [bench] }).then(keep),
    async [Symbol.asyncDispose]() {
      ours.shutdown();
      raw.worker.shutdown();
      await Promise.all(running);
      await Promise.all(others.map((other) => other.close()));
      await Promise.all([raw.connection.close(), scheduler.close(), client.connection.close()]);
    },
  };
}

/** Does something so many times, a few at once, and tells how many times a second that was. */
export async function rate(times: number, atOnce: number, work: (index: number) => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await pool(times, atOnce, work);
  return (times / (performance.now() - began)) * 1_000;
}

export async function pool(times: number, atOnce: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < times; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Asks again and again until it is so; answers when that was seen. */
export async function until(isSo: () => Promise<boolean>, every = 10, within = 180_000): Promise<number> {
  for (const deadline = performance.now() + within; performance.now() < deadline;) {
    if (await isSo()) return performance.now();
    await new Promise((resolve) => setTimeout(resolve, every));
  }
  throw new Error(`not so within ${within} ms`);
}
