import assert from 'node:assert/strict';
import {
  afterJob,
  cron,
  interval,
  once,
  type JobFilter,
  type JobInfo,
  type JobState,
  type ScheduledJob,
} from '../../src/index.ts';
import { temporal } from '../support/cli.ts';
import { System, eventually } from '../support/system.ts';

const idsOf = (jobs: readonly JobInfo[]) => jobs.map(({ id }) => id).toSorted();

for (const engine of ['v1', 'v2'] as const) {
  describe(`a list of jobs (${engine} schedules)`, () => {
    let system: System;
    /** Each with the state it is brought to. */
    const expected = new Map<string, JobState>();
    let release = () => {};

    async function add(word: string, state: JobState, job: object): Promise<string> {
      const id = system.name(word);
      expected.set(id, state);
      return system.scheduler.scheduleJob({
        id,
        jobType: 'task',
        payload: word,
        retryPolicy: { maximumAttempts: 1 },
        ...job,
      } as ScheduledJob);
    }

    /** A list is behind: it is asked when it can have the one run of a job, from its start to its end. */
    const runOf = (id: string) =>
      eventually(
        async () => (await system.scheduler.listRuns(id).next()).value,
        (run) => run?.state === 'completed',
      );

    before(async function () {
      this.timeout(40_000);
      expected.clear();
      system = await System.start({ engine });
      const { scheduler } = system;
      const released = new Promise<void>((resolve) => (release = resolve));
      system.on(async (payload) => {
        if (payload === 'failing') throw new Error('no');
        if (String(payload).startsWith('running')) await released;
      });
      const later = { schedule: once({ in: '1h' }) };
      const now = { schedule: once(new Date(0)) };
      const [, completed, failing, cancelled, running, paused, hourly, nightly, weekly, again, ended] =
        await Promise.all([
          add('later', 'scheduled', { ...later, priority: 'high', tags: ['report', "o'clock"] }),
          add('completed', 'completed', { ...now, tags: ['report'] }),
          add('failing', 'failed', now),
          add('cancelled', 'cancelled', later),
          add('running', 'running', { ...now, priority: 'low' }),
          add('paused', 'paused', later),
          add('hourly', 'scheduled', { schedule: interval('1h'), tags: ['report'], jobType: 'other' }),
          add('nightly', 'paused', { schedule: cron('0 2 * * *'), priority: 'low' }),
          add('weekly', 'cancelled', { schedule: cron('@weekly') }),
          add('running-again', 'running', { schedule: interval('1h'), priority: 'high' }),
          add('ended', 'completed', { schedule: interval('1s', { maxRuns: 1 }) }),
        ]);
      const follower = await add('follower', 'waiting', { schedule: afterJob(hourly) });
      await Promise.all([
        scheduler.cancelJob(cancelled),
        scheduler.pauseJob(paused, { reason: 'audit' }),
        scheduler.pauseJob(nightly),
        scheduler.cancelJob(weekly),
        scheduler.triggerJob(again),
        scheduler.waitForJob(completed),
        assert.rejects(scheduler.waitForJob(failing)),
        system.called(1, running),
        system.called(1, again),
        system.called(1, ended),
        runOf(ended),
      ]);
      assert.ok(follower);
      await eventually(
        () => scheduler.listJobs(),
        (jobs) => jobs.length === expected.size && jobs.every(({ id, state }) => state === expected.get(id)),
      ).catch(async () => {
        const states = (await scheduler.listJobs()).map(({ id, state }) => [id, state] as const);
        assert.deepEqual(Object.fromEntries(states), Object.fromEntries(expected));
      });
    });
    after(async () => {
      release();
      await system[Symbol.asyncDispose]();
    });

    it('has every job of the task queue, recurring and chained ones first', async () => {
      const jobs = await system.scheduler.listJobs();
      const firstOnce = jobs.findIndex(({ kind }) => kind === 'once');
      assert.ok(jobs.slice(firstOnce).every(({ kind }) => kind === 'once'));
      assert.ok(jobs.slice(0, firstOnce).every(({ kind }) => kind !== 'once'));
    });

    it('tells of each what its status tells', async () => {
      for (const job of await system.scheduler.listJobs()) {
        const status = await system.scheduler.getJobStatus(job.id);
        for (const field of ['id', 'jobType', 'priority', 'tags', 'state', 'nextExecution'] as const) {
          assert.deepEqual(job[field], status[field], `${field} of ${job.id}`);
        }
        // A list of schedules has their times, and not how many runs they were given.
        assert.deepEqual({ ...status.schedule, maxRuns: 1 }, { ...job.schedule, maxRuns: 1 }, `schedule of ${job.id}`);
      }
    });

    const filters: [string, JobFilter, (job: JobInfo) => boolean][] = [
      ...(['once', 'interval', 'cron', 'afterJob'] as const).map(
        (kind): [string, JobFilter, (job: JobInfo) => boolean] => [
          `of the kind ${kind}`,
          { kind },
          (job) => job.kind === kind,
        ],
      ),
      ...(['scheduled', 'waiting', 'running', 'paused', 'completed', 'failed', 'cancelled'] as const).map(
        (state): [string, JobFilter, (job: JobInfo) => boolean] => [
          `in the state ${state}`,
          { state },
          (job) => job.state === state,
        ],
      ),
      ...(['high', 'normal', 'low'] as const).map((priority): [string, JobFilter, (job: JobInfo) => boolean] => [
        `of ${priority} priority`,
        { priority },
        (job) => job.priority === priority,
      ]),
      ['of a type', { jobType: 'other' }, ({ jobType }) => jobType === 'other'],
      ['with a tag', { tag: 'report' }, ({ tags }) => tags.includes('report')],
      ['with a tag that has a quote', { tag: "o'clock" }, ({ tags }) => tags.includes("o'clock")],
      ['whose id begins so', { idPrefix: 'running' }, ({ id }) => id.startsWith('running')],
      [
        'that pass several conditions',
        { tag: 'report', kind: 'once', priority: 'high' },
        ({ id }) => id.startsWith('later'),
      ],
    ];
    for (const [what, filter, passes] of filters) {
      it(`has the jobs ${what}`, async () => {
        const all = await system.scheduler.listJobs();
        const found = await system.scheduler.listJobs(filter);
        assert.deepEqual(idsOf(found), idsOf(all.filter(passes)));
        assert.ok(found.length > 0, 'this test has something to find');
      });
    }

    it('has none where nothing passes', async () => {
      const none: JobFilter[] = [
        { jobType: 'nothing' },
        { tag: 'REPORT' },
        { idPrefix: 'nobody' },
        { kind: 'cron', state: 'waiting' },
        { jobType: "' OR JobId != '" },
        { tag: "') OR (JobId != '" },
        // Whether a due run has started takes a look at each: see JobInfo.
        { state: 'queued' },
      ];
      for (const filter of none) assert.deepEqual(await system.scheduler.listJobs(filter), [], JSON.stringify(filter));
    });

    it('has at most so many as it may have', async () => {
      const all = await system.scheduler.listJobs();
      for (const limit of [1, 5, all.length, 1_000]) {
        const some = await system.scheduler.listJobs({ limit });
        assert.deepEqual(
          some.map(({ id }) => id),
          all.slice(0, limit).map(({ id }) => id),
        );
      }
      assert.equal((await system.scheduler.listJobs({ state: 'cancelled', limit: 1 })).length, 1);
    });
  });
}

describe('a list of jobs', () => {
  let system: System;
  before(async () => {
    system = await System.start();
  });
  after(() => system[Symbol.asyncDispose]());

  const later = () => ({ jobType: 'task', payload: {}, schedule: once({ in: '1h' }) });
  const recurring = () => ({ jobType: 'task', payload: {}, schedule: interval('1h') });
  const listed = (filter: JobFilter, count: number) =>
    eventually(
      () => system.scheduler.listJobs(filter),
      ({ length }) => length === count,
    );

  it('takes every character of a prefix for itself', async () => {
    const words = [
      '100%',
      '100x',
      'a_b',
      'axb',
      "it's",
      'its',
      'a!b',
      'a!%b',
      'a*b',
      'a?b',
      '%',
      '_',
      "'",
      "''",
      '日本',
      '(x)',
      'a b',
      'A_b',
    ];
    const ids = words.flatMap((word) => [`${system.id}${word}/once`, `${system.id}${word}/every`]);
    const { failures } = await system.scheduler.scheduleJobs(
      ids.map((id) => ({ ...(id.endsWith('once') ? later() : recurring()), id })),
    );
    assert.deepEqual(failures, []);
    await listed({ idPrefix: system.id }, ids.length);
    for (const word of words) {
      const idPrefix = `${system.id}${word}`;
      const found = await system.scheduler.listJobs({ idPrefix });
      assert.deepEqual(idsOf(found), ids.filter((id) => id.startsWith(idPrefix)).toSorted(), word);
    }
  });

  it('goes on to further pages until it has what was asked for', async () => {
    const names = Array.from({ length: 24 }, (_, index) =>
      index % 8 === 7 ? `${system.id}p_${index}` : `${system.id}px${index}`,
    );
    await system.scheduler.scheduleJobs(names.map((id) => ({ ...later(), id, tags: ['pages'] })));
    await listed({ tag: 'pages' }, 24);
    // To the server `_` is any character, so a page of 2 has mostly others.
    const found = await system.scheduler.listJobs({ tag: 'pages', idPrefix: `${system.id}p_`, limit: 2 });
    assert.equal(found.length, 2);
    assert.ok(found.every(({ id }) => id.startsWith(`${system.id}p_`)));
    const all = await system.scheduler.listJobs({ tag: 'pages', idPrefix: `${system.id}p_`, limit: 4 });
    assert.deepEqual(idsOf(all), names.filter((id) => id.includes('p_')).toSorted());
  });

  it('can be left half way', async () => {
    await system.scheduler.scheduleJobs(Array.from({ length: 3 }, () => ({ ...later(), tags: ['left'] })));
    await listed({ tag: 'left' }, 3);
    const seen = [];
    for await (const job of system.scheduler.iterateJobs({ tag: 'left' })) {
      seen.push(job.id);
      if (seen.length === 2) break;
    }
    assert.equal(seen.length, 2);
  });

  it('follows what is changed of a job', async () => {
    const jobs = [await system.scheduler.scheduleJob(later()), await system.scheduler.scheduleJob(recurring())];
    const changes = { priority: 'high', tags: ['changed'] } as const;
    await Promise.all(jobs.map((id) => system.scheduler.updateJob(id, changes)));
    const found = await listed({ tag: 'changed', priority: 'high' }, 2);
    assert.deepEqual(idsOf(found), jobs.toSorted());
    assert.deepEqual(
      found.map(({ tags, priority }) => ({ tags, priority })),
      [changes, changes],
    );
    await Promise.all(jobs.map((id) => system.scheduler.cancelJob(id)));
  });

  it('follows what an update changes of a once job: its type, and its time', async () => {
    const id = await system.scheduler.scheduleJob({ ...later(), schedule: once({ in: 1_500 }), tags: ['moved'] });
    await system.scheduler.updateJob(id, { jobType: 'other', schedule: once({ in: '1h' }) });
    const since = Date.now();
    await eventually(
      async () => Date.now() - since,
      (passed) => passed > 2_000,
    );
    await listed({ jobType: 'other', state: 'scheduled', tag: 'moved' }, 1);
    await listed({ jobType: 'task', tag: 'moved' }, 0);
  });

  it('has a job that was replaced once, as it is now', async () => {
    const id = system.name('replaced');
    await system.scheduler.scheduleJob({ ...later(), id, tags: ['old'] });
    await system.scheduler.scheduleJob({ ...later(), id, tags: ['new'] }, { onConflict: 'replace' });
    await listed({ tag: 'new' }, 1);
    const [job] = await listed({ idPrefix: id }, 1);
    assert.deepEqual([job?.state, job?.tags], ['scheduled', ['new']]);
    await system.scheduler.cancelJob(id);
  });

  it('has no jobs of another task queue, and nobody there can touch them', async () => {
    await using other = await System.start({ worker: false });
    const ids = [
      await system.scheduler.scheduleJob({ ...later(), id: system.name('ours') }),
      await system.scheduler.scheduleJob({ ...recurring(), id: system.name('ours-too') }),
    ];
    await listed({ idPrefix: 'ours' }, 2);
    assert.deepEqual(await other.scheduler.listJobs(), []);
    for (const id of ids) {
      const { scheduler } = other;
      const calls = [
        () => scheduler.getJobStatus(id),
        () => scheduler.cancelJob(id),
        () => scheduler.pauseJob(id),
        () => scheduler.resumeJob(id),
        () => scheduler.triggerJob(id),
        () => scheduler.updateJob(id, { priority: 'high' }),
        () => scheduler.listRuns(id).next(),
        () => scheduler.waitForJob(id),
        () => scheduler.scheduleJob({ ...later(), schedule: afterJob(id) }),
      ];
      for (const [index, call] of calls.entries()) {
        await assert.rejects(call, { code: 'JOB_NOT_FOUND', jobId: id }, `call ${index}`);
      }
      const same = id === ids[0] ? later() : recurring();
      for (const onConflict of ['error', 'keep', 'replace'] as const) {
        const taken = {
          code: 'JOB_ALREADY_EXISTS',
          jobId: id,
          message: /taken in the namespace by something that is no job/,
        };
        await assert.rejects(scheduler.scheduleJob({ ...same, id }, { onConflict }), taken);
      }
    }
    await other.scheduler.pause();
    assert.equal(await system.scheduler.isPaused(), false);
    for (const id of ids) assert.equal((await system.scheduler.getJobStatus(id)).state, 'scheduled');
  });

  it('has jobs that other tools made in the same shape, and they work', async () => {
    const { address, taskQueue, scheduler, client } = system;
    const [byCli, bySdk] = [system.name('by-cli'), system.name('by-sdk')];
    const attributes = { JobQueue: taskQueue, JobKind: 'interval', JobType: 'task', JobPriority: 'high', JobId: byCli };
    const action = ['--type', 'runJob', '--task-queue', taskQueue, '--workflow-id', byCli];
    const input = ['--input', JSON.stringify({ jobType: 'task', payload: { from: 'cli' } })];
    const search = Object.entries(attributes).flatMap(([name, value]) => [
      '--schedule-search-attribute',
      `${name}=${JSON.stringify(value)}`,
    ]);
    await temporal(
      address,
      'schedule',
      'create',
      '--schedule-id',
      byCli,
      '--interval',
      '1h',
      ...action,
      ...input,
      ...search,
    );
    await client.schedule.create({
      scheduleId: bySdk,
      spec: { calendars: [{ hour: 2 }], timezone: 'Europe/Berlin' },
      action: {
        type: 'startWorkflow',
        workflowType: 'runJob',
        taskQueue,
        args: [{ jobType: 'task', payload: { from: 'sdk' } }],
      },
      searchAttributes: { JobQueue: [taskQueue], JobKind: ['cron'], JobType: ['task'] },
    });
    const found = await eventually(
      () => scheduler.listJobs(),
      (jobs) => [byCli, bySdk].every((id) => jobs.some((job) => job.id === id)),
    );
    const [cli, sdk] = [byCli, bySdk].map((id) => found.find((job) => job.id === id));
    assert.deepEqual([cli?.kind, cli?.jobType, cli?.priority, cli?.state], ['interval', 'task', 'high', 'scheduled']);
    assert.deepEqual(
      [sdk?.kind, sdk?.priority, sdk?.schedule],
      ['cron', 'normal', cron('0 2 * * *', { timezone: 'Europe/Berlin' })],
    );
    for (const [id, from] of [
      [byCli, 'cli'],
      [bySdk, 'sdk'],
    ] as const) {
      await scheduler.triggerJob(id);
      await system.called(1, id);
      assert.deepEqual(
        system.callsOf(id).map(({ payload }) => payload),
        [{ from }],
      );
      await scheduler.updateJob(id, { tags: ['adopted'] });
      assert.deepEqual((await scheduler.getJobStatus(id)).tags, ['adopted']);
      await scheduler.pauseJob(id);
      assert.equal((await scheduler.getJobStatus(id)).state, 'paused');
      await scheduler.resumeJob(id);
      await scheduler.cancelJob(id);
      assert.equal((await scheduler.getJobStatus(id)).state, 'cancelled');
    }
  });

  it('has no schedule that starts something else, even with our search attributes', async () => {
    const { taskQueue, scheduler, client } = system;
    const scheduleId = system.name('stranger');
    await client.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: '1h' }] },
      action: { type: 'startWorkflow', workflowType: 'somethingElse', taskQueue },
      searchAttributes: { JobQueue: [taskQueue], JobKind: ['interval'] },
    });
    const marker = await scheduler.scheduleJob({ ...recurring(), tags: ['marker'] });
    await listed({ tag: 'marker' }, 1);
    assert.deepEqual(await scheduler.listJobs({ idPrefix: scheduleId }), []);
    await assert.rejects(scheduler.getJobStatus(scheduleId), { code: 'JOB_NOT_FOUND' });
    await assert.rejects(scheduler.cancelJob(scheduleId), { code: 'JOB_NOT_FOUND' });
    await client.schedule.getHandle(scheduleId).delete();
    await scheduler.cancelJob(marker);
  });
});
