import assert from 'node:assert/strict';
import { once } from '../../src/index.ts';
import { System, eventually } from '../support/system.ts';

describe('once', () => {
  let system: System;
  before(async () => {
    system = await System.start();
  });
  after(() => system[Symbol.asyncDispose]());
  beforeEach(() => system.on(() => 'done'));

  it('runs at its time, within the first tenths of a second after it', async () => {
    const at = new Date(Date.now() + 1_500);
    const id = await system.scheduler.scheduleJob({ jobType: 'task', schedule: once(at), payload: {} });
    assert.equal((await system.scheduler.getJobStatus(id)).state, 'scheduled');
    assert.deepEqual((await system.scheduler.getJobStatus(id)).nextExecution, at);
    assert.equal(await system.scheduler.waitForJob(id), 'done');
    const [call] = system.callsOf(id);
    assert.ok(call && call.at >= at.getTime(), `ran ${call && at.getTime() - call.at} ms early`);
    assert.deepEqual(call.context.scheduledAt, at);
    const status = await system.scheduler.getJobStatus(id);
    assert.equal(status.state, 'completed');
    assert.equal(status.lastRun?.result, 'done');
    assert.equal(status.lastRun.attempts, 1);
    assert.deepEqual(status.lastRun.scheduledAt, at);
    assert.equal(status.nextExecution, undefined);
  });

  it('runs at once if its time is past', async () => {
    const id = await system.scheduler.scheduleJob({ jobType: 'task', schedule: once(new Date(0)), payload: {} });
    assert.equal(await system.scheduler.waitForJob(id), 'done');
  });

  it('has 11 events', async () => {
    const id = await system.scheduler.scheduleJob({ jobType: 'task', schedule: once(new Date()), payload: {} });
    await system.scheduler.waitForJob(id);
    const { events } = await system.client.workflow.getHandle(id).fetchHistory();
    assert.equal(events?.length, 11);
  });

  it('waits for the year 2100, and never runs when cancelled meanwhile', async () => {
    const at = new Date('2100-12-31T23:59:59Z');
    const id = await system.scheduler.scheduleJob({ jobType: 'task', schedule: once(at), payload: {} });
    assert.deepEqual((await system.scheduler.getJobStatus(id)).nextExecution, at);
    await system.scheduler.cancelJob(id, { reason: 'not needed' });
    const status = await system.scheduler.getJobStatus(id);
    assert.equal(status.state, 'cancelled');
    assert.equal(status.lastError, 'not needed');
    assert.equal(status.cancelled?.reason, 'not needed');
    assert.ok(status.cancelled.at instanceof Date);
    assert.equal(system.callsOf(id).length, 0);
  });

  it('is the same job when scheduled again, and refuses another definition', async () => {
    const job = { id: system.name('again'), jobType: 'task', schedule: once({ in: '1h' }), payload: { b: 1, a: [2] } };
    assert.equal(await system.scheduler.scheduleJob(job), job.id);
    assert.equal(await system.scheduler.scheduleJob({ ...job, payload: { a: [2], b: 1 } }), job.id);
    await assert.rejects(system.scheduler.scheduleJob({ ...job, payload: { a: [2], b: 2 } }), {
      name: 'JobAlreadyExistsError',
      code: 'JOB_ALREADY_EXISTS',
      jobId: job.id,
    });
    assert.equal(await system.scheduler.scheduleJob({ ...job, payload: 3 }, { onConflict: 'keep' }), job.id);
    const { lastRun } = await system.scheduler.getJobStatus(job.id);
    assert.equal(lastRun, undefined);
    const soon = { ...job, schedule: once(new Date()), payload: 'new' };
    await system.scheduler.scheduleJob(soon, { onConflict: 'replace' });
    await system.scheduler.waitForJob(job.id);
    assert.deepEqual(
      system.callsOf(job.id).map(({ payload }) => payload),
      ['new'],
    );
  });

  it('tells progress, attempts and the error of the attempt before while it runs', async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    system.on(async (_, context) => {
      if (context.attempt === 1) throw new RangeError('first try');
      context.progress({ done: 40 });
      await finished;
      return 42;
    });
    const id = await system.scheduler.scheduleJob({
      jobType: 'task',
      schedule: once(new Date()),
      payload: {},
      retryPolicy: { initialInterval: 50 },
    });
    const running = await eventually(
      () => system.scheduler.getJobStatus(id),
      ({ progress }) => progress !== undefined,
    );
    assert.equal(running.state, 'running');
    assert.deepEqual(running.progress, { done: 40 });
    assert.equal(running.lastError, 'RangeError: first try');
    assert.equal(running.runningRuns[0]?.attempts, 2);
    finish();
    assert.equal(await system.scheduler.waitForJob(id), 42);
    assert.equal((await system.scheduler.getJobStatus(id)).lastError, undefined);
  });

  it('is paused and resumed while it waits, and runs when its time came meanwhile', async () => {
    const id = await system.scheduler.scheduleJob({ jobType: 'task', schedule: once({ in: 1_200 }), payload: {} });
    await system.scheduler.pauseJob(id, { reason: 'audit' });
    const paused = await system.scheduler.getJobStatus(id);
    assert.equal(paused.state, 'paused');
    assert.deepEqual(paused.paused, { by: 'person', reason: 'audit' });
    const [listed] = await system.scheduler.listJobs({ idPrefix: id });
    assert.equal(listed?.state, 'paused');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.equal(system.callsOf(id).length, 0);
    await system.scheduler.resumeJob(id);
    assert.equal(await system.scheduler.waitForJob(id), 'done');
    await assert.rejects(system.scheduler.pauseJob(id), { code: 'JOB_NOT_CHANGEABLE' });
  });

  it('changes only what is named while it waits', async () => {
    const id = await system.scheduler.scheduleJob({
      jobType: 'task',
      schedule: once({ in: '1h' }),
      payload: { keep: true },
      tags: ['a'],
      retryPolicy: { maximumAttempts: 5, initialInterval: 700 },
    });
    await Promise.all([
      system.scheduler.updateJob(id, { priority: 'high' }),
      system.scheduler.updateJob(id, { retryPolicy: { maximumAttempts: 1 } }),
    ]);
    const status = await system.scheduler.getJobStatus(id);
    assert.equal(status.priority, 'high');
    assert.deepEqual(status.tags, ['a']);
    const failure = new Error('once only');
    system.on(() => Promise.reject(failure));
    await system.scheduler.updateJob(id, { schedule: once(new Date()) });
    await assert.rejects(system.scheduler.waitForJob(id), { name: 'JobFailedError', message: /failed: once only/ });
    assert.deepEqual(
      system.callsOf(id).map(({ payload }) => payload),
      [{ keep: true }],
    );
  });
});
