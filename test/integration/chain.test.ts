import assert from 'node:assert/strict';
import { afterJob, cron, interval, once, type JobId } from '../../src/index.ts';
import { addDependent } from '../../src/client/dependents.ts';
import { System, eventually } from '../support/system.ts';

const NOW = () => once(new Date());

describe('afterJob', () => {
  let system: System;
  before(async () => {
    system = await System.start();
  });
  after(() => system[Symbol.asyncDispose]());
  beforeEach(() => {
    system.calls.length = 0;
    system.on((payload) => {
      if (payload === 'fail') throw new Error('broken');
      return { was: payload };
    });
  });

  const schedule = (id: string, options: object) =>
    system.scheduler.scheduleJob({ id: system.name(id), jobType: 'task', payload: id, ...options } as never);
  const status = (id: JobId) => system.scheduler.getJobStatus(id);
  const ended = (id: JobId) =>
    eventually(
      () => status(id),
      ({ state }) => ['completed', 'failed', 'cancelled'].includes(state),
    );

  it('runs once after a once job, with its result, as its child', async () => {
    const first = await schedule('first', { schedule: once({ in: 800 }) });
    const second = await schedule('second', { schedule: afterJob(first) });
    assert.equal((await status(second)).state, 'waiting');
    const { lastRun } = await ended(second);
    assert.deepEqual(system.callsOf(second)[0]?.context.predecessor?.result, { was: 'first' });
    assert.equal(lastRun?.predecessor?.jobId, first);
    const parent = await system.client.workflow.getHandle(lastRun.workflowId).describe();
    assert.equal(parent.parentExecution?.workflowId, first);
    assert.equal(system.callsOf(second).length, 1);
  });

  it('runs once after a once job that has ended long before', async () => {
    const first = await schedule('ended', { schedule: NOW() });
    await system.scheduler.waitForJob(first);
    const second = await schedule('late', { schedule: afterJob(first) });
    await schedule('late', { schedule: afterJob(first) });
    await ended(second);
    assert.deepEqual(system.callsOf(second)[0]?.context.predecessor?.result, { was: 'ended' });
    assert.equal(system.callsOf(second).length, 1);
    assert.equal((await status(second)).lastRun?.predecessor?.workflowId, first);
  });

  it('counts its delay from the end of its predecessor', async () => {
    const first = await schedule('delayer', { schedule: NOW() });
    await system.scheduler.waitForJob(first);
    const { endedAt } = (await status(first)).lastRun!;
    const late = await schedule('delayed-late', { schedule: afterJob(first, { delay: '1s' }) });
    assert.equal((await status(late)).state, 'waiting');
    await ended(late);
    const waited = system.callsOf(late)[0]!.at - endedAt!.getTime();
    assert.ok(waited >= 1_000 && waited < 2_500, `waited ${waited} ms`);
  });

  it('runs after each end of an interval job and of a job that follows it', async () => {
    const first = await schedule('every', { schedule: interval('1s', { maxRuns: 3 }) });
    const second = await schedule('each', { schedule: afterJob(first) });
    const third = await schedule('each-each', { schedule: afterJob(second) });
    await system.called(3, third);
    assert.equal(system.callsOf(second).length, 3);
    const runs = [];
    for await (const run of system.scheduler.listRuns(third)) runs.push(run.predecessor?.jobId);
    assert.deepEqual(new Set(runs), new Set([second]));
    assert.equal((await status(third)).state, 'waiting');
    await eventually(
      () => status(first),
      ({ state }) => state === 'completed',
    );
  });

  it('runs after a run that was triggered by hand, by the library or the CLI', async () => {
    const first = await schedule('yearly', { schedule: cron('0 0 1 1 *') });
    const second = await schedule('after-trigger', { schedule: afterJob(first) });
    await system.scheduler.triggerJob(first);
    await system.called(1, second);
    await system.client.schedule.getHandle(first).trigger();
    await system.called(2, second);
  });

  it('runs on failure or completion as asked, and is cancelled down the chain where nothing matches', async () => {
    const first = await schedule('fail', {
      schedule: once({ in: 700 }),
      retryPolicy: { maximumAttempts: 1 },
      payload: 'fail',
    });
    const onFailure = await schedule('on-failure', { schedule: afterJob(first, { on: 'failure' }) });
    const onEither = await schedule('on-either', { schedule: afterJob(first, { on: 'completion' }) });
    const onSuccess = await schedule('on-success', { schedule: afterJob(first) });
    const next = await schedule('on-success-next', { schedule: afterJob(onSuccess) });
    assert.equal((await ended(onFailure)).state, 'completed');
    assert.equal((await ended(onEither)).state, 'completed');
    assert.equal(system.callsOf(onFailure)[0]?.context.predecessor?.error, 'broken');
    const cancelled = await ended(onSuccess);
    assert.equal(cancelled.state, 'cancelled');
    assert.equal(cancelled.lastError, `its predecessor ${first} failed`);
    const last = await ended(next);
    assert.equal(last.state, 'cancelled');
    assert.equal(last.lastError, `its predecessor ${onSuccess} was cancelled`);
    assert.equal(system.callsOf(onSuccess).length + system.callsOf(next).length, 0);
    // Registered afterwards, the same becomes of it.
    assert.equal((await ended(first)).state, 'failed');
    const late = await schedule('on-success-late', { schedule: afterJob(first) });
    assert.equal((await status(late)).state, 'cancelled');
    const later = await schedule('after-cancelled', { schedule: afterJob(late, { on: 'completion' }) });
    assert.equal((await status(later)).state, 'cancelled');
  });

  it('is cancelled with its predecessor', async () => {
    const first = await schedule('to-cancel', { schedule: once({ in: '1h' }) });
    const second = await schedule('cancelled-1', { schedule: afterJob(first, { on: 'completion' }) });
    const third = await schedule('cancelled-2', { schedule: afterJob(second) });
    await system.scheduler.cancelJob(first);
    for (const id of [second, third]) assert.equal((await status(id)).state, 'cancelled');
  });

  it('runs after the end of a chain that has ended, with its result', async () => {
    const first = await schedule('one', { schedule: NOW() });
    const second = await schedule('two', { schedule: afterJob(first) });
    await ended(second);
    const third = await schedule('three', { schedule: afterJob(second) });
    await ended(third);
    assert.deepEqual(system.callsOf(third)[0]?.context.predecessor?.result, { was: 'two' });
    assert.equal((await status(third)).lastRun?.predecessor?.jobId, second);
  });

  it('runs once after the last of several once jobs', async () => {
    const ids = await Promise.all(
      [300, 900, 600].map((delay, index) => schedule(`part-${index}`, { schedule: once({ in: delay }) })),
    );
    const all = await schedule('all', { schedule: afterJob(ids) });
    await ended(all);
    assert.equal(system.callsOf(all).length, 1);
    const { predecessors, predecessor } = system.callsOf(all)[0]!.context;
    assert.deepEqual(new Set(predecessors.map(({ jobId }) => jobId)), new Set(ids));
    const ends = predecessors.map(({ endedAt }) => endedAt.getTime());
    assert.deepEqual(
      ends,
      ends.toSorted((a, b) => a - b),
    );
    assert.equal(predecessor, predecessors.at(-1));
    // Some have ended before it is scheduled, one has not.
    const open = await schedule('part-3', { schedule: once({ in: 900 }) });
    const late = await schedule('all-late', { schedule: afterJob([...ids, open]) });
    await ended(late);
    assert.equal(system.callsOf(late).length, 1);
    assert.equal(system.callsOf(late)[0]!.context.predecessor?.jobId, open);
    const ended4 = await schedule('all-ended', { schedule: afterJob([...ids, open]) });
    await ended(ended4);
    assert.equal(system.callsOf(ended4).length, 1);
  });

  it('is cancelled if one of several does not end as asked', async () => {
    const good = await schedule('good', { schedule: once({ in: 300 }) });
    const bad = await schedule('bad', {
      schedule: once({ in: 700 }),
      payload: 'fail',
      retryPolicy: { maximumAttempts: 1 },
    });
    const both = await schedule('both', { schedule: afterJob([good, bad]) });
    const cancelled = await ended(both);
    assert.equal(cancelled.state, 'cancelled');
    assert.equal(system.callsOf(both).length, 0);
    await eventually(
      () => status(both),
      ({ runningRuns }) => runningRuns.length === 0,
    );
  });

  it('refuses itself, what does not exist, several that recur, and a circle of any length', async () => {
    const first = await schedule('circle-1', { schedule: interval('1h') });
    await assert.rejects(schedule('self', { schedule: afterJob(system.name('self')) }), { code: 'DEPENDENCY_CYCLE' });
    await assert.rejects(schedule('orphan', { schedule: afterJob(system.name('nobody')) }), { code: 'JOB_NOT_FOUND' });
    await assert.rejects(schedule('fan', { schedule: afterJob([first, system.name('fan-2')]) }), {
      name: /Job|Schedule/,
    });
    const second = await schedule('circle-2', { schedule: afterJob(first) });
    const third = await schedule('circle-3', { schedule: afterJob(second) });
    await assert.rejects(
      system.scheduler.scheduleJob(
        { id: first, jobType: 'task', payload: 1, schedule: afterJob(third) },
        { onConflict: 'replace' },
      ),
      { code: 'DEPENDENCY_CYCLE' },
    );
    assert.equal((await status(first)).state, 'scheduled');
    await assert.rejects(status(system.name('orphan')), { code: 'JOB_NOT_FOUND' });
  });

  it('does not run a circle twice that two clients have closed at once', async () => {
    const first = await schedule('first-of-circle', { schedule: interval('1h') });
    const second = await schedule('second-of-circle', { schedule: afterJob(first) });
    // What two replacements at the same instant could leave: neither had seen the other.
    const scope = { client: system.client, queue: system.taskQueue };
    await addDependent(scope, second, {
      jobId: first,
      jobType: 'task',
      priority: 'normal',
      tags: [],
      on: 'completion',
      delay: 0,
      repeats: true,
    });
    await system.scheduler.triggerJob(first);
    await system.called(1, second);
    const { lastRun } = await eventually(
      () => status(second),
      (now) => now.lastRun?.state === 'completed',
    );
    const { events } = await system.client.workflow.getHandle(lastRun!.workflowId).fetchHistory();
    assert.deepEqual(
      events?.filter((event) => event.startChildWorkflowExecutionInitiatedEventAttributes),
      [],
    );
  });

  it('runs again after the same end, once, when it is replaced', async () => {
    const first = await schedule('kept', { schedule: NOW() });
    const second = await schedule('replaced', { schedule: afterJob(first) });
    await ended(second);
    const again = { id: second, jobType: 'task', payload: 'new', schedule: afterJob(first) };
    await system.scheduler.scheduleJob(again, { onConflict: 'replace' });
    await system.scheduler.waitForJob(second);
    assert.deepEqual(
      system.callsOf(second).map(({ payload }) => payload),
      ['replaced', 'new'],
    );
    // While the predecessor waits: the one that was replaced is not told.
    const later = await schedule('kept-later', { schedule: once({ in: 2_500 }) });
    const third = await schedule('replaced-early', { schedule: afterJob(later) });
    await system.scheduler.scheduleJob({ ...again, id: third, schedule: afterJob(later) }, { onConflict: 'replace' });
    await system.scheduler.waitForJob(third);
    assert.deepEqual(
      system.callsOf(third).map(({ payload }) => payload),
      ['new'],
    );
  });

  it('hears of a predecessor that was terminated from outside', async () => {
    system.on((_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject)));
    const first = await schedule('terminated', { schedule: NOW() });
    const onSuccess = await schedule('never', { schedule: afterJob(first) });
    const onFailure = await schedule('cleanup', { schedule: afterJob(first, { on: 'failure' }) });
    const every = await schedule('terminated-often', { schedule: cron('0 0 1 1 *') });
    const each = await schedule('cleanup-each', { schedule: afterJob(every, { on: 'failure' }) });
    const run = await system.scheduler.triggerJob(every);
    await system.called(1, every);
    await system.called(1, first);
    system.on(() => 'cleaned');
    await system.client.workflow.getHandle(first).terminate('by hand');
    await system.client.workflow.getHandle(run.workflowId).terminate('by hand');
    // What the sweep's schedule does each minute.
    const sweep = system.client.schedule.getHandle(`temporal-job-scheduler/sweep/${system.taskQueue}`);
    assert.equal((await sweep.describe()).spec.intervals?.[0]?.every, 60_000);
    await eventually(
      async () => {
        await sweep.trigger();
        return status(onSuccess);
      },
      ({ state }) => state === 'cancelled',
    );
    await ended(onFailure);
    await system.called(1, each);
    assert.equal(system.callsOf(onFailure)[0]?.context.predecessor?.error, 'terminated: by hand');
    assert.equal((await status(onSuccess)).lastError, `its predecessor ${first} failed`);
    await sweep.trigger();
    await system.scheduler.waitForJob(await schedule('after-sweep', { schedule: NOW() }));
    assert.equal(system.callsOf(each).length + system.callsOf(onFailure).length, 2);
    assert.ok((await system.scheduler.listJobs()).every(({ id }) => !id.startsWith('temporal-job-scheduler/')));
  });

  it('owes one run for the ends it was paused at, and runs it when resumed', async () => {
    const first = await schedule('payer', { schedule: cron('0 0 1 1 *') });
    const second = await schedule('debtor', { schedule: afterJob(first) });
    await system.scheduler.pauseJob(second, { reason: 'not now' });
    for (let times = 0; times < 2; times++) {
      const run = await system.scheduler.triggerJob(first);
      await system.client.workflow.getHandle(run.workflowId).result();
    }
    await eventually(
      async () => (await system.client.schedule.getHandle(second).describe()).state.remainingActions,
      (remaining) => remaining === 1,
    );
    assert.equal((await status(second)).state, 'paused');
    assert.equal(system.callsOf(second).length, 0);
    // What was not run is no run of the job.
    await eventually(
      () => status(second),
      ({ lastRun }) => lastRun === undefined,
    );
    await system.client.schedule.getHandle(second).unpause();
    await eventually(
      () => status(second),
      ({ state, lastRun }) => state === 'waiting' && lastRun?.state === 'completed',
    );
    assert.equal(system.callsOf(second).length, 1);
    assert.equal(system.callsOf(second)[0]?.context.predecessor?.jobId, first);
    await system.scheduler.triggerJob(first);
    await system.called(2, second);
  }).timeout(90_000);

  it('is not run, and not cancelled, by what it followed before it was replaced', async () => {
    const broken = await schedule('will-fail', {
      schedule: once({ in: 3_000 }),
      payload: 'fail',
      retryPolicy: { maximumAttempts: 1 },
    });
    const good = await schedule('will-succeed', { schedule: once({ in: 3_000 }) });
    const replaced = await schedule('now-a-cron', { schedule: afterJob(good) });
    const moved = await schedule('moved', { schedule: afterJob(broken) });
    const last = await schedule('much-later', { schedule: once({ in: '1h' }) });
    const yearly = { id: replaced, jobType: 'task', payload: 'cron', schedule: cron('0 0 1 1 *') };
    await system.scheduler.scheduleJob(yearly, { onConflict: 'replace' });
    const other = { id: moved, jobType: 'task', payload: 'moved', schedule: afterJob(last) };
    await system.scheduler.scheduleJob(other, { onConflict: 'replace' });
    await ended(broken);
    await ended(good);
    assert.deepEqual(
      (await system.client.workflow.getHandle(good).fetchHistory()).events?.filter(
        (event) => event.startChildWorkflowExecutionInitiatedEventAttributes,
      ),
      [],
    );
    assert.equal((await status(replaced)).state, 'scheduled');
    assert.equal((await status(moved)).state, 'waiting');
    await system.scheduler.triggerJob(last);
    await ended(moved);
    assert.deepEqual(
      system.calls.filter(({ jobId }) => [replaced, moved].includes(jobId)).map(({ payload }) => payload),
      ['moved'],
    );
  });

  it('is cancelled where what it is to follow was cancelled already, also if that recurred', async () => {
    const first = await schedule('gone-cron', { schedule: cron('0 0 1 1 *') });
    await system.scheduler.cancelJob(first);
    const second = await schedule('after-gone', { schedule: afterJob(first) });
    const { state, lastError } = await status(second);
    assert.deepEqual([state, lastError], ['cancelled', `its predecessor ${first} cancelled`]);
  });

  it('keeps the run that it owes when it is changed while it is paused', async () => {
    const first = await schedule('payer-once', { schedule: NOW() });
    await system.scheduler.waitForJob(first);
    const waiting = await schedule('payer-later', { schedule: once({ in: 1_500 }) });
    const second = await schedule('debtor-changed', { schedule: afterJob(waiting) });
    await system.scheduler.pauseJob(second);
    await ended(waiting);
    await eventually(
      async () => (await system.client.schedule.getHandle(second).describe()).state.remainingActions,
      (remaining) => remaining === 1,
    );
    await system.scheduler.updateJob(second, { priority: 'high' });
    await system.scheduler.resumeJob(second);
    const { state, priority } = await eventually(
      () => status(second),
      (now) => now.state === 'completed',
      30_000,
    );
    assert.deepEqual([state, priority], ['completed', 'high']);
    assert.equal(system.callsOf(second)[0]?.context.predecessor?.jobId, waiting);
  }).timeout(60_000);

  it('cancels a circle once, that two clients have closed at once', async () => {
    const root = await schedule('ring-root', { schedule: cron('0 0 1 1 *') });
    const first = await schedule('ring-1', { schedule: afterJob(root) });
    const second = await schedule('ring-2', { schedule: afterJob(first) });
    const scope = { client: system.client, queue: system.taskQueue };
    const dependent = {
      jobId: first,
      jobType: 'task',
      tags: [],
      priority: 'normal',
      on: 'success',
      delay: 0,
      repeats: true,
    } as const;
    await addDependent(scope, second, dependent);
    await system.scheduler.cancelJob(first);
    assert.equal((await status(second)).state, 'cancelled');
  });
});
