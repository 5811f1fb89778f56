import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { Scheduler, defineJob, type JobContext, type JobHandler } from '../../src/index.ts';
import { createJobWorker, type JobWorkerOptions } from '../../src/worker.ts';
import { quiet, testServer } from './servers.ts';

/** A job that does what its test tells it: see {@link System.on}. */
export const task = defineJob('task', { payload: z.unknown() });

type Work = (payload: unknown, context: JobContext) => unknown;

/** A scheduler with a task queue of its own, so that tests do not see each other, and workers for it. */
export class System implements AsyncDisposable {
  readonly id = randomUUID().slice(0, 8);
  readonly taskQueue = `test-${this.id}`;
  readonly address: string;
  readonly scheduler: Scheduler;
  readonly client: Client;
  /** Every call of a handler, in order. */
  readonly calls: {
    readonly jobId: string;
    readonly runId: string;
    readonly attempt: number;
    readonly at: number;
    readonly payload: unknown;
    readonly context: JobContext;
  }[] = [];
  #work: Work = () => 'done';
  readonly #waiting = new Set<() => void>();
  readonly #workers: { shutdown(): void; done: Promise<void> }[] = [];

  private constructor(address: string, client: Client, scheduler: Scheduler, taskQueue: string, id: string) {
    this.address = address;
    this.client = client;
    this.scheduler = scheduler;
    this.taskQueue = taskQueue;
    this.id = id;
  }

  static async start(
    options: { engine?: 'v1' | 'v2'; address?: string; worker?: boolean | Partial<JobWorkerOptions> } = {},
  ): Promise<System> {
    quiet();
    const address = options.address ?? (await testServer(options.engine)).address;
    const id = randomUUID().slice(0, 8);
    const taskQueue = `test-${id}`;
    const client = new Client({ connection: await Connection.connect({ address }) });
    const scheduler = await Scheduler.connect({ address, taskQueue });
    const system = new System(address, client, scheduler, taskQueue, id);
    if (options.worker !== false) await system.startWorker(typeof options.worker === 'object' ? options.worker : {});
    return system;
  }

  /** An id of this test's own. */
  name(word: string): string {
    return `${word}-${this.id}`;
  }

  /** What the handler does from now on. */
  on(work: Work): void {
    this.#work = work;
  }

  get handler(): JobHandler {
    return task.handler(async (payload, context) => {
      const { jobId, runId, attempt } = context;
      this.calls.push({ jobId, runId, attempt, at: Date.now(), payload, context });
      for (const wake of this.#waiting) wake();
      return this.#work(payload, context);
    });
  }

  /** Waits until handlers were called so often, for one job or in all. */
  async called(times: number, jobId?: string): Promise<void> {
    await this.until(() => this.callsOf(jobId).length >= times);
  }

  callsOf(jobId?: string) {
    return this.calls.filter((call) => jobId === undefined || call.jobId === jobId);
  }

  /** Waits until a condition on the calls holds; each call is an event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  async startWorker(options: Partial<JobWorkerOptions> = {}): Promise<() => Promise<void>> {
    const worker = await createJobWorker({
      address: this.address,
      taskQueue: this.taskQueue,
      handlers: [this.handler],
      ...options,
    });
    const done = worker.run();
    const entry = { shutdown: () => worker.shutdown(), done };
    this.#workers.push(entry);
    return async () => {
      worker.shutdown();
      await done;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) worker.shutdown();
    await Promise.all(this.#workers.map(({ done }) => done));
    await this.scheduler.close();
    await this.client.connection.close();
  }
}

/** Asks again until the answer is right: for what the server tells only when asked. */
export async function eventually<Answer>(
  ask: () => Promise<Answer>,
  isRight: (answer: Answer) => boolean,
  within = 15_000,
): Promise<Answer> {
  for (const deadline = Date.now() + within; ;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`not so within ${within} ms; last answer: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
