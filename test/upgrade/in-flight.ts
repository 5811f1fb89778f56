import assert from 'node:assert/strict';
import { afterJob, interval, once, type JobState, type Schedule, type Scheduler } from '../../src/index.ts';
import { eventually } from '../support/system.ts';
import type { Call, Work } from './world.ts';

/** What one version began and the other has to bring to its end. */
export interface InFlight {
  readonly what: string;
  /** With the client and the worker of the version that goes. */
  readonly begin: (scheduler: Scheduler, id: (name: string) => string) => Promise<void>;
  /** With those of the version that comes. */
  readonly end: (scheduler: Scheduler, id: (name: string) => string) => Promise<void>;
}

const HOUR = 3_600_000;

/** @param calls of handlers, of all versions, so far */
export function inFlight(calls: () => readonly Call[], version: () => string): readonly InFlight[] {
  const callsOf = (jobId: string) => calls().filter((call) => call.jobId === jobId);
  const started = (jobId: string, attempt = 1) =>
    eventually(
      async () => callsOf(jobId),
      (all) => all.some((call) => call.what === 'start' && call.attempt >= attempt),
    );
  const add = (scheduler: Scheduler, id: string, work: Work, schedule: Schedule = once({ in: 0 }), rest = {}) =>
    scheduler.scheduleJob({ id, jobType: 'task', schedule, payload: work, ...rest });
  const is = (scheduler: Scheduler, id: string, state: JobState) =>
    eventually(
      () => scheduler.getJobStatus(id),
      (status) => status.state === state,
      60_000,
    );
  /** Each of so many runs came to one end. */
  const ended = async (id: string, runs: number) => {
    const ends = callsOf(id).filter(({ what }) => what === 'end');
    assert.equal(new Set(ends.map(({ runId }) => runId)).size, runs, `${id}: runs that ended`);
    assert.equal(ends.length, runs, `${id}: ends`);
  };

  return [
    {
      what: 'a run whose attempt the deploy interrupts',
      async begin(scheduler, id) {
        await add(scheduler, id('running'), { takes: 4_000 });
        await started(id('running'));
      },
      async end(scheduler, id) {
        assert.deepEqual(await scheduler.waitForJob(id('running')), { version: version() });
        await ended(id('running'), 1);
        assert.equal((await scheduler.getJobStatus(id('running'))).lastRun?.attempts, 2);
      },
    },
    {
      what: 'a run that comes due after the deploy',
      async begin(scheduler, id) {
        await add(scheduler, id('later'), {}, once({ in: 6_000 }));
      },
      async end(scheduler, id) {
        assert.deepEqual(await scheduler.waitForJob(id('later')), { version: version() });
      },
    },
    {
      what: 'a failed attempt that is backing off',
      async begin(scheduler, id) {
        const retryPolicy = { initialInterval: 6_000 };
        await add(scheduler, id('retrying'), { failures: 1 }, once({ in: 0 }), { retryPolicy });
        await started(id('retrying'));
      },
      async end(scheduler, id) {
        assert.deepEqual(await scheduler.waitForJob(id('retrying')), { version: version() });
        assert.notEqual(callsOf(id('retrying'))[0]?.version, version());
      },
    },
    {
      what: 'a recurring job and one that follows it, due all the while',
      async begin(scheduler, id) {
        const schedule = interval('1s', { maxRuns: 12 });
        await add(scheduler, id('recurring'), {}, schedule, { overlap: 'allowAll' });
        await add(scheduler, id('follows-recurring'), {}, afterJob(id('recurring')));
        await started(id('follows-recurring'));
      },
      async end(scheduler, id) {
        await is(scheduler, id('recurring'), 'completed');
        await ended(id('recurring'), 12);
        await eventually(
          async () => callsOf(id('follows-recurring')).filter(({ what }) => what === 'end').length,
          (count) => count >= 12,
        );
        await ended(id('follows-recurring'), 12);
      },
    },
    {
      what: 'a chain whose first run the deploy interrupts, and one that waits for its delay',
      async begin(scheduler, id) {
        await add(scheduler, id('first'), { takes: 4_000 });
        await add(scheduler, id('second'), {}, afterJob(id('first')));
        await add(scheduler, id('done'), {});
        await add(scheduler, id('delayed'), {}, afterJob(id('done'), { delay: 6_000 }));
        await add(scheduler, id('after-both'), {}, afterJob([id('first'), id('done')]));
        await started(id('first'));
        await is(scheduler, id('done'), 'completed');
      },
      async end(scheduler, id) {
        for (const name of ['second', 'delayed', 'after-both']) {
          await is(scheduler, id(name), 'completed');
          await ended(id(name), 1);
        }
      },
    },
    {
      what: 'a paused once job and a paused recurring one',
      async begin(scheduler, id) {
        await add(scheduler, id('paused'), {}, once({ in: HOUR }));
        await add(scheduler, id('paused-recurring'), {}, interval('1h'));
        await scheduler.pauseJob(id('paused'), { reason: 'for the deploy' });
        await scheduler.pauseJob(id('paused-recurring'), { reason: 'for the deploy' });
      },
      async end(scheduler, id) {
        for (const name of ['paused', 'paused-recurring']) {
          const { state, paused } = await scheduler.getJobStatus(id(name));
          assert.deepEqual([state, paused?.reason], ['paused', 'for the deploy']);
          await scheduler.resumeJob(id(name));
          await scheduler.triggerJob(id(name));
          await eventually(
            async () => callsOf(id(name)),
            (all) => all.some((call) => call.what === 'end'),
          );
        }
        await is(scheduler, id('paused'), 'completed');
        await is(scheduler, id('paused-recurring'), 'scheduled');
      },
    },
    {
      what: 'a job that is changed, and one that is cancelled in its handler',
      async begin(scheduler, id) {
        await add(scheduler, id('changed'), {}, interval('1h'));
        await add(scheduler, id('cancelled'), { takes: HOUR });
        await started(id('cancelled'));
      },
      async end(scheduler, id) {
        await scheduler.updateJob(id('changed'), { priority: 'high', payload: { takes: 1 } });
        assert.equal((await scheduler.getJobStatus(id('changed'))).priority, 'high');
        await started(id('cancelled'), 2);
        await scheduler.cancelJob(id('cancelled'));
        await is(scheduler, id('cancelled'), 'cancelled');
      },
    },
  ];
}
