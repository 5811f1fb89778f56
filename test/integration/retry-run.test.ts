import assert from 'node:assert/strict';
import { afterJob, interval, once, type JobId, type JobState, type RunInfo } from '../../src/index.ts';
import { createRecords } from '../../src/client/records.ts';
import { QueueHold } from '../../src/client/hold.ts';
import { temporal } from '../support/cli.ts';
import { System, eventually } from '../support/system.ts';

for (const engine of ['v1', 'v2'] as const) {
  describe(`a failed run is retried (${engine} schedules)`, () => {
    let system: System;
    /** Which payloads fail. */
    const failing = new Set<unknown>();
    let release = () => {};

    before(async () => {
      system = await System.start({ engine });
    });
    after(() => system[Symbol.asyncDispose]());
    beforeEach(() => {
      failing.clear();
      system.calls.length = 0;
      release = () => {};
      system.on((payload) => {
        if (failing.has(payload)) throw new Error('broken');
        return { was: payload };
      });
    });

    const schedule = (word: string, options: object) =>
      system.scheduler.scheduleJob({
        id: system.name(word),
        jobType: 'task',
        payload: word,
        retryPolicy: { maximumAttempts: 2, initialInterval: 10 },
        ...options,
      } as never);
    const status = (id: JobId) => system.scheduler.getJobStatus(id);
    const reaches = (id: JobId, wanted: JobState) =>
      eventually(
        () => status(id),
        ({ state }) => state === wanted,
      );
    const runs = async (id: JobId) => {
      const found: RunInfo[] = [];
      for await (const run of system.scheduler.listRuns(id)) found.push(run);
      return found;
    };
    const failedOnce = async (word: string, options: object = {}) => {
      failing.add(word);
      const id = await schedule(word, { schedule: once(new Date(0)), ...options });
      await reaches(id, 'failed');
      return id;
    };

    it('with a fresh set of attempts, as another run of the same workflow', async () => {
      const id = await failedOnce('mend');
      const { lastRun } = await status(id);
      const again = await system.scheduler.retryRun(id);
      assert.equal(again.workflowId, id);
      assert.notEqual(again.runId, lastRun?.runId);
      assert.equal(again.scheduledAt.getTime(), lastRun?.scheduledAt.getTime());
      await reaches(id, 'failed');
      assert.deepEqual(
        system.callsOf(id).map(({ attempt }) => attempt),
        [1, 2, 1, 2],
      );
      failing.clear();
      const last = await system.scheduler.retryRun(id);
      assert.deepEqual(await system.scheduler.waitForJob(id), { was: 'mend' });
      const after = await status(id);
      assert.deepEqual([after.state, after.lastRun?.runId, after.lastError], ['completed', last.runId, undefined]);
      const listed = await eventually(
        () => runs(id),
        ({ length }) => length === 3,
      );
      assert.deepEqual(new Set(listed.map(({ runId }) => runId)), new Set([lastRun?.runId, again.runId, last.runId]));
      await eventually(
        () => system.scheduler.listJobs({ idPrefix: id }),
        (jobs) => jobs.length === 1 && jobs[0]?.state === 'completed',
      );
    });

    it('once, however often it is asked for while that goes on', async () => {
      const id = await failedOnce('twice');
      const held = new Promise<void>((resolve) => (release = resolve));
      system.on(() => held);
      const { runId } = (await status(id)).lastRun!;
      const first = await system.scheduler.retryRun(id);
      const second = await system.scheduler.retryRun(id);
      const third = await system.scheduler.retryRun(id, { runId });
      assert.deepEqual([second.runId, third.runId], [first.runId, first.runId]);
      release();
      await reaches(id, 'completed');
      assert.equal(system.callsOf(id).length, 3);
    });

    it('of a once job that was brought forward', async () => {
      failing.add('forward');
      const id = await schedule('forward', { schedule: once({ in: '1h' }) });
      await system.scheduler.triggerJob(id);
      await reaches(id, 'failed');
      failing.clear();
      await system.scheduler.retryRun(id);
      await reaches(id, 'completed');
    });

    it('that was terminated while its handler ran', async () => {
      const held = new Promise<void>((resolve) => (release = resolve));
      system.on(() => held);
      const id = await schedule('killed', { schedule: once(new Date(0)) });
      await system.called(1, id);
      await system.client.workflow.getHandle(id).terminate('by hand');
      system.on(() => 'done');
      await reaches(id, 'failed');
      await system.scheduler.retryRun(id);
      await reaches(id, 'completed');
      release();
    });

    it('of a recurring job: the last that failed, or the one that is named', async () => {
      failing.add('every');
      const id = await schedule('every', { schedule: interval('1h') });
      const first = await system.scheduler.triggerJob(id);
      await eventually(
        () => runs(id),
        ([run]) => run?.state === 'failed',
      );
      const second = await system.scheduler.triggerJob(id);
      const stateOf = async (runId: string) => (await runs(id)).find((run) => run.runId === runId)?.state;
      await eventually(
        () => stateOf(second.runId),
        (state) => state === 'failed',
      );
      failing.clear();
      const third = await system.scheduler.triggerJob(id);
      await eventually(
        () => stateOf(third.runId),
        (state) => state === 'completed',
      );
      const again = await system.scheduler.retryRun(id);
      assert.equal(again.workflowId, second.workflowId);
      const named = await system.scheduler.retryRun(id, { runId: first.runId });
      assert.equal(named.workflowId, first.workflowId);
      for (const { runId } of [again, named]) {
        await eventually(
          () => stateOf(runId),
          (state) => state === 'completed',
        );
      }
      // Both are made good.
      await assert.rejects(system.scheduler.retryRun(id), {
        code: 'JOB_NOT_CHANGEABLE',
        message: /with a run that has failed, got .*, which has none/,
      });
      await assert.rejects(system.scheduler.retryRun(id, { runId: first.runId }), {
        code: 'JOB_NOT_CHANGEABLE',
        message: new RegExp(`was retried already: its retry is "${named.runId}"`),
      });
      await assert.rejects(system.scheduler.retryRun(id, { runId: third.runId }), {
        code: 'JOB_NOT_CHANGEABLE',
        message: /expected a failed run .* which is completed/,
      });
    });

    it('and what follows it runs after the new end too', async () => {
      const first = system.name('leader');
      failing.add('leader');
      await schedule('leader', { schedule: once({ in: '1h' }) });
      const onSuccess = await schedule('on-success', { schedule: afterJob(first) });
      const next = await schedule('next', { schedule: afterJob(onSuccess) });
      const onFailure = await schedule('on-failure', { schedule: afterJob(first, { on: 'failure' }) });
      const onCompletion = await schedule('on-completion', { schedule: afterJob(first, { on: 'completion' }) });
      await system.scheduler.triggerJob(first);
      await reaches(onSuccess, 'cancelled');
      await reaches(next, 'cancelled');
      await reaches(onFailure, 'completed');
      await reaches(onCompletion, 'completed');
      await reaches(first, 'failed');
      failing.clear();
      const { runId } = await system.scheduler.retryRun(first);
      await reaches(onSuccess, 'completed');
      await reaches(next, 'completed');
      await system.called(2, onCompletion);
      const follows = (id: JobId) => system.callsOf(id).map(({ context }) => context.predecessor?.state);
      assert.deepEqual(follows(onSuccess), ['completed']);
      assert.deepEqual(follows(onCompletion), ['failed', 'completed']);
      assert.deepEqual(follows(onFailure), ['failed']);
      assert.equal((await status(onSuccess)).lastRun?.predecessor?.runId, runId);
    });

    it('and a job that follows several stays cancelled', async () => {
      failing.add('second');
      const first = await schedule('first', { schedule: once({ in: '1h' }) });
      const second = await schedule('second', { schedule: once({ in: '1h' }) });
      const both = await schedule('both', { schedule: afterJob([first, second]) });
      await system.scheduler.triggerJob(second);
      await reaches(both, 'cancelled');
      await reaches(second, 'failed');
      failing.clear();
      await system.scheduler.retryRun(second);
      await reaches(second, 'completed');
      const { state, lastError } = await status(both);
      assert.deepEqual([state, lastError], ['cancelled', `its predecessor ${second} failed`]);
    });

    it('while all jobs are paused: it runs when they are resumed', async () => {
      const id = await failedOnce('held');
      failing.clear();
      await system.scheduler.pause();
      await system.scheduler.retryRun(id);
      await reaches(id, 'paused');
      assert.equal(system.callsOf(id).length, 2);
      await system.scheduler.resume();
      await reaches(id, 'completed');
      assert.equal(system.callsOf(id).length, 3);
    });

    it('of a chained job, which has not ended until the retry has', async () => {
      const first = await schedule('head', { schedule: once({ in: '1h' }) });
      failing.add('tail');
      const id = await schedule('tail', { schedule: afterJob(first) });
      const next = await schedule('after-tail', { schedule: afterJob(id) });
      await system.scheduler.triggerJob(first);
      await reaches(id, 'failed');
      await reaches(next, 'cancelled');
      const held = new Promise<void>((resolve) => (release = resolve));
      system.on(() => held);
      await system.scheduler.retryRun(id);
      await system.called(3, id);
      assert.equal((await status(id)).state, 'running');
      assert.equal((await status(next)).state, 'waiting');
      release();
      await reaches(id, 'completed');
      await reaches(next, 'completed');
      assert.equal(system.callsOf(id).at(-1)?.context.predecessor?.jobId, first);
    });

    it('with the CLI, and a chained job ends as that run ends', async () => {
      const first = await schedule('cli-head', { schedule: once({ in: '1h' }) });
      failing.add('cli-tail');
      const id = await schedule('cli-tail', { schedule: afterJob(first) });
      await system.scheduler.triggerJob(first);
      const { lastRun } = await reaches(id, 'failed');
      failing.clear();
      const held = new Promise<void>((resolve) => (release = resolve));
      system.on(() => held);
      const workflow = ['--workflow-id', lastRun!.workflowId, '--type', 'FirstWorkflowTask', '--reason', 'again'];
      await temporal(system.address, 'workflow', 'reset', ...workflow);
      await system.called(3, id);
      await reaches(id, 'running');
      const isListedAs = (wanted: JobState) =>
        eventually(
          () => system.scheduler.listJobs({ idPrefix: id }),
          ([job]) => job?.state === wanted,
        );
      await isListedAs('running');
      release();
      await reaches(id, 'completed');
      await isListedAs('completed');
    });

    it('and a sweep takes a run that was reset for one that goes on', async () => {
      const held = new Promise<void>((resolve) => (release = resolve));
      system.on(() => held);
      const first = await schedule('swept', { schedule: once(new Date(0)) });
      const id = await schedule('after-swept', { schedule: afterJob(first) });
      await system.called(1, first);
      const since = new Date(Date.now() - 60_000).toISOString();
      await temporal(system.address, 'workflow', 'reset', '-w', first, '-t', 'FirstWorkflowTask', '--reason', 'again');
      await eventually(
        () => system.client.workflow.count(`WorkflowId = '${first}' AND ExecutionStatus = 'Terminated'`),
        ({ count }) => count === 1,
      );
      const scope = { client: system.client, queue: system.taskQueue };
      await createRecords(scope, new QueueHold(system.client, system.taskQueue)).sweep(since);
      assert.equal((await status(id)).state, 'waiting');
      release();
      await reaches(id, 'completed');
    });

    it('not where there is none, or the job is cancelled', async () => {
      const id = await schedule('fine', { schedule: once(new Date(0)) });
      await reaches(id, 'completed');
      const none = { code: 'JOB_NOT_CHANGEABLE', jobId: id };
      await assert.rejects(system.scheduler.retryRun(id), none);
      const { runId } = (await status(id)).lastRun!;
      await assert.rejects(system.scheduler.retryRun(id, { runId }), { ...none, message: /which is completed/ });
      const other = '00000000-0000-4000-8000-000000000000';
      await assert.rejects(system.scheduler.retryRun(id, { runId: other }), { ...none, message: /no such run/ });
      const running = await schedule('later', { schedule: once({ in: '1h' }) });
      await assert.rejects(system.scheduler.retryRun(running), { code: 'JOB_NOT_CHANGEABLE' });
      await system.client.workflow.getHandle(running).terminate();
      await assert.rejects(system.scheduler.retryRun(running), {
        code: 'JOB_NOT_CHANGEABLE',
        message: /ended before its handler was called/,
      });
      failing.add('ended');
      const cancelled = await schedule('ended', { schedule: interval('1h') });
      await system.scheduler.triggerJob(cancelled);
      await eventually(
        () => runs(cancelled),
        ([run]) => run?.state === 'failed',
      );
      await system.scheduler.cancelJob(cancelled);
      await assert.rejects(system.scheduler.retryRun(cancelled), {
        code: 'JOB_NOT_CHANGEABLE',
        message: /is cancelled/,
      });
      const nobody = system.name('nobody');
      await assert.rejects(system.scheduler.retryRun(nobody), { code: 'JOB_NOT_FOUND', jobId: nobody });
      await assert.rejects(system.scheduler.retryRun(nobody, { runId }), { code: 'JOB_NOT_FOUND', jobId: nobody });
      await assert.rejects(system.scheduler.retryRun(id, { runId: 'first' }), {
        code: 'INVALID_ARGUMENT',
        message: /^runId: expected a run's id, as listRuns\(\) tells it, got "first"$/,
      });
      await assert.rejects(system.scheduler.retryRun(id, { run: runId } as never), { code: 'INVALID_ARGUMENT' });
    });
  });
}
