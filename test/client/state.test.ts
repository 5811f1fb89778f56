import assert from 'node:assert/strict';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import {
  nextOf,
  onceSchedule,
  stateOfRecord,
  statusOfGone,
  statusOfOnce,
  statusOfRecord,
  toJob,
} from '../../src/client/from-temporal.ts';
import { infoOfOnce, infoOfRecord } from '../../src/client/job-info.ts';
import type { Note } from '../../src/client/notes.ts';
import type { JobRecord } from '../../src/client/record.ts';
import type { Run, WorkflowInfo } from '../../src/client/run.ts';
import type { PauseInfo } from '../../src/job/status.ts';
import type { Schedule } from '../../src/job/schedule.ts';
import { runAttributes } from '../../src/workflows/attributes.ts';

const at = (hour: number) => new Date(Date.UTC(2027, 2, 1, hour));
const RUN_ID = '01a20d9a-1681-7004-aeab-648951e3b142';
const none: Note = { kind: 'other', text: '' };
const byPerson: PauseInfo = { by: 'person', reason: 'audit' };
const hold = { token: 't', reason: 'maintenance' };
const byScheduler: PauseInfo = { by: 'scheduler', reason: 'maintenance' };
const interval: Schedule = { kind: 'interval', every: 3_600_000 };
const follower: Schedule = { kind: 'afterJob', jobIds: ['first'], delay: 0, on: 'success' };

function run(changes: Partial<Run> = {}): Run {
  return {
    jobId: 'report',
    workflowId: 'report-1',
    runId: RUN_ID,
    state: 'completed',
    scheduledAt: at(1),
    startedAt: at(1),
    attempts: 1,
    isOpen: false,
    ...changes,
  };
}

const running = run({ state: 'running', isOpen: true, workflowId: 'report-2', scheduledAt: at(2), startedAt: at(2) });
const { startedAt: _, ...notStarted } = running;
const queued: Run = { ...notStarted, state: 'queued', attempts: 0 };

describe('the state of a job that is a schedule', () => {
  const ended = (state: 'completed' | 'failed' | 'cancelled'): Note => ({
    kind: 'ended',
    state,
    at: at(3),
    reason: '',
  });
  const rows: [string, string, Parameters<typeof stateOfRecord>][] = [
    ['has a due time to come', 'scheduled', [none, interval, at(4), [], undefined]],
    ['has a due time to come and a run behind it', 'scheduled', [none, interval, at(4), [run()], undefined]],
    ['has no due time to come', 'completed', [none, interval, undefined, [], undefined]],
    [
      'has no due time to come and a failed run behind it',
      'completed',
      [none, interval, undefined, [run({ state: 'failed' })], undefined],
    ],
    [
      'has taken its last due time, whose run is not to be seen yet',
      'queued',
      [none, interval, undefined, [], undefined, true],
    ],
    ['has a run that nobody has begun', 'queued', [none, interval, at(4), [queued], undefined]],
    ['has a run at work', 'running', [none, interval, at(4), [running], undefined]],
    ['has a run at work and one that waits', 'running', [none, interval, at(4), [queued, running], undefined]],
    ['is paused', 'paused', [none, interval, undefined, [], byPerson]],
    ['is paused while a run is at work', 'running', [none, interval, undefined, [running], byPerson]],
    ['is paused while a run waits', 'paused', [none, interval, undefined, [queued], byScheduler]],
    ['is paused and has taken a due time', 'paused', [none, interval, undefined, [], byScheduler, true]],
    ['has a run whose activity is paused', 'paused', [none, interval, at(4), [run({ state: 'paused' })], undefined]],
    ['follows another job', 'waiting', [none, follower, undefined, [], undefined]],
    ['follows another job and has a run behind it', 'waiting', [none, follower, undefined, [run()], undefined]],
    [
      'follows another job and waits for the delay',
      'waiting',
      [none, follower, undefined, [run({ state: 'waiting' })], undefined],
    ],
    ['follows another job and has a due run', 'queued', [none, follower, undefined, [queued], undefined]],
    ['was cancelled', 'cancelled', [ended('cancelled'), interval, undefined, [], undefined]],
    [
      'was cancelled while a run is at work',
      'cancelled',
      [ended('cancelled'), interval, undefined, [running], undefined],
    ],
    ['has had its one run', 'completed', [ended('completed'), follower, undefined, [run()], undefined]],
    ['has had its one run, which failed', 'failed', [ended('failed'), follower, undefined, [run()], byScheduler]],
  ];
  for (const [what, state, facts] of rows)
    it(`is ${state} if it ${what}`, () => assert.equal(stateOfRecord(...facts), state));
});

describe('the next due time', () => {
  it('is the first of those the server tells', () => {
    assert.deepEqual(nextOf([at(2), at(3)], undefined), at(2));
    assert.deepEqual(nextOf([at(2)], 1), at(2));
  });

  it('is none where no run is left, none is told, or it is one that is never meant to come', () => {
    assert.equal(nextOf([at(2)], 0), undefined);
    assert.equal(nextOf([], undefined), undefined);
    assert.equal(nextOf([new Date('2100-01-01T00:00:00Z')], undefined), undefined);
    assert.deepEqual(nextOf([new Date('2099-12-31T23:59:59Z')], undefined), new Date('2099-12-31T23:59:59Z'));
  });
});

interface Facts {
  readonly note?: Note;
  readonly paused?: boolean;
  readonly next?: readonly Date[];
  readonly remaining?: number;
  readonly definition?: Partial<JobRecord['definition']>;
  readonly overlap?: ScheduleOverlapPolicy;
  readonly memo?: Record<string, unknown>;
  readonly raw?: object;
}

function record({
  note = none,
  paused = false,
  next = [at(4)],
  remaining,
  definition,
  memo,
  raw,
  ...rest
}: Facts = {}) {
  const { overlap } = rest;
  const description = {
    spec: { intervals: [{ every: 3_600_000, offset: 0 }] },
    policies: { catchupWindow: 86_400_000, overlap },
    state: { paused, remainingActions: remaining },
    info: { nextActionTimes: next, numActionsSkippedOverlap: 2, numActionsMissedCatchupWindow: 3 },
    memo,
    raw: { info: raw },
  };
  const whole = { jobType: 'sendReport', payload: { to: 'a' }, ...definition };
  return { id: 'report', note, definition: whole, description } as unknown as JobRecord;
}

describe('the status of a job that is a schedule', () => {
  it('has what it is, where it stands and what comes next', () => {
    assert.deepEqual(statusOfRecord(record(), [], undefined), {
      id: 'report',
      jobType: 'sendReport',
      schedule: { kind: 'interval', every: 3_600_000 },
      priority: 'normal',
      tags: [],
      state: 'scheduled',
      runningRuns: [],
      nextExecution: at(4),
      skipped: { overlap: 2, missed: 3 },
    });
  });

  it('tells of the newest run, of the open ones, and of the newest start', () => {
    const failed = run({ state: 'failed', error: 'disk full' });
    const { isOpen: _open, ...atWork } = running;
    const status = statusOfRecord(record(), [failed, { ...running, progress: 7 }], undefined);
    assert.deepEqual(status.lastRun, atWork);
    assert.deepEqual(status.runningRuns, [atWork]);
    assert.deepEqual(status.lastExecution, at(2));
    assert.equal(status.lastError, 'disk full', 'a run that has had no failure itself says nothing of it');
    assert.equal(status.progress, 7);
    assert.equal(status.state, 'running');
  });

  it('tells the error of the newest run that had one of its own, and none after a success', () => {
    const first = run({ state: 'failed', error: 'disk full' });
    const second = run({ scheduledAt: at(2), startedAt: at(2) });
    assert.equal(statusOfRecord(record(), [first, second], undefined).lastError, undefined);
    const retried: Run = { ...running, error: 'network' };
    assert.equal(statusOfRecord(record(), [first, retried], undefined).lastError, 'network');
  });

  it('takes the last start, not the start of the last', () => {
    const retriedLate = run({ startedAt: at(5) });
    const status = statusOfRecord(record(), [retriedLate, run({ scheduledAt: at(2), startedAt: at(2) })], undefined);
    assert.deepEqual(status.lastExecution, at(5));
    assert.deepEqual(status.lastRun?.scheduledAt, at(2));
    assert.ok(!('lastExecution' in statusOfRecord(record(), [queued], undefined)));
  });

  it('has no next due time while it is paused, and says by whom', () => {
    const note: Note = { kind: 'paused', by: 'person', reason: 'audit' };
    const status = statusOfRecord(record({ note, paused: true }), [], hold);
    assert.equal(status.state, 'paused');
    assert.deepEqual(status.paused, byPerson);
    assert.ok(!('nextExecution' in status));
    const held = statusOfRecord(record(), [], hold);
    assert.deepEqual([held.state, held.paused], ['paused', byScheduler]);
  });

  it('has an end, the reason of a cancellation, and is not paused then', () => {
    const note: Note = { kind: 'ended', state: 'cancelled', at: at(3), reason: 'no more' };
    const status = statusOfRecord(record({ note }), [], hold);
    assert.deepEqual(
      [status.state, status.cancelled, status.lastError],
      ['cancelled', { reason: 'no more', at: at(3) }, 'no more'],
    );
    assert.ok(!('paused' in status) && !('nextExecution' in status));
    const completed = statusOfRecord(record({ note: { ...note, state: 'completed' } }), [], undefined);
    assert.equal(completed.state, 'completed');
    assert.ok(!('cancelled' in completed) && !('lastError' in completed));
  });

  it('stands where the retry of its last run stands', () => {
    const note: Note = {
      kind: 'ended',
      state: 'failed',
      at: at(3),
      reason: '',
      run: { workflowId: 'report-2', runId: 'old' },
    };
    assert.equal(statusOfRecord(record({ note, next: [] }), [running], undefined).state, 'running');
    assert.equal(
      statusOfRecord(record({ note, next: [] }), [{ ...running, isOpen: false }], undefined).state,
      'failed',
    );
  });

  it('has its end when no due time is left', () => {
    assert.equal(statusOfRecord(record({ remaining: 0 }), [run()], undefined).state, 'completed');
    assert.equal(statusOfRecord(record({ remaining: 1 }), [run()], undefined).state, 'scheduled');
    assert.equal(statusOfRecord(record({ remaining: 0, raw: { bufferSize: 1 } }), [], undefined).state, 'queued');
    assert.equal(statusOfRecord(record({ remaining: 0, raw: { bufferSize: 0 } }), [], undefined).state, 'completed');
  });

  it('counts what the server dropped among the skipped', () => {
    assert.deepEqual(statusOfRecord(record({ raw: { bufferDropped: 4 } }), [], undefined).skipped, {
      overlap: 6,
      missed: 3,
    });
  });
});

describe('a job as its schedule has it', () => {
  it('has the defaults for what is missing', () => {
    assert.deepEqual(toJob(record()), {
      id: 'report',
      jobType: 'sendReport',
      payload: { to: 'a' },
      priority: 'normal',
      retryPolicy: {
        maximumAttempts: 3,
        initialInterval: 1_000,
        backoffCoefficient: 2,
        maximumInterval: 100_000,
        nonRetryableErrorTypes: [],
      },
      heartbeatTimeout: 30_000,
      tags: [],
      overlap: 'skip',
      catchupWindow: 86_400_000,
      schedule: { kind: 'interval', every: 3_600_000 },
    });
  });

  it('has what its definition says', () => {
    const definition = {
      priority: 'high',
      retryPolicy: { maximumAttempts: 9 },
      timeout: 1,
      totalTimeout: 2,
      heartbeatTimeout: 3,
      tags: ['x'],
      maxRuns: 4,
    } as const;
    const job = toJob(record({ definition, overlap: ScheduleOverlapPolicy.ALLOW_ALL }));
    assert.deepEqual(
      [job.priority, job.retryPolicy.maximumAttempts, job.retryPolicy.initialInterval, job.timeout, job.totalTimeout],
      ['high', 9, 1_000, 1, 2],
    );
    assert.deepEqual([job.heartbeatTimeout, job.tags, job.overlap], [3, ['x'], 'allowAll']);
    assert.deepEqual(job.schedule, { kind: 'interval', every: 3_600_000, maxRuns: 4 });
  });

  it('follows what its memo says, and has no number of runs then', () => {
    assert.deepEqual(toJob(record({ memo: { schedule: follower }, definition: { maxRuns: 1 } })).schedule, follower);
    assert.deepEqual(toJob(record({ memo: { schedule: { kind: 'else' } } })).schedule, interval);
  });
});

const due = at(1);

function workflow(changes: Partial<WorkflowInfo> & { memo?: object } = {}): WorkflowInfo {
  const attributes = {
    jobId: 'report',
    jobType: 'sendReport',
    kind: 'once',
    priority: 'high',
    queue: 'jobs',
    tags: ['x'],
  } as const;
  return {
    workflowId: 'report',
    runId: RUN_ID,
    type: 'runJob',
    taskQueue: 'jobs',
    status: { code: 1, name: 'RUNNING' },
    startTime: at(0),
    executionTime: at(0),
    searchAttributes: {},
    typedSearchAttributes: new TypedSearchAttributes(runAttributes(attributes)),
    memo: { job: { at: due.toISOString(), schedule: { at: due.toISOString() } } },
    ...changes,
  } as unknown as WorkflowInfo;
}

const waiting = run({
  workflowId: 'report',
  state: 'scheduled',
  isOpen: true,
  attempts: 0,
  startedAt: undefined as never,
});

describe('the status of a once job', () => {
  it('that waits has a time to come and no run yet', () => {
    assert.deepEqual(statusOfOnce(workflow(), waiting, undefined), {
      id: 'report',
      jobType: 'sendReport',
      schedule: { kind: 'once', at: due },
      priority: 'high',
      tags: ['x'],
      state: 'scheduled',
      runningRuns: [],
      nextExecution: due,
      skipped: { overlap: 0, missed: 0 },
    });
  });

  it('that is paused has no time to come, whoever paused it', () => {
    const paused = { job: { at: due.toISOString() }, paused: 'audit' };
    const status = statusOfOnce(workflow({ memo: paused }), { ...waiting, state: 'paused' }, hold);
    assert.deepEqual([status.state, status.paused, status.nextExecution], ['paused', byPerson, undefined]);
    const held = statusOfOnce(workflow(), waiting, hold);
    assert.deepEqual([held.state, held.paused, held.nextExecution], ['paused', byScheduler, undefined]);
  });

  it('that is due, or runs, or ended, has a run and no time to come', () => {
    const { isOpen: _open, ...rest } = { ...waiting, state: 'queued' as const };
    const inQueue = statusOfOnce(workflow(), { ...rest, isOpen: true }, undefined);
    assert.deepEqual([inQueue.state, inQueue.runningRuns, inQueue.nextExecution], ['queued', [rest], undefined]);
    const atWork = statusOfOnce(workflow(), { ...running, workflowId: 'report' }, hold);
    assert.deepEqual([atWork.state, atWork.paused, atWork.lastExecution], ['running', undefined, at(2)]);
    const done = statusOfOnce(workflow(), run({ workflowId: 'report', result: 1 }), hold);
    assert.deepEqual(
      [done.state, done.paused, done.lastRun?.result, done.runningRuns],
      ['completed', undefined, 1, []],
    );
    // Between two attempts, or after an attempt that a pause sent back to the queue.
    const again = statusOfOnce(workflow(), { ...waiting, attempts: 1 }, undefined);
    assert.deepEqual([again.nextExecution, again.runningRuns.length], [undefined, 1]);
  });

  it('that was cancelled tells why and when', () => {
    const end = run({ workflowId: 'report', state: 'cancelled', error: 'no more', endedAt: at(3) });
    assert.deepEqual(statusOfOnce(workflow(), end, undefined).cancelled, { reason: 'no more', at: at(3) });
    const { error: _error, endedAt: _endedAt, ...bare } = end;
    assert.deepEqual(statusOfOnce(workflow(), bare, undefined).cancelled, { reason: '' });
    assert.ok(!('cancelled' in statusOfOnce(workflow(), run(), undefined)));
  });

  it('has the time as it was given', () => {
    assert.deepEqual(onceSchedule(workflow({ memo: { job: { schedule: { in: 5 } } } })), { kind: 'once', in: 5 });
    assert.deepEqual(onceSchedule(workflow({ memo: undefined, executionTime: at(7) })), { kind: 'once', at: at(7) });
  });
});

describe('the status of a job whose record is gone', () => {
  it('is that of its runs', () => {
    const status = statusOfGone('report', workflow(), [
      run({ state: 'failed', error: 'x' }),
      run({ scheduledAt: at(0) }),
    ]);
    assert.deepEqual(
      [status.id, status.jobType, status.state, status.schedule, status.lastError, status.skipped],
      ['report', 'sendReport', 'failed', { kind: 'once', at: at(1) }, 'x', { overlap: 0, missed: 0 }],
    );
    assert.equal(statusOfGone('report', workflow(), [run(), queued]).state, 'queued');
    assert.equal(statusOfGone('report', workflow(), [run(), running]).state, 'running');
    const empty = statusOfGone('report', workflow(), []);
    assert.deepEqual([empty.state, empty.schedule], ['completed', { kind: 'once', at: at(0) }]);
  });

  it('names what a chained one followed', () => {
    const attributes = {
      jobId: 'report',
      jobType: 't',
      kind: 'afterJob',
      priority: 'low',
      queue: 'jobs',
      tags: [],
    } as const;
    const info = workflow({ typedSearchAttributes: new TypedSearchAttributes(runAttributes(attributes)) });
    const predecessor = { jobId: 'first', workflowId: 'w', runId: 'r' };
    assert.deepEqual(statusOfGone('report', info, [run({ predecessor })]).schedule, {
      kind: 'afterJob',
      jobIds: ['first'],
      delay: 0,
      on: 'completion',
    });
    assert.equal(statusOfGone('report', info, [run()]).schedule.kind, 'once');
    assert.equal(statusOfGone('report', workflow(), [run({ predecessor })]).schedule.kind, 'once');
  });
});

describe('what a list tells', () => {
  const now = at(2);
  const status = (name: string) => ({ code: 2, name }) as WorkflowInfo['status'];
  const summary = {
    scheduleId: 'report',
    spec: { intervals: [{ every: 3_600_000, offset: 0 }] },
    state: { paused: false, note: 'sendReport, normal priority' },
    info: { nextActionTimes: [at(4)], recentActions: [{ scheduledAt: at(1) }, { scheduledAt: at(3) }] },
  };
  const infoOf = (changes: object, runs: readonly { workflowId: string; runId: string }[] = [], held?: typeof hold) =>
    infoOfRecord({ ...summary, ...changes } as never, new Map(runs.length > 0 ? [['report', runs]] : []), held);

  it('of a schedule is its state, next and last due time', () => {
    assert.deepEqual(infoOf({}), {
      id: 'report',
      jobType: '',
      kind: 'interval',
      schedule: { kind: 'interval', every: 3_600_000 },
      priority: 'normal',
      tags: [],
      state: 'scheduled',
      nextExecution: at(4),
      lastExecution: at(3),
    });
  });

  it('of a schedule follows its note, its pause and its open runs', () => {
    const one = { workflowId: 'report-3', runId: RUN_ID };
    assert.equal(infoOf({}, [one]).state, 'running');
    const paused = infoOf({ state: { paused: true, note: 'audit' } });
    assert.deepEqual([paused.state, paused.nextExecution], ['paused', undefined]);
    assert.equal(infoOf({}, [], hold).state, 'paused');
    const note = 'Cancelled at 2027-03-01T03:00:00.000Z: no more';
    const cancelled = infoOf({ state: { paused: false, note } });
    assert.deepEqual([cancelled.state, cancelled.nextExecution], ['cancelled', undefined]);
    assert.ok(!('lastExecution' in infoOf({ info: { nextActionTimes: [], recentActions: [] } })));
  });

  const rows: [string, Parameters<typeof workflow>[0], typeof hold | undefined, object][] = [
    [
      'RUNNING',
      { memo: { job: { at: at(3).toISOString() } } },
      undefined,
      { state: 'scheduled', nextExecution: at(3) },
    ],
    ['RUNNING', {}, undefined, { state: 'running', lastExecution: due }],
    ['RUNNING', { memo: { job: { at: now.toISOString() } } }, undefined, { state: 'running', lastExecution: now }],
    ['RUNNING', { memo: { job: { at: at(3).toISOString() } } }, hold, { state: 'paused' }],
    ['RUNNING', {}, hold, { state: 'running', lastExecution: due }],
    ['RUNNING', { memo: { job: { at: due.toISOString() }, paused: 'audit' } }, undefined, { state: 'paused' }],
    ['COMPLETED', {}, hold, { state: 'completed', lastExecution: due }],
    ['CANCELLED', {}, undefined, { state: 'cancelled', lastExecution: due }],
    ['FAILED', {}, undefined, { state: 'failed', lastExecution: due }],
    ['TERMINATED', {}, undefined, { state: 'failed', lastExecution: due }],
    ['TIMED_OUT', {}, undefined, { state: 'failed', lastExecution: due }],
  ];
  for (const [name, changes, held, expected] of rows) {
    it(`of a once job whose workflow is ${name}${held ? ' on a held queue' : ''} is ${JSON.stringify(expected)}`, () => {
      const {
        id,
        kind,
        priority,
        tags,
        jobType,
        schedule: _schedule,
        ...rest
      } = infoOfOnce(workflow({ status: status(name), ...changes }), held, now);
      assert.deepEqual(rest, expected);
      assert.deepEqual(
        { id, kind, priority, tags, jobType },
        { id: 'report', kind: 'once', priority: 'high', tags: ['x'], jobType: 'sendReport' },
      );
    });
  }
});
