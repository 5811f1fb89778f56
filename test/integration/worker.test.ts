import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { defineJob, once, type JobContext, type JobOptions, type JobStatus } from '../../src/index.ts';
import { createJobWorker } from '../../src/worker.ts';
import { runWithLostBookkeeping } from '../support/bare-worker.ts';
import { System, eventually, task } from '../support/system.ts';
import { Child } from './fixtures/child.ts';

const NOW = () => once(new Date());
const QUICK = { initialInterval: 20 };

/** A promise with its ends: a handler that waits for it is let go by the test. */
function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('a worker', () => {
  let system: System;
  before(async () => {
    system = await System.start();
  });
  after(() => system[Symbol.asyncDispose]());
  beforeEach(() => {
    system.calls.length = 0;
    system.on(() => 'done');
  });

  /** Runs a job now, to its end. */
  const run = async (options: JobOptions & { jobType?: string; payload?: unknown } = {}): Promise<JobStatus> => {
    const id = await system.scheduler.scheduleJob({ jobType: 'task', payload: {}, schedule: NOW(), ...options });
    await system.scheduler.waitForJob(id).catch(() => {});
    return system.scheduler.getJobStatus(id);
  };

  describe('that takes two jobs at once', () => {
    it('starts all of high priority before any normal, all normal before any low, and never a third beside two', async () => {
      await using busy = await System.start({ worker: { maxConcurrentJobs: 2 } });
      const start = gate();
      let [running, most] = [0, 0];
      busy.on(async (payload) => {
        most = Math.max(most, ++running);
        await (payload === 'first' ? start.opened : sleep(30));
        running--;
      });
      const schedule = (payload: unknown, priority: 'high' | 'normal' | 'low') =>
        busy.scheduler.scheduleJob({ jobType: 'task', schedule: NOW(), payload, priority });
      await Promise.all([schedule('first', 'low'), schedule('first', 'low')]);
      await busy.called(2);
      // The lowest first, so that their order in the queue is not the one they are to start in.
      const priorities = (['low', 'normal', 'high'] as const).flatMap((priority) =>
        Array.from({ length: 10 }, () => priority),
      );
      const ids: string[] = [];
      for (const priority of priorities) ids.push(await schedule(priority, priority));
      const backlog = () =>
        busy.client.workflowService.describeTaskQueue({
          namespace: 'default',
          taskQueue: { name: busy.taskQueue },
          taskQueueType: 2,
          reportStats: true,
        });
      await eventually(backlog, ({ stats }) => Number(stats?.approximateBacklogCount ?? 0) >= 30);
      assert.equal(busy.calls.length, 2);
      start.open();
      await busy.called(32);
      await Promise.all(ids.map((id) => busy.scheduler.waitForJob(id)));
      // In the order in which the server gave them out: of the two at once it need not be the handlers'.
      const starts = await Promise.all(
        ids.map(async (id, index) => {
          const { lastRun } = await busy.scheduler.getJobStatus(id);
          return { priority: priorities[index], at: lastRun!.startedAt!.getTime() };
        }),
      );
      const times = (priority: string) => starts.filter((one) => one.priority === priority).map(({ at }) => at);
      assert.ok(Math.max(...times('high')) <= Math.min(...times('normal')), JSON.stringify(starts));
      assert.ok(Math.max(...times('normal')) <= Math.min(...times('low')), JSON.stringify(starts));
      const called = busy.calls.slice(2).map(({ payload }) => payload);
      assert.ok(called.lastIndexOf('high') <= 10 && called.indexOf('normal') >= 9, called.join());
      assert.ok(called.lastIndexOf('normal') <= 20 && called.indexOf('low') >= 19, called.join());
      assert.equal(most, 2);
    });
  });

  describe('given what no handler can take', () => {
    const strict = defineJob('strict', { payload: z.object({ count: z.number(), list: z.array(z.string()) }) });

    it('ends a run of an unknown job type at once, and says which types it knows', async () => {
      for (const jobType of ['nobody', 'toString', 'hasOwnProperty']) {
        const status = await run({ jobType });
        assert.equal(status.state, 'failed');
        assert.equal(status.lastError, `UnknownJobType: no handler for job type "${jobType}": this worker has "task"`);
        assert.equal(status.lastRun?.attempts, 1);
      }
    });

    it('ends a run whose payload its schema refuses at once, and says what is wrong with it', async () => {
      await using checked = await System.start({ worker: false });
      await checked.startWorker({ handlers: [strict.handler(() => assert.fail('called'))] });
      const schedule = { schedule: NOW(), jobType: 'strict' };
      const id = await checked.scheduler.scheduleJob({ ...schedule, payload: { count: 'three', list: ['a', 1] } });
      await assert.rejects(checked.scheduler.waitForJob(id), { code: 'JOB_FAILED' });
      const { state, lastError, lastRun } = await checked.scheduler.getJobStatus(id);
      assert.equal(state, 'failed');
      assert.match(lastError ?? '', /^InvalidPayload: payload\.count: .*number.*; payload\.list\.1: .*string/);
      assert.equal(lastRun?.attempts, 1);
    });

    it('refuses two handlers for one type, none, and what is no handler', async () => {
      const settings = { address: system.address, taskQueue: system.taskQueue };
      const handler = strict.handler(() => 1);
      const refused = (handlers: unknown) => createJobWorker({ ...settings, handlers: handlers as never });
      const code = 'INVALID_ARGUMENT';
      await assert.rejects(refused([handler, strict.handler(() => 2)]), { code, message: /got two for "strict"/ });
      await assert.rejects(refused([]), { code, message: /expected at least one/ });
      await assert.rejects(refused([strict]), { code, message: /definition's handler\(\)/ });
      await assert.rejects(createJobWorker({ ...settings, handlers: [handler], maxConcurrentJobs: 0 }), { code });
    });
  });

  describe('whose handler fails', () => {
    class Unpaid extends Error {
      override readonly name = 'Unpaid';
    }

    it('keeps to the retry policy: so many attempts, with growing waits up to the longest', async () => {
      system.on(() => Promise.reject(new Unpaid('no')));
      const policy = { maximumAttempts: 4, initialInterval: 700, backoffCoefficient: 2, maximumInterval: 1_500 };
      const status = await run({ retryPolicy: policy });
      assert.equal(status.state, 'failed');
      assert.equal(status.lastError, 'Unpaid: no');
      assert.equal(status.lastRun?.attempts, 4);
      assert.deepEqual(
        system.calls.map(({ attempt }) => attempt),
        [1, 2, 3, 4],
      );
      assert.equal(new Set(system.calls.map(({ runId }) => runId)).size, 1);
      const waits = system.calls.slice(1).map(({ at }, index) => at - system.calls[index]!.at);
      for (const [index, least] of [700, 1_400, 1_500].entries()) {
        assert.ok(waits[index]! >= least - 5 && waits[index]! < least + 2_000, `waits ${waits.join()}`);
      }
    });

    it('stops at once on an error whose name the job calls final, or that says so itself', async () => {
      system.on(() => Promise.reject(new Unpaid('for good')));
      const named = await run({ retryPolicy: { nonRetryableErrorTypes: ['Other', 'Unpaid'] } });
      assert.equal(named.lastError, 'Unpaid: for good');
      assert.equal(named.lastRun?.attempts, 1);
      system.on(() => Promise.reject(ApplicationFailure.nonRetryable('no such account', 'NoAccount')));
      const final = await run();
      assert.equal(final.lastError, 'NoAccount: no such account');
      assert.equal(final.lastRun?.attempts, 1);
      assert.equal(system.calls.length, 2);
    });

    it('tells the error whatever was thrown: plain, with a cause, a string, nothing, one that is far too long', async () => {
      const thrown = new Map<unknown, RegExp>([
        [new Error('plain'), /^plain$/],
        [new TypeError('outer', { cause: new RangeError('inner') }), /^TypeError: outer$/],
        ['just text', /just text/],
        [undefined, /./],
        [new TypeError('x'.repeat(3_000_000)), /^TypeError: x{10000} \.\.\. \(3000000 characters\)$/],
      ]);
      for (const [what, expected] of thrown) {
        system.on(() => Promise.reject(what));
        const status = await run({ retryPolicy: { maximumAttempts: 1 } });
        assert.equal(status.state, 'failed');
        assert.match(status.lastError ?? '', expected);
      }
    });

    it('hands the last progress of an attempt on to the status of the next', async () => {
      const second = gate();
      system.on(async (_, { attempt, progress }) => {
        if (attempt === 2) return second.opened;
        progress({ done: 10 });
        progress({ done: 70 });
        throw new Error('stumbled');
      });
      const id = await system.scheduler.scheduleJob({
        jobType: 'task',
        schedule: NOW(),
        payload: {},
        retryPolicy: QUICK,
      });
      await system.called(2, id);
      const status = await eventually(
        () => system.scheduler.getJobStatus(id),
        ({ runningRuns }) => runningRuns[0]?.attempts === 2,
      );
      assert.deepEqual(status.progress, { done: 70 });
      assert.equal(status.lastError, 'stumbled');
      second.open();
      await system.scheduler.waitForJob(id);
    });
  });

  describe('whose handler takes too long', () => {
    const untilTold = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

    it('gives each attempt its time', async () => {
      system.on((_, { signal }) => untilTold(signal));
      const status = await run({ timeout: 400, retryPolicy: { ...QUICK, maximumAttempts: 2 } });
      assert.equal(status.state, 'failed');
      assert.equal(status.lastError, 'timed out (START_TO_CLOSE)');
      assert.equal(status.lastRun?.attempts, 2);
      const { signal } = system.calls[0]!.context;
      assert.equal((signal.reason as Error).name, 'TimeoutError');
    });

    it('gives a run its time in all, attempts and waits included', async () => {
      system.on(() => Promise.reject(new Error('again')));
      const began = Date.now();
      const retryPolicy = { maximumAttempts: Infinity, initialInterval: 50, backoffCoefficient: 1 };
      // The server's timers are exact to a second.
      const failing = await run({ totalTimeout: 3_500, retryPolicy });
      assert.match(failing.lastError ?? '', /^(again|timed out \(SCHEDULE_TO_CLOSE\))$/);
      assert.ok(system.calls.length >= 2, `${system.calls.length} attempts`);
      assert.ok(Date.now() - began < 6_000);
      system.on((_, { signal }) => untilTold(signal));
      const hanging = await run({ totalTimeout: 500, retryPolicy });
      assert.match(hanging.lastError ?? '', /^timed out \(/);
      assert.equal(hanging.state, 'failed');
    });

    it('takes no result of an attempt that ignores its signal when the next has begun', async () => {
      const first = gate();
      system.on(async (_, { attempt }) => {
        if (attempt === 1) await first.opened;
        return `attempt ${attempt}`;
      });
      const status = await run({ timeout: 300, retryPolicy: QUICK });
      assert.equal(status.lastRun?.result, 'attempt 2');
      first.open();
      assert.equal(system.calls.length, 2);
      await system.scheduler.scheduleJob({ jobType: 'task', schedule: NOW(), payload: {} });
      assert.equal((await system.scheduler.getJobStatus(status.id)).lastRun?.result, 'attempt 2');
    });

    it('gives signs of life by itself, three times the heartbeat timeout long', async () => {
      system.on(() => sleep(3_300, 'slow'));
      const status = await run({ heartbeatTimeout: '1s', retryPolicy: QUICK });
      assert.equal(status.lastRun?.result, 'slow');
      assert.equal(status.lastRun.attempts, 1);
    });

    it('gives up an attempt that blocks the process beyond the heartbeat timeout', async () => {
      system.on((_, { attempt, signal }) => {
        if (attempt > 1) return 'second';
        for (const end = Date.now() + 1_700; Date.now() < end;);
        return untilTold(signal);
      });
      const id = await system.scheduler.scheduleJob({
        jobType: 'task',
        schedule: NOW(),
        payload: {},
        heartbeatTimeout: '1s',
        retryPolicy: QUICK,
      });
      assert.equal(await system.scheduler.waitForJob(id), 'second');
      assert.equal((await system.scheduler.getJobStatus(id)).lastRun?.attempts, 2);
      const { events = [] } = await system.client.workflow.getHandle(id).fetchHistory();
      const started = events?.findLast(({ activityTaskStartedEventAttributes: attributes }) => attributes);
      assert.match(JSON.stringify(started?.activityTaskStartedEventAttributes?.lastFailure), /heartbeat/i);
    });
  });

  describe('whose handler returns', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;

    it('what is no JSON value, ends the run at once and says so', async () => {
      for (const result of [1n, circle, () => {}, Symbol('s'), { toJSON: () => assert.fail('mine') }]) {
        system.on(() => result);
        const status = await run();
        assert.equal(status.state, 'failed');
        assert.match(status.lastError ?? '', /^InvalidResult: the result is no JSON value: ./);
        assert.equal(status.lastRun?.attempts, 1);
      }
    });

    it('too much, ends the run at once and says how much was allowed', async () => {
      system.on(() => 'é'.repeat(1_000_000));
      const status = await run();
      assert.equal(
        status.lastError,
        'ResultTooLarge: the result has 2000002 bytes as JSON, and at most 1900000 are allowed: store it elsewhere and give a reference',
      );
      assert.equal(status.lastRun?.attempts, 1);
    });

    it('as much as is allowed, completes the run', async () => {
      system.on(() => 'x'.repeat(1_899_998));
      const { state, lastRun } = await run();
      assert.equal(state, 'completed');
      assert.equal(String(lastRun?.result).length, 1_899_998);
    });

    it('nothing, completes the run', async () => {
      system.on(() => undefined);
      const { state, lastError, lastRun } = await run();
      assert.equal(state, 'completed');
      assert.equal(lastError, undefined);
      assert.equal(lastRun?.result ?? null, null);
    });
  });

  describe('whose handler reports', () => {
    it('as progress what is no JSON value or too much, ends the run at once and says so', async () => {
      const report = async (value: unknown, expected: RegExp) => {
        system.on(async (_, { progress }) => {
          progress(value);
          await sleep(200);
        });
        const { state, lastError, lastRun } = await run();
        assert.match(lastError ?? '', expected);
        assert.equal(state, 'failed');
        assert.equal(lastRun?.attempts, 1);
      };
      await report(1n, /^InvalidProgress: the progress is no JSON value: ./);
      await report('x'.repeat(2_100_000), /^ProgressTooLarge: the progress has 2100002 bytes as JSON/);
    });
  });

  describe('that is shut down', () => {
    const job = (context: { retryPolicy?: object } = {}) => ({
      jobType: 'task',
      schedule: NOW(),
      payload: {},
      retryPolicy: QUICK,
      ...context,
    });

    it('lets a running handler finish within the grace time, and takes nothing new', async () => {
      await using leaving = await System.start({ worker: false });
      const stop = await leaving.startWorker({ shutdownGraceTime: '10s' });
      const finish = gate();
      leaving.on(() => finish.opened.then(() => 'finished'));
      const id = await leaving.scheduler.scheduleJob(job());
      await leaving.called(1);
      const stopped = stop();
      const later = await leaving.scheduler.scheduleJob(job());
      assert.equal(leaving.calls[0]!.context.signal.aborted, false);
      finish.open();
      await stopped;
      assert.equal(leaving.callsOf(later).length, 0);
      // What the handler returned is kept, though it takes a worker to close the run.
      await leaving.startWorker();
      assert.equal(await leaving.scheduler.waitForJob(id), 'finished');
      assert.equal((await leaving.scheduler.getJobStatus(id)).lastRun?.attempts, 1);
      assert.equal(await leaving.scheduler.waitForJob(later), 'finished');
    });

    it('aborts the signal after the grace time, with a reason, and another worker makes the next attempt', async () => {
      await using leaving = await System.start({ worker: false });
      const stop = await leaving.startWorker({ shutdownGraceTime: 300 });
      let told: { at: number; reason: unknown } | undefined;
      leaving.on(async (_, { attempt, signal }: JobContext) => {
        if (attempt > 1) return `attempt ${attempt}`;
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            told = { at: Date.now(), reason: signal.reason };
            reject(new Error('stopped half way'));
          }),
        );
      });
      const id = await leaving.scheduler.scheduleJob(job());
      await leaving.called(1);
      const asked = Date.now();
      await stop();
      assert.ok(told && told.at - asked >= 250, 'told before the grace time was over');
      assert.match(String(told.reason), /WORKER_SHUTDOWN/);
      await leaving.startWorker();
      assert.equal(await leaving.scheduler.waitForJob(id), 'attempt 2');
    });

    it('ends although a handler ignores its signal, and another worker makes the next attempt', async () => {
      await using leaving = await System.start({ worker: false });
      const stop = await leaving.startWorker({ shutdownGraceTime: 300 });
      const late = gate();
      leaving.on(async (_, { attempt }) => {
        if (attempt === 1) await late.opened;
        return `attempt ${attempt}`;
      });
      const id = await leaving.scheduler.scheduleJob({ ...job(), heartbeatTimeout: '2s' });
      await leaving.called(1);
      const asked = Date.now();
      await stop();
      assert.ok(Date.now() - asked < 8_000, `took ${Date.now() - asked} ms`);
      await leaving.startWorker();
      assert.equal(await leaving.scheduler.waitForJob(id), 'attempt 2');
      late.open();
    });

    it('may be shut down twice, before it runs, and disposed of', async () => {
      const settings = { address: system.address, taskQueue: system.taskQueue, handlers: [task.handler(() => 1)] };
      const unused = await createJobWorker(settings);
      unused.shutdown();
      await unused[Symbol.asyncDispose]();
      const worker = await createJobWorker(settings);
      const running = worker.run();
      assert.equal(worker.run(), running);
      worker.shutdown();
      worker.shutdown();
      await running;
      await worker[Symbol.asyncDispose]();
    });
  });

  describe('in a process that gets SIGTERM', () => {
    const settings = (grace: number) => ({
      address: system.address,
      taskQueue: `${system.taskQueue}-${grace}`,
      shutdownGraceTime: grace,
    });
    const schedule = async (client: System, payload: object) =>
      client.scheduler.scheduleJob({ jobType: 'errand', schedule: NOW(), payload, retryPolicy: QUICK });

    it('lets a running handler finish within the grace time, and the process ends with code 0', async () => {
      await using own = await System.start({ worker: false });
      await using worker = Child.start('worker', { ...settings(10_000), taskQueue: own.taskQueue });
      const id = await schedule(own, { work: 1_000 });
      await worker.says('started');
      worker.kill('SIGTERM');
      assert.equal(await worker.ended, 0);
      assert.deepEqual(
        worker.said.map(({ event }) => event),
        ['ready', 'started', 'finished', 'stopped'],
      );
      await own.startWorker();
      assert.equal(await own.scheduler.waitForJob(id), 1);
    });

    it('aborts the signal after the grace time, the process ends with code 0, and another makes the next attempt', async () => {
      await using own = await System.start({ worker: false });
      await using worker = Child.start('worker', { ...settings(400), taskQueue: own.taskQueue });
      const id = await schedule(own, { work: 60_000 });
      await worker.says('started');
      await using next = Child.start('worker', { ...settings(400), taskQueue: own.taskQueue });
      await next.says('ready');
      worker.kill('SIGTERM');
      assert.match(String((await worker.says('told to stop'))['reason']), /WORKER_SHUTDOWN/);
      assert.equal(await worker.ended, 0);
      assert.equal((await next.says('finished')).attempt, 2);
      assert.equal(await own.scheduler.waitForJob(id), 2);
    });
  });

  it('notes the end of a run until it is noted, also when the SDK gives that up', async () => {
    await using own = await System.start({ worker: false });
    const { workflowId, tries } = await runWithLostBookkeeping(own);
    assert.equal(tries, 3);
    assert.equal((await own.client.workflow.getHandle(workflowId).describe()).status.name, 'COMPLETED');
  });
});
