import assert from 'node:assert/strict';
import { cron, interval, nextRunTimes } from '../../src/index.ts';
import { System, eventually } from '../support/system.ts';

for (const engine of ['v1', 'v2'] as const) {
  describe(`recurring jobs (${engine} schedules)`, () => {
    let system: System;
    before(async () => {
      system = await System.start({ engine });
    });
    after(() => system[Symbol.asyncDispose]());
    beforeEach(() => system.on(() => 'done'));

    const schedule = (id: string, options: object) =>
      system.scheduler.scheduleJob({ id: system.name(id), jobType: 'task', payload: id, ...options } as never);
    const status = (id: string) => system.scheduler.getJobStatus(id);

    it('run every so often from their creation on, in at most 12 events', async () => {
      const createdAt = Date.now();
      const id = await schedule('every', { schedule: interval('2s'), tags: ['often'] });
      await system.called(2, id);
      const [first, second] = system.callsOf(id).map(({ context }) => context.scheduledAt.getTime());
      assert.ok(first! - createdAt >= 2_000 && first! - createdAt <= 3_000, `${first! - createdAt} ms after creation`);
      assert.equal(second! - first!, 2_000);
      const { schedule: source, lastRun, nextExecution, tags } = await status(id);
      assert.deepEqual(source, { kind: 'interval', every: 2_000 });
      assert.deepEqual(tags, ['often']);
      assert.ok(lastRun && nextExecution);
      const runs = [];
      for await (const run of system.scheduler.listRuns(id)) runs.push(run);
      const completed = runs.find(({ state }) => state === 'completed');
      const { events } = await system.client.workflow.getHandle(completed!.workflowId).fetchHistory();
      assert.ok(events!.length <= 12, `${events!.length} events`);
      await system.scheduler.cancelJob(id);
    });

    it('run at each time of a cron expression, with the expression in their status', async () => {
      const id = await schedule('cron', { schedule: cron('* * * * * *', { timezone: 'Europe/Berlin' }) });
      await system.called(2, id);
      assert.deepEqual((await status(id)).schedule, cron('* * * * * *', { timezone: 'Europe/Berlin' }));
      await system.scheduler.cancelJob(id);
      const yearly = await schedule('yearly', { schedule: cron('0 0 L 2 *') });
      const [next] = nextRunTimes(cron('0 0 L 2 *'), { count: 1 });
      assert.deepEqual((await status(yearly)).nextExecution, next);
    });

    it('get the due times that come right after their creation', async () => {
      for (let round = 0; round < 5; round++) {
        const at = new Date(Math.ceil((Date.now() + 30) / 1_000) * 1_000);
        const id = await schedule(`soon-${round}`, { schedule: interval('1h', { startAt: at }) });
        await eventually(
          () => Promise.resolve(system.callsOf(id).length),
          (calls) => calls === 1,
        );
      }
      console.log(`      5 schedules with a due time within a second of their creation: 5 runs`);
    });

    it('answer what a run returned that was triggered, ended already or not', async () => {
      const id = await schedule('asked', { schedule: interval('1h') });
      for (let round = 0; round < 10; round++) {
        system.on(() => round);
        const { runId } = await system.scheduler.triggerJob(id);
        assert.equal(await system.scheduler.waitForJob(id, { runId }), round);
      }
      const runId = '00000000-0000-0000-0000-000000000000';
      await assert.rejects(system.scheduler.waitForJob(id, { runId }), { name: 'JobNotChangeableError' });
      await assert.rejects(system.scheduler.waitForJob('nobody', { runId }), { name: 'JobNotFoundError' });
    });

    it('are not made up for once they are cancelled, nor before their time', async () => {
      const id = await schedule('to-come', { schedule: cron('0 * * * *') });
      const hour = 3_600_000;
      const now = Date.now();
      await system.scheduler.backfillJob(id, { from: new Date(now - 2 * hour), to: new Date(now + 5 * hour) });
      await system.called(2, id);
      await system.scheduler.cancelJob(id);
      assert.deepEqual(
        system.callsOf(id).filter(({ context }) => context.scheduledAt.getTime() > now),
        [],
      );
      const range = { from: new Date(now - 9 * hour), to: new Date(now) };
      await assert.rejects(system.scheduler.backfillJob(id, range), { name: 'JobNotChangeableError' });
    });

    it('end after maxRuns', async () => {
      const id = await schedule('twice', { schedule: interval('1s', { maxRuns: 2 }) });
      await eventually(
        () => status(id),
        ({ state }) => state === 'completed',
      );
      assert.equal(system.callsOf(id).length, 2);
      const { schedule: source } = await status(id);
      assert.deepEqual(source, interval('1s', { maxRuns: 2 }));
    });

    it('are the same job when scheduled again, and another one when replaced', async () => {
      const job = {
        schedule: cron('0 2 * * *'),
        timeout: '1h',
        tags: ['x'],
        overlap: 'skip',
        payload: { a: [1, { b: null }] },
      };
      const id = await schedule('again', job);
      assert.equal(await schedule('again', job), id);
      await assert.rejects(schedule('again', { ...job, timeout: '2h' }), { code: 'JOB_ALREADY_EXISTS' });
      await system.scheduler.scheduleJob(
        { id, jobType: 'task', payload: 2, schedule: interval('1h'), priority: 'low' },
        { onConflict: 'replace' },
      );
      const { schedule: source, priority } = await status(id);
      assert.deepEqual(source, interval('1h'));
      assert.equal(priority, 'low');
      const [listed] = await eventually(
        () => system.scheduler.listJobs({ idPrefix: id }),
        ([job_]) => job_?.priority === 'low',
      );
      assert.equal(listed?.kind, 'interval');
    });

    it('start a run when triggered, twice in one second too, and say which', async () => {
      const id = await schedule('triggered', { schedule: cron('0 0 1 1 *') });
      const [one, two] = await Promise.all([system.scheduler.triggerJob(id), system.scheduler.triggerJob(id)]);
      assert.notEqual(one.runId, two.runId);
      await system.called(2, id);
      assert.deepEqual(new Set(system.callsOf(id).map(({ runId }) => runId)), new Set([one.runId, two.runId]));
    });

    it('make up for due times of the past, each once', async () => {
      const id = await schedule('backfilled', { schedule: cron('0 * * * *') });
      const from = new Date('2026-03-01T00:00:00Z');
      await system.scheduler.backfillJob(id, { from, to: new Date('2026-03-01T03:30:00Z') });
      await system.called(4, id);
      const dueTimes = system.callsOf(id).map(({ context }) => context.scheduledAt.toISOString());
      assert.deepEqual(
        dueTimes.toSorted(),
        [0, 1, 2, 3].map((hour) => `2026-03-01T0${hour}:00:00.000Z`),
      );
    });

    it('change only what is named, and both of two changes at once', async () => {
      const id = await schedule('changed', {
        schedule: interval('1h', { maxRuns: 9 }),
        payload: { keep: 1 },
        retryPolicy: { maximumAttempts: 4 },
        tags: ['a'],
      });
      await system.scheduler.pauseJob(id, { reason: 'kept' });
      await Promise.all([
        system.scheduler.updateJob(id, { priority: 'high' }),
        system.scheduler.updateJob(id, { tags: ['b'], retryPolicy: { initialInterval: '5s' } }),
      ]);
      const { state, paused, priority, tags, schedule: source } = await status(id);
      assert.deepEqual(
        { state, paused, priority, tags },
        { state: 'paused', paused: { by: 'person', reason: 'kept' }, priority: 'high', tags: ['b'] },
      );
      assert.deepEqual(source, interval('1h', { maxRuns: 9 }));
      const description = await system.client.schedule.getHandle(id).describe();
      assert.equal(description.state.remainingActions, 9);
      assert.deepEqual((description.action.args as [object])[0], {
        ...(description.action.args as [object])[0],
        payload: { keep: 1 },
        priority: 'high',
        retryPolicy: {
          maximumAttempts: 4,
          initialInterval: 5_000,
          backoffCoefficient: 2,
          maximumInterval: 100_000,
          nonRetryableErrorTypes: [],
        },
      });
      await system.scheduler.updateJob(id, { schedule: cron('0 3 * * *') });
      await system.scheduler.resumeJob(id);
      assert.deepEqual((await status(id)).schedule, cron('0 3 * * *'));
      await assert.rejects(system.scheduler.updateJob(id, { id: 'other' }), { code: 'INVALID_JOB' });
      await assert.rejects(system.scheduler.updateJob(id, { priority: 'urgent' } as never), { code: 'INVALID_JOB' });
    });

    it('count the due times that an open run left without a run', async () => {
      let finish = () => {};
      system.on(() => new Promise<void>((resolve) => (finish = resolve)));
      const id = await schedule('skipping', { schedule: interval('1s'), overlap: 'skip' });
      await system.called(1, id);
      await eventually(
        () => status(id),
        ({ skipped }) => skipped.overlap >= 2,
      );
      assert.equal((await status(id)).state, 'running');
      system.on(() => 'done');
      finish();
      await system.scheduler.cancelJob(id);
    });
  });
}
