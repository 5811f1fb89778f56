import assert from 'node:assert/strict';
import {
  InvalidArgumentError,
  InvalidJobError,
  afterJob,
  cron,
  interval,
  once,
  type AppliedJobs,
  type ScheduledJob,
} from '../../src/index.ts';
import { temporal } from '../support/cli.ts';
import { System, eventually } from '../support/system.ts';

describe('applyJobs', () => {
  let system: System;
  let ids: Record<'report' | 'sync' | 'mail' | 'audit', string>;
  beforeEach(async () => {
    system = await System.start({ worker: false });
    ids = {
      report: system.name('report'),
      sync: system.name('sync'),
      mail: system.name('mail'),
      audit: system.name('audit'),
    };
  });
  afterEach(() => system[Symbol.asyncDispose]());

  /** The list as it is at first: one job of each kind, and a job that stands before what it follows. */
  const list = (): ScheduledJob[] => [
    { id: ids.mail, jobType: 'task', payload: { to: 'all' }, schedule: afterJob(ids.report) },
    { id: ids.report, jobType: 'task', payload: 1, schedule: cron('0 9 * * *'), tags: ['daily'] },
    { id: ids.sync, jobType: 'task', payload: 2, schedule: interval('1h', { startAt: '2027-01-01T00:00:00Z' }) },
    { id: ids.audit, jobType: 'task', payload: 3, schedule: once('2027-06-01T00:00:00Z') },
  ];
  const nothing: AppliedJobs = { created: [], changed: [], cancelled: [], unchanged: [], drifted: [], failures: [] };
  const sorted = (answer: AppliedJobs) => ({
    ...answer,
    created: answer.created.toSorted(),
    unchanged: answer.unchanged.toSorted(),
  });
  const all = () => Object.values(ids).toSorted();
  const apply = async (jobs: readonly ScheduledJob[], dryRun = false) =>
    sorted(await system.scheduler.applyJobs(jobs, { owner: 'test', dryRun }));
  /** Lists are behind. */
  const listed = (count: number) =>
    eventually(
      () => system.scheduler.listJobs({ tag: 'owner:test' }),
      (jobs) => jobs.length === count,
    );

  it('creates what is missing, and the second time finds nothing to do', async () => {
    assert.deepEqual(await apply(list(), true), { ...nothing, created: all() });
    assert.deepEqual(await system.scheduler.listJobs(), []);
    assert.deepEqual(await apply(list()), { ...nothing, created: all() });
    await listed(4);
    assert.deepEqual(await apply(list()), { ...nothing, unchanged: all() });
    const { tags, schedule } = await system.scheduler.getJobStatus(ids.report);
    assert.deepEqual([tags, schedule.kind], [['daily', 'owner:test'], 'cron']);
  });

  it('changes what differs and cancels what is not there any more, after it has told', async () => {
    await apply(list());
    await listed(4);
    const [mail, report, sync] = list() as [ScheduledJob, ScheduledJob, ScheduledJob];
    const next: ScheduledJob[] = [
      mail,
      { ...report, schedule: cron('30 9 * * *'), retryPolicy: { maximumAttempts: 9 } },
      { ...sync, payload: 22 },
    ];
    const expected = {
      ...nothing,
      changed: [
        { id: ids.report, fields: ['retryPolicy', 'schedule'] },
        { id: ids.sync, fields: ['payload'] },
      ],
      cancelled: [ids.audit],
      unchanged: [ids.mail],
    };
    const tidy = (answer: AppliedJobs) => ({
      ...answer,
      changed: answer.changed
        .map(({ id, fields }) => ({ id, fields: fields.toSorted() }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    });
    assert.deepEqual(tidy(await apply(next, true)), expected);
    assert.equal((await system.scheduler.getJobStatus(ids.audit)).state, 'scheduled');
    assert.deepEqual(tidy(await apply(next)), expected);
    const { state, cancelled } = await system.scheduler.getJobStatus(ids.audit);
    assert.deepEqual([state, cancelled?.reason], ['cancelled', 'applyJobs() was called without it']);
    const { schedule } = await system.scheduler.getJobStatus(ids.report);
    assert.equal(schedule.kind === 'cron' && schedule.expression, '30 9 * * *');
    await eventually(
      () => apply(next),
      ({ unchanged }) => unchanged.length === 3,
    );
    // What is declared again comes back, and nobody else has changed anything.
    assert.deepEqual((await apply(list())).created, [ids.audit]);
  });

  it('names what others have changed, and changes it back', async () => {
    // A once job that waits is changed by a worker.
    await system.startWorker();
    await apply(list());
    await listed(4);
    await system.scheduler.updateJob(ids.report, { priority: 'high' });
    await system.scheduler.updateJob(ids.audit, { payload: 33 });
    await temporal(system.address, 'schedule', 'toggle', '--schedule-id', ids.sync, '--pause', '--reason', 'audit');
    await system.scheduler.cancelJob(ids.mail, { reason: 'by hand' });
    const drifted = [
      { id: ids.audit, fields: ['payload'] },
      { id: ids.mail, fields: ['cancelled'] },
      { id: ids.report, fields: ['priority'] },
      { id: ids.sync, fields: ['paused'] },
    ];
    const answer = await apply(list());
    assert.deepEqual(
      answer.drifted.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      drifted,
    );
    assert.deepEqual([answer.created, answer.unchanged, answer.failures], [[ids.mail], [ids.sync], []]);
    assert.deepEqual(answer.changed.map(({ id }) => id).toSorted(), [ids.audit, ids.report]);
    assert.equal((await system.scheduler.getJobStatus(ids.report)).priority, 'normal');
    assert.equal((await system.scheduler.getJobStatus(ids.sync)).state, 'paused', 'who paused it resumes it');
    assert.deepEqual((await apply(list())).drifted, [{ id: ids.sync, fields: ['paused'] }]);
    const changed = list().map((job) => (job.id === ids.sync ? { ...job, payload: 22 } : job));
    assert.deepEqual((await apply(changed)).changed, [{ id: ids.sync, fields: ['payload'] }]);
    assert.equal((await system.scheduler.getJobStatus(ids.sync)).state, 'paused', 'also under a new definition');
  });

  it('leaves jobs of others alone, and other owners', async () => {
    const other = system.name('other');
    await system.scheduler.scheduleJob({ id: other, jobType: 'task', payload: 1, schedule: interval('1h') });
    await apply(list().slice(1, 2));
    await listed(1);
    const answer = await system.scheduler.applyJobs([], { owner: 'somebody' });
    assert.deepEqual(answer, nothing);
    assert.deepEqual((await apply([])).cancelled, [ids.report]);
    assert.equal((await system.scheduler.getJobStatus(other)).state, 'scheduled');
  });

  it('applies the rest where one fails', async () => {
    const [, report] = list() as [ScheduledJob, ScheduledJob];
    const orphan = { id: ids.mail, jobType: 'task', payload: 1, schedule: afterJob(system.name('nobody')) };
    const { created, failures } = await apply([orphan, report]);
    assert.deepEqual(created, [ids.report]);
    assert.deepEqual(
      failures.map(({ id, error }) => [id, (error as { code?: string }).code]),
      [[ids.mail, 'JOB_NOT_FOUND']],
    );
  });

  it('does not run again what has run', async () => {
    await system.startWorker();
    const jobs: ScheduledJob[] = [{ id: ids.audit, jobType: 'task', payload: 3, schedule: once({ in: 0 }) }];
    await apply(jobs);
    await system.scheduler.waitForJob(ids.audit);
    assert.deepEqual(await apply(jobs), { ...nothing, unchanged: [ids.audit] });
    assert.equal(system.callsOf(ids.audit).length, 1);
  });

  it('refuses a list that it cannot apply before any call', async () => {
    const [job] = list() as [ScheduledJob];
    const { id: _, ...anonymous } = job;
    await assert.rejects(apply([anonymous]), InvalidJobError);
    await assert.rejects(apply([job, job]), /id: expected each once, got ".*" twice/);
    await assert.rejects(apply('all' as never), InvalidArgumentError);
    await assert.rejects(system.scheduler.applyJobs([], { owner: 'a b' }), /owner: expected .*, got "a b"/);
    await assert.rejects(
      system.scheduler.applyJobs([], { dryRun: 1 as never }),
      /dryRun: expected true or false, got 1/,
    );
  });

  it('puts back what was cancelled with a job that it had to replace', async () => {
    const [c, d] = [system.name('c'), system.name('d')];
    const jobs = (payload: unknown): ScheduledJob[] => [
      { id: ids.report, jobType: 'task', payload: 1, schedule: cron('0 9 * * *') },
      { id: ids.mail, jobType: 'task', payload, schedule: afterJob(ids.report) },
      { id: c, jobType: 'task', payload: 1, schedule: afterJob(ids.mail) },
      { id: d, jobType: 'task', payload: 1, schedule: afterJob(c) },
    ];
    await apply(jobs(1));
    await listed(4);
    const { changed, failures } = await apply(jobs(2));
    assert.deepEqual([changed, failures], [[{ id: ids.mail, fields: ['payload'] }], []]);
    for (const id of [ids.mail, c, d]) assert.equal((await system.scheduler.getJobStatus(id)).state, 'waiting', id);
    assert.deepEqual((await apply(jobs(2))).drifted, []);
  });

  it('does not run a once job again for a change in the list', async () => {
    await system.startWorker();
    const job = (tags: string[]): ScheduledJob => ({
      id: ids.audit,
      jobType: 'task',
      payload: 1,
      schedule: once(new Date(0)),
      tags,
    });
    await apply([job([])]);
    await system.scheduler.waitForJob(ids.audit);
    assert.deepEqual((await apply([job(['new'])])).unchanged, [ids.audit]);
    assert.equal(system.callsOf(ids.audit).length, 1);
  });

  it('refuses a list with a job whose tags leave no room for the owner', async () => {
    const tags = Array.from({ length: 20 }, (_, index) => `tag-${index}`);
    const job = { id: ids.audit, jobType: 'task', payload: 1, schedule: once({ in: 0 }), tags };
    await assert.rejects(apply([job]), { name: 'InvalidJobError', field: 'tags' });
  });
});
