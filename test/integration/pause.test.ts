import assert from 'node:assert/strict';
import { afterJob, cron, interval, once } from '../../src/index.ts';
import { Scheduler } from '../../src/index.ts';
import { System, eventually } from '../support/system.ts';

describe('pause', () => {
  let system: System;
  const names = new Map<string, string>();
  beforeEach(async () => {
    names.clear();
    system = await System.start();
  });
  afterEach(async () => {
    await system.scheduler.resume();
    await system[Symbol.asyncDispose]();
  });

  const schedule = (id: string, options: object) =>
    system.scheduler.scheduleJob({ id: system.name(id), jobType: 'task', payload: id, ...options } as never);
  const status = (id: string) => system.scheduler.getJobStatus(id);
  const queue = () => ({
    namespace: 'default',
    taskQueue: { name: system.taskQueue },
    taskQueueType: 2,
    reportConfig: true,
  });

  it('holds every kind of run, and resume lets once jobs and chained runs happen once', async () => {
    const first = await schedule('first', { schedule: once({ in: 300 }) });
    await system.called(1, first);
    await system.scheduler.waitForJob(first);
    const every = await schedule('every', { schedule: interval('1s') });
    await system.called(1, every);
    await system.scheduler.pause({ reason: 'moving house' });
    assert.equal(await system.scheduler.isPaused(), true);
    const callsBefore = system.calls.length;
    const later = await schedule('later', { schedule: once({ in: 300 }) });
    const chained = await schedule('chained', { schedule: afterJob(first) });
    const next = await schedule('next', { schedule: interval('1s') });
    await system.scheduler.triggerJob(every);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(system.calls.length, callsBefore);
    for (const id of [later, chained, every, next]) {
      const { state, paused } = await status(id);
      assert.equal(state, 'paused', id);
      assert.deepEqual(paused, { by: 'scheduler', reason: 'moving house' });
    }
    await system.scheduler.resume();
    assert.equal(await system.scheduler.isPaused(), false);
    await system.called(1, later);
    await system.called(1, chained);
    await system.called(2, every);
    assert.equal((await status(every)).paused, undefined);
    assert.equal(system.callsOf(later).length, 1);
    assert.equal(system.callsOf(chained).length, 1);
  });

  it('shows in the schedule list, and in the task queue, whose rate limit it gives back', async () => {
    const { workflowService } = system.client;
    await workflowService.updateTaskQueueConfig({
      namespace: 'default',
      identity: 'a person',
      taskQueue: system.taskQueue,
      taskQueueType: 2,
      updateQueueRateLimit: { rateLimit: { requestsPerSecond: 7 }, reason: 'gently' },
    });
    const id = await schedule('nightly', { schedule: cron('0 2 * * *') });
    await system.scheduler.pause({ reason: 'inventory' });
    const { state } = await system.client.schedule.getHandle(id).describe();
    assert.equal(state.paused, true);
    assert.match(state.note ?? '', /^Paused with all jobs: inventory/);
    const held = await workflowService.describeTaskQueue(queue());
    assert.equal(held.effectiveRateLimit?.requestsPerSecond ?? 0, 0);
    assert.match(held.config?.queueRateLimit?.metadata?.reason ?? '', /inventory/);
    await system.scheduler.pause();
    await system.scheduler.resume();
    const free = await workflowService.describeTaskQueue(queue());
    assert.equal(free.config?.queueRateLimit?.rateLimit?.requestsPerSecond, 7);
    assert.equal((await system.client.schedule.getHandle(id).describe()).state.paused, false);
  });

  it('works with no worker alive, and from several clients at once', async () => {
    const bare = await System.start({ worker: false });
    try {
      const id = await bare.scheduler.scheduleJob({ jobType: 'task', payload: 1, schedule: interval('1h') });
      const other = await Scheduler.connect({ address: bare.address, taskQueue: bare.taskQueue });
      await Promise.all([bare.scheduler.pause(), other.pause()]);
      assert.equal((await other.getJobStatus(id)).state, 'paused');
      await Promise.all([bare.scheduler.resume(), other.resume()]);
      assert.equal((await other.getJobStatus(id)).state, 'scheduled');
      await other.close();
    } finally {
      await bare[Symbol.asyncDispose]();
    }
  });

  it('leaves alone what a person has paused', async () => {
    const byLibrary = await schedule('by-library', { schedule: interval('1h') });
    const byTool = await schedule('by-tool', { schedule: interval('1h') });
    const during = await schedule('during', { schedule: interval('1h') });
    await system.scheduler.pauseJob(byLibrary, { reason: 'mine' });
    await system.client.schedule.getHandle(byTool).pause('from the Web UI');
    await system.scheduler.pause();
    await system.scheduler.pauseJob(during, { reason: 'mine too' });
    assert.deepEqual((await status(byTool)).paused, { by: 'person', reason: 'from the Web UI' });
    await system.scheduler.resume();
    assert.deepEqual((await status(byLibrary)).paused, { by: 'person', reason: 'mine' });
    assert.deepEqual((await status(byTool)).paused, { by: 'person', reason: 'from the Web UI' });
    assert.deepEqual((await status(during)).paused, { by: 'person', reason: 'mine too' });
    for (const id of [byLibrary, byTool, during]) await system.scheduler.resumeJob(id);
    for (const id of [byLibrary, byTool, during]) assert.equal((await status(id)).state, 'scheduled');
  });

  it('keeps a job paused that is resumed alone', async () => {
    const id = await schedule('alone', { schedule: interval('1h') });
    await system.scheduler.pauseJob(id);
    await system.scheduler.pause({ reason: 'all' });
    await system.scheduler.resumeJob(id);
    assert.deepEqual((await status(id)).paused, { by: 'scheduler', reason: 'all' });
    await system.scheduler.resume();
    assert.equal((await status(id)).state, 'scheduled');
  });

  it('skips the due times that pass, or runs the latest of each when asked', async () => {
    const id = await schedule('missed', { schedule: interval('1s') });
    await system.called(1, id);
    await system.scheduler.pause();
    const before = system.callsOf(id).length;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const resumedAt = Date.now();
    await system.scheduler.resume({ missed: 'latest' });
    await system.called(before + 2, id);
    const dueTimes = system.callsOf(id).map(({ context }) => context.scheduledAt.getTime());
    const missed = dueTimes.slice(before).filter((time) => time < resumedAt);
    assert.ok(missed.length <= 2, `${missed.length} runs of due times before the resume`);
    assert.equal(new Set(dueTimes).size, dueTimes.length);
  });

  it('ends by itself at its time', async () => {
    const id = await schedule('until', { schedule: interval('1h') });
    await assert.rejects(system.scheduler.pause({ until: new Date(0) }), { code: 'INVALID_ARGUMENT' });
    await system.scheduler.pause({ until: new Date(Date.now() + 2_500) });
    assert.equal((await status(id)).state, 'paused');
    await eventually(
      () => system.scheduler.isPaused(),
      (isPaused) => !isPaused,
    );
    await eventually(
      () => status(id),
      ({ state }) => state === 'scheduled',
    );
  });

  it('lets running attempts finish, and holds their retries', async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    system.on(async (_, { attempt }) => {
      await finished;
      if (attempt === 1) throw new Error('again');
      return attempt;
    });
    const id = await schedule('running', { schedule: once(new Date()), retryPolicy: { initialInterval: 10 } });
    await system.called(1, id);
    await system.scheduler.pause();
    assert.equal((await status(id)).state, 'running');
    finish();
    await eventually(
      () => status(id),
      ({ lastError }) => lastError === 'again',
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal(system.callsOf(id).length, 1);
    await system.scheduler.resume();
    assert.equal(await system.scheduler.waitForJob(id), 2);
  });

  it('runs none of a job that has had all its runs, and counts the latest against their number', async () => {
    const done = await schedule('done', { schedule: interval('1s', { maxRuns: 1 }) });
    await eventually(
      () => status(done),
      ({ state }) => state === 'completed',
    );
    const few = await schedule('few', { schedule: interval('1s', { maxRuns: 3 }) });
    await system.called(1, few);
    await system.scheduler.pause();
    const missedFrom = Date.now();
    await eventually(
      async () => Date.now() - missedFrom,
      (passed) => passed > 2_500,
    );
    await system.scheduler.resume({ missed: 'latest' });
    await eventually(
      () => status(few),
      ({ state }) => state === 'completed',
    );
    await eventually(
      async () => system.callsOf(few).length,
      (calls) => calls >= 3,
    );
    assert.deepEqual([system.callsOf(few).length, system.callsOf(done).length], [3, 1]);
  }).timeout(60_000);

  it('lasts when it is called without an end while one with an end is in force', async () => {
    await system.scheduler.pause({ until: new Date(Date.now() + 4_000) });
    await system.scheduler.pause({ reason: 'for good' });
    const since = Date.now();
    await eventually(
      async () => Date.now() - since,
      (passed) => passed > 6_000,
    );
    assert.equal(await system.scheduler.isPaused(), true);
  }).timeout(60_000);
});
