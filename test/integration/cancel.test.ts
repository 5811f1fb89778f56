import assert from 'node:assert/strict';
import { afterJob, cron, interval, once } from '../../src/index.ts';
import { cancelLostAttempt } from '../support/bare-worker.ts';
import { System, eventually } from '../support/system.ts';

describe('cancelJob', () => {
  let system: System;
  before(async () => {
    system = await System.start();
  });
  after(() => system[Symbol.asyncDispose]());
  beforeEach(() => system.on(() => 'done'));

  const schedule = (id: string, options: object) =>
    system.scheduler.scheduleJob({ id: system.name(id), jobType: 'task', payload: id, ...options } as never);
  const status = (id: string) => system.scheduler.getJobStatus(id);

  it("aborts a running handler's signal", async () => {
    let reason: unknown;
    system.on(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            reject(new Error('stopped'));
          });
        }),
    );
    const id = await schedule('running', { schedule: once(new Date()) });
    await system.called(1, id);
    await system.scheduler.cancelJob(id, { reason: 'changed my mind' });
    assert.ok(reason instanceof Error);
    const { state, lastError, runningRuns } = await status(id);
    assert.deepEqual(
      { state, lastError, runningRuns },
      { state: 'cancelled', lastError: 'changed my mind', runningRuns: [] },
    );
  });

  it('calls a run cancelled whose attempt was told to stop and not heard of again', async () => {
    await using lone = await System.start({ worker: false });
    const id = await cancelLostAttempt('no longer needed', lone);
    const { state, lastError } = await lone.scheduler.getJobStatus(id);
    assert.deepEqual({ state, lastError }, { state: 'cancelled', lastError: 'no longer needed' });
    const { status: closed } = await lone.client.workflow.getHandle(id).describe();
    assert.equal(closed.name, 'CANCELLED');
  });

  it('takes the run from a handler that ignores it', async () => {
    let finish = () => {};
    system.on(() => new Promise<void>((resolve) => (finish = resolve)));
    const id = await schedule('stubborn', { schedule: once(new Date()) });
    await system.called(1, id);
    await system.scheduler.cancelJob(id, { reason: 'enough' });
    assert.equal((await status(id)).state, 'cancelled');
    assert.equal((await status(id)).lastError, 'enough');
    const [listed] = await system.scheduler.listJobs({ idPrefix: id });
    assert.equal(listed?.state, 'cancelled');
    finish();
  }).timeout(60_000);

  it('ends a recurring job: no run is open and none will start; the id is free for a replacement', async () => {
    const id = await schedule('every', { schedule: interval('1s') });
    await system.called(1, id);
    await system.scheduler.cancelJob(id, { reason: 'no more' });
    const calls = system.callsOf(id).length;
    const { state, cancelled, nextExecution } = await status(id);
    assert.equal(state, 'cancelled');
    assert.equal(cancelled?.reason, 'no more');
    assert.ok(cancelled.at && Date.now() - cancelled.at.getTime() < 10_000);
    assert.equal(nextExecution, undefined);
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    assert.equal(system.callsOf(id).length, calls);
    await assert.rejects(schedule('every', { schedule: interval('1s') }), { code: 'JOB_ALREADY_EXISTS' });
    await schedule('every', { schedule: once(new Date()), payload: 'again' }).then(assert.fail, () => undefined);
    await system.scheduler.scheduleJob(
      { id, jobType: 'task', schedule: interval('1s'), payload: 'again' },
      { onConflict: 'replace' },
    );
    await system.called(calls + 1, id);
    assert.equal((await status(id)).state === 'cancelled', false);
    await system.scheduler.cancelJob(id);
  });

  it('works on a paused, a waiting and a retrying job, and without a worker', async () => {
    const bare = await System.start({ worker: false });
    try {
      const job = { jobType: 'task', payload: 1 };
      const paused = await bare.scheduler.scheduleJob({ ...job, schedule: cron('0 0 * * *') });
      await bare.scheduler.pauseJob(paused);
      const queued = await bare.scheduler.scheduleJob({ ...job, schedule: once(new Date()) });
      const waiting = await bare.scheduler.scheduleJob({ ...job, schedule: afterJob(queued) });
      for (const id of [paused, queued]) {
        await bare.scheduler.cancelJob(id, { reason: 'why' });
        const { state, lastError, runningRuns } = await bare.scheduler.getJobStatus(id);
        assert.deepEqual({ state, lastError, runningRuns }, { state: 'cancelled', lastError: 'why', runningRuns: [] });
      }
      assert.equal((await bare.scheduler.getJobStatus(waiting)).state, 'cancelled');
    } finally {
      await bare[Symbol.asyncDispose]();
    }
    system.on(() => {
      throw new Error('always');
    });
    const retrying = await schedule('retrying', {
      schedule: once(new Date()),
      retryPolicy: { initialInterval: '1h', maximumInterval: '1h' },
    });
    await eventually(
      () => status(retrying),
      ({ lastError }) => lastError === 'always',
    );
    await system.scheduler.cancelJob(retrying);
    assert.equal((await status(retrying)).state, 'cancelled');
    assert.equal(system.callsOf(retrying).length, 1);
  });

  it('leaves a job that has ended as it ended, and knows no job that is not there', async () => {
    const id = await schedule('over', { schedule: once(new Date()) });
    await system.scheduler.waitForJob(id);
    await system.scheduler.cancelJob(id);
    assert.equal((await status(id)).state, 'completed');
    await assert.rejects(system.scheduler.cancelJob(system.name('nobody')), { code: 'JOB_NOT_FOUND' });
  });

  it('is a conflict for the same definition, also where the run had to be terminated', async () => {
    await using lone = await System.start({ worker: false });
    const job = { id: lone.name('again'), jobType: 'task', payload: 1, schedule: once({ in: 0 }) } as const;
    await lone.scheduler.scheduleJob(job);
    await lone.scheduler.cancelJob(job.id);
    assert.equal((await lone.client.workflow.getHandle(job.id).describe()).status.name, 'TERMINATED');
    await assert.rejects(lone.scheduler.scheduleJob(job), { name: 'JobAlreadyExistsError' });
    await lone.scheduler.scheduleJob(job, { onConflict: 'replace' });
    assert.equal((await lone.scheduler.getJobStatus(job.id)).state, 'queued');
  });

  for (const engine of ['v1', 'v2'] as const) {
    it(`waits for runs that were made up for and wait for their turn (${engine})`, async () => {
      await using own = await System.start({ engine });
      own.on((_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject)));
      const id = await own.scheduler.scheduleJob({ jobType: 'task', payload: 1, schedule: interval('1m') });
      const handle = own.client.schedule.getHandle(id);
      const end = new Date();
      await handle.backfill({ start: new Date(end.getTime() - 4 * 60_000), end, overlap: 'BUFFER_ALL' });
      await own.called(1);
      await own.scheduler.cancelJob(id);
      const calls = own.calls.length;
      const { raw } = await handle.describe();
      assert.equal(Number(raw.info?.bufferSize ?? 0), 0);
      await own.scheduler.scheduleJob({ jobType: 'task', payload: 2, schedule: once({ in: 0 }) });
      await own.called(calls + 1);
      assert.equal(own.callsOf(id).length, calls);
      assert.deepEqual((await own.scheduler.getJobStatus(id)).runningRuns, []);
    }).timeout(120_000);
  }
});
