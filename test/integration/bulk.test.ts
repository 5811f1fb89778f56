import assert from 'node:assert/strict';
import {
  afterJob,
  cron,
  interval,
  once,
  type BulkResult,
  type JobFilter,
  type JobState,
  type Progress,
} from '../../src/index.ts';
import { System, eventually } from '../support/system.ts';

describe('many jobs at a time', () => {
  let system: System;
  let failing = true;
  beforeEach(async () => {
    system = await System.start();
    failing = true;
    system.on((payload) => {
      if (payload === 'failing' && failing) throw new Error('no');
    });
  });
  afterEach(() => system[Symbol.asyncDispose]());

  const add = (word: string, job: object) =>
    system.scheduler.scheduleJob({
      id: system.name(word),
      jobType: 'task',
      payload: word.replace(/\d+$/, ''),
      retryPolicy: { maximumAttempts: 1 },
      ...job,
    } as never);
  const stateOf = async (id: string) => (await system.scheduler.getJobStatus(id)).state;
  const listed = (filter: JobFilter, states: Record<string, JobState>) =>
    eventually(
      () => system.scheduler.listJobs(filter),
      (jobs) => jobs.length === Object.keys(states).length && jobs.every(({ id, state }) => states[id] === state),
    );
  const sorted = ({ ids, failures }: BulkResult) => ({ ids: ids.toSorted(), failures });

  it('are cancelled: those that pass the filter and have not ended', async () => {
    const tags = ['billing'];
    const [later, nightly, hourly] = await Promise.all([
      add('later', { schedule: once({ in: '1h' }), tags }),
      add('nightly', { schedule: cron('0 2 * * *'), tags }),
      add('hourly', { schedule: interval('1h'), tags }),
    ]);
    const follower = await add('follower', { schedule: afterJob(hourly), tags });
    const ended = await add('ended', { schedule: once(new Date(0)), tags });
    const other = await add('other', { schedule: cron('0 2 * * *') });
    await system.scheduler.waitForJob(ended);
    await listed(
      { tag: 'billing' },
      {
        [later]: 'scheduled',
        [nightly]: 'scheduled',
        [hourly]: 'scheduled',
        [follower]: 'waiting',
        [ended]: 'completed',
      },
    );
    const result = await system.scheduler.cancelJobs({ tag: 'billing' }, { reason: 'moved' });
    assert.deepEqual(sorted(result), { ids: [later, nightly, hourly, follower].toSorted(), failures: [] });
    for (const id of result.ids) assert.equal(await stateOf(id), 'cancelled', id);
    assert.equal((await system.scheduler.getJobStatus(nightly)).lastError, 'moved');
    assert.equal(await stateOf(ended), 'completed');
    assert.equal(await stateOf(other), 'scheduled');
    await listed({ tag: 'billing', state: 'completed' }, { [ended]: 'completed' });
    await eventually(
      () => system.scheduler.cancelJobs({ tag: 'billing' }),
      ({ ids }) => ids.length === 0,
    );
  });

  it('are paused and resumed, and one that fails does not keep the others from it', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    system.on(() => held);
    const ids = await Promise.all(
      Array.from({ length: 25 }, (_, index) => add(`cron${index}`, { schedule: cron('0 2 * * *') })),
    );
    const later = await add('later', { schedule: once({ in: '1h' }) });
    const running = await add('running', { schedule: once(new Date(0)) });
    const untouched = await add('hourly', { schedule: interval('1h') });
    await system.called(1, running);
    const all = [...ids, later, running];
    await eventually(
      () => system.scheduler.listJobs(),
      ({ length }) => length === all.length + 1,
    );
    for (const filter of [{ kind: 'once' }, { kind: 'cron' }] as const) {
      const { ids: paused, failures } = sorted(await system.scheduler.pauseJobs(filter, { reason: 'audit' }));
      assert.deepEqual(paused, filter.kind === 'once' ? [later] : ids.toSorted());
      assert.deepEqual(
        failures.map(({ id, error }) => [id, (error as { code?: string }).code]),
        filter.kind === 'once' ? [[running, 'JOB_NOT_CHANGEABLE']] : [],
      );
    }
    for (const id of [...ids, later]) {
      const { state, paused } = await system.scheduler.getJobStatus(id);
      assert.deepEqual([state, paused], ['paused', { by: 'person', reason: 'audit' }], id);
    }
    assert.equal(await stateOf(untouched), 'scheduled');
    await eventually(
      () => system.scheduler.listJobs({ state: 'paused' }),
      ({ length }) => length === ids.length + 1,
    );
    const resumed = sorted(await system.scheduler.resumeJobs({ state: 'paused' }));
    assert.deepEqual(resumed, { ids: [...ids, later].toSorted(), failures: [] });
    for (const id of resumed.ids) assert.equal(await stateOf(id), 'scheduled', id);
    release();
  });

  it('run their last run again where that has failed', async () => {
    const failed = await Promise.all(
      Array.from({ length: 12 }, (_, index) => add(`failing${index}`, { schedule: once(new Date(0)) })),
    );
    const fine = await add('fine', { schedule: once(new Date(0)) });
    const recurring = await add('failing99', { schedule: interval('1h') });
    const mended = await add('failing98', { schedule: interval('1h') });
    await system.scheduler.triggerJob(recurring);
    await system.scheduler.triggerJob(mended);
    const lastRun = async (id: string) => (await system.scheduler.listRuns(id).next()).value;
    for (const id of [...failed, recurring, mended]) {
      await eventually(
        () => lastRun(id),
        (run) => run?.state === 'failed',
      );
    }
    failing = false;
    const { runId } = await system.scheduler.triggerJob(mended);
    await eventually(
      () => lastRun(mended),
      (run) => run?.state === 'completed' && run.runId === runId,
    );
    await system.scheduler.waitForJob(fine);
    const calls = system.calls.length;
    const result = sorted(await system.scheduler.retryRuns({ jobType: 'task' }));
    assert.deepEqual(result, { ids: [...failed, recurring].toSorted(), failures: [] });
    for (const id of result.ids) {
      await eventually(
        () => lastRun(id),
        (run) => run?.state === 'completed',
      );
    }
    assert.equal(system.calls.length, calls + result.ids.length);
    await eventually(
      () => system.scheduler.listJobs({ state: 'failed' }),
      ({ length }) => length === 0,
    );
    assert.deepEqual(await system.scheduler.retryRuns({ state: 'failed' }), { ids: [], failures: [] });
  });

  it('are refused without a condition, before any call', async () => {
    const { scheduler } = system;
    const id = await add('safe', { schedule: interval('1h') });
    await listed({ idPrefix: id }, { [id]: 'scheduled' });
    const calls = {
      cancelJobs: (filter: JobFilter) => scheduler.cancelJobs(filter),
      pauseJobs: (filter: JobFilter) => scheduler.pauseJobs(filter),
      resumeJobs: (filter: JobFilter) => scheduler.resumeJobs(filter),
      retryRuns: (filter: JobFilter) => scheduler.retryRuns(filter),
    };
    for (const [name, call] of Object.entries(calls)) {
      for (const filter of [{}, { limit: 3 }, { tag: undefined } as never]) {
        await assert.rejects(call(filter), {
          code: 'INVALID_ARGUMENT',
          message: new RegExp(`^${name}: expected a filter with at least one of .*, got none`),
        });
      }
      await assert.rejects(call(undefined as never), { code: 'INVALID_ARGUMENT' }, name);
      await assert.rejects(call({ tags: ['x'] } as never), { code: 'INVALID_ARGUMENT' }, name);
    }
    await assert.rejects(scheduler.cancelJobs({ tag: 'x' }, { why: 'no' } as never), { code: 'INVALID_ARGUMENT' });
    await assert.rejects(scheduler.pauseJobs({ tag: 'x' }, { reason: '' }), { code: 'INVALID_ARGUMENT' });
    assert.equal(await stateOf(id), 'scheduled');
  });

  it('tell how far they are, each job once, and last that all are done', async () => {
    const { scheduler } = system;
    const told = async (call: (onProgress: (progress: Progress) => void) => Promise<unknown>) => {
      const reports: Progress[] = [];
      await call((progress) => reports.push(progress));
      return reports;
    };
    const jobs = ['a', 'b', 'c'].map((word) => ({
      id: system.name(word),
      jobType: 'task',
      payload: {},
      schedule: interval('1h'),
      tags: ['told'],
    }));
    const upTo3 = [1, 2, 3].map((done) => ({ done, total: 3 }));
    assert.deepEqual(await told((onProgress) => scheduler.scheduleJobs(jobs, { onProgress })), upTo3);
    // Of what is only iterated over nobody knows the number. One that fails is done with, too.
    const some = [...jobs, { ...jobs[0]!, id: '' }].values();
    assert.deepEqual(await told((onProgress) => scheduler.scheduleJobs(some, { onProgress })), [
      ...[1, 2, 3, 4].map((done) => ({ done })),
      { done: 4, total: 4 },
    ]);
    await listed({ tag: 'told' }, Object.fromEntries(jobs.map(({ id }) => [id, 'scheduled'])));
    assert.deepEqual(await told((onProgress) => scheduler.pause({ onProgress })), upTo3);
    assert.deepEqual(await told((onProgress) => scheduler.resume({ onProgress })), upTo3);
    const filter = { tag: 'told' };
    assert.deepEqual(await told((onProgress) => scheduler.pauseJobs(filter, { onProgress })), upTo3);
    await listed(filter, Object.fromEntries(jobs.map(({ id }) => [id, 'paused'])));
    assert.deepEqual(await told((onProgress) => scheduler.resumeJobs(filter, { onProgress })), upTo3);
    assert.deepEqual(await told((onProgress) => scheduler.cancelJobs(filter, { onProgress })), upTo3);
    assert.deepEqual(await told((onProgress) => scheduler.retryRuns({ idPrefix: 'none' }, { onProgress })), [
      { done: 0, total: 0 },
    ]);
    await assert.rejects(
      scheduler.pause({ onProgress: 'yes' as never }),
      /^InvalidArgumentError: onProgress: expected a function, got "yes"$/,
    );
  });
});
