import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import {
  ApplicationFailure,
  TypedSearchAttributes,
  defaultDataConverter,
  defaultPayloadConverter,
} from '@temporalio/common';
import { encodeErrorToFailure } from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';
import { addDependent, addDependentOfOnce, readDependents, removeDependent } from '../../src/client/dependents.ts';
import { identityOf, readRun, type WorkflowInfo } from '../../src/client/run.ts';
import { runAttributes } from '../../src/workflows/attributes.ts';

const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 0, 0, second, 250));
const time = (second: number) => ({ seconds: Math.floor(at(second).getTime() / 1_000), nanos: 250_000_000 });
const payloads = (...values: unknown[]) => ({
  payloads: values.map((value) => defaultPayloadConverter.toPayload(value)),
});
const failureOf = (error: unknown) => encodeErrorToFailure(defaultDataConverter, error);

const SCHEDULED = 1;
const STARTED = 2;

/** A client that knows this history, in pages of so many events, and this description. */
function clientOf(
  events: readonly object[],
  { page = 100, description }: { page?: number; description?: object } = {},
) {
  const calls: string[] = [];
  const client = {
    options: { loadedDataConverter: defaultDataConverter, namespace: 'default' },
    workflow: { getHandle: () => ({ describe: () => Promise.resolve(description) }) },
    workflowService: {
      getWorkflowExecutionHistory(request: { historyEventFilterType?: number; nextPageToken?: Uint8Array }) {
        calls.push(request.historyEventFilterType === 2 ? 'end' : 'page');
        if (request.historyEventFilterType === 2) return Promise.resolve({ history: { events: events.slice(-1) } });
        const from = request.nextPageToken?.[0] ?? 0;
        const isLast = from + page >= events.length;
        return Promise.resolve({
          history: { events: events.slice(from, from + page) },
          nextPageToken: isLast ? new Uint8Array() : Uint8Array.of(from + page),
        });
      },
    },
  };
  return { client: client as unknown as Client, calls };
}

function info(name: string, changes: object = {}): WorkflowInfo {
  const attributes = { jobId: 'report', jobType: 't', kind: 'cron', priority: 'low', queue: 'jobs', tags: [] } as const;
  return {
    workflowId: 'report-1',
    runId: 'run-1',
    status: { name },
    startTime: at(1),
    executionTime: at(1),
    searchAttributes: {},
    typedSearchAttributes: new TypedSearchAttributes(runAttributes(attributes)),
    ...changes,
  } as unknown as WorkflowInfo;
}

const scheduledEvent = (input: object) => ({ activityTaskScheduledEventAttributes: { input: payloads(input) } });
const startedEvent = (attempt: number, second: number) => ({
  eventTime: time(second),
  activityTaskStartedEventAttributes: { attempt },
});
const begun = [scheduledEvent({ scheduledAt: at(0).toISOString() }), startedEvent(2, 3)];
const common = { jobId: 'report', workflowId: 'report-1', runId: 'run-1' };
const ended = { ...common, isOpen: false, scheduledAt: at(0), attempts: 2, startedAt: at(3), endedAt: at(9) };

/** The run whose history closes with this event. */
async function closed(close: object, before: readonly object[] = begun) {
  const { client } = clientOf([...before, { eventTime: time(9), ...close }]);
  return readRun(client, info('COMPLETED'));
}

describe('a run that has ended', () => {
  it('has its result, attempts and times from its history', async () => {
    const result = { rows: 3 };
    assert.deepEqual(await closed({ workflowExecutionCompletedEventAttributes: { result: payloads(result) } }), {
      ...ended,
      state: 'completed',
      result,
    });
  });

  it('has no result where there was none', async () => {
    assert.deepEqual(await closed({ workflowExecutionCompletedEventAttributes: {} }), { ...ended, state: 'completed' });
  });

  it('has the error of its handler', async () => {
    const failure = await failureOf(ApplicationFailure.create({ message: 'disk full', type: 'DiskError' }));
    assert.deepEqual(await closed({ workflowExecutionFailedEventAttributes: { failure } }), {
      ...ended,
      state: 'failed',
      error: 'DiskError: disk full',
    });
  });

  it('is cancelled for the cause that the request gave, the last where there are several', async () => {
    const canceled = { workflowExecutionCanceledEventAttributes: {} };
    const request = (cause: string) => ({ workflowExecutionCancelRequestedEventAttributes: { cause } });
    const told = { ...ended, state: 'cancelled', error: 'second' };
    assert.deepEqual(await closed(canceled, [...begun, request('first'), request('second'), request('')]), told);
    assert.deepEqual(await closed(canceled), { ...told, error: 'cancelled' });
  });

  it('is cancelled or failed where it was terminated, as the reason says', async () => {
    const terminated = (reason: string) => closed({ workflowExecutionTerminatedEventAttributes: { reason } });
    assert.deepEqual(await terminated('Cancelled: no more'), { ...ended, state: 'cancelled', error: 'no more' });
    assert.deepEqual(await terminated('by hand'), { ...ended, state: 'failed', error: 'terminated: by hand' });
  });

  it('is failed where it timed out', async () => {
    const timedOut = await closed({ workflowExecutionTimedOutEventAttributes: {} });
    assert.deepEqual(timedOut, { ...ended, state: 'failed', error: 'timed out' });
  });

  it('counts the attempts from before it went back to the queue', async () => {
    const held = [scheduledEvent({ scheduledAt: at(0).toISOString() }), startedEvent(2, 3)];
    const again = [scheduledEvent({ scheduledAt: at(0).toISOString(), attemptsBefore: 2 }), startedEvent(1, 5)];
    const run = await closed({ workflowExecutionCompletedEventAttributes: {} }, [...held, ...again]);
    assert.deepEqual([run.attempts, run.startedAt], [3, at(5)]);
    const unnumbered = [{ eventTime: time(3), activityTaskStartedEventAttributes: {} }];
    assert.equal((await closed({ workflowExecutionCompletedEventAttributes: {} }, unnumbered)).attempts, 1);
  });

  it('has had no attempt where its handler was never called', async () => {
    const run = await closed({ workflowExecutionCanceledEventAttributes: {} }, []);
    assert.deepEqual(run, {
      ...common,
      isOpen: false,
      scheduledAt: at(1),
      attempts: 0,
      endedAt: at(9),
      state: 'cancelled',
      error: 'cancelled',
    });
  });

  it('is read with two calls where its history is long', async () => {
    const close = { eventTime: time(9), workflowExecutionCompletedEventAttributes: {} };
    const { client, calls } = clientOf([...begun, {}, {}, {}, close], { page: 3 });
    assert.deepEqual(await readRun(client, info('COMPLETED')), { ...ended, state: 'completed' });
    assert.deepEqual(calls, ['page', 'end']);
  });

  it('is read again where the history that was at hand is from before its end', async () => {
    const close = { eventTime: time(9), workflowExecutionCompletedEventAttributes: {} };
    const known = (events: readonly object[]) => ({ events, last: events.at(-1) }) as never;
    const { client, calls } = clientOf([...begun, close]);
    await readRun(client, info('COMPLETED'), known(begun));
    assert.deepEqual(calls, ['page']);
    await readRun(client, info('COMPLETED'), known([...begun, close]));
    assert.deepEqual(calls, ['page']);
  });

  it('ended when the list says so, where its history does not', async () => {
    const { client } = clientOf([]);
    const run = await readRun(client, info('TIMED_OUT', { closeTime: at(8) }));
    assert.deepEqual([run.endedAt, run.state], [at(8), 'failed']);
    assert.ok(!('endedAt' in (await readRun(client, info('TIMED_OUT')))));
  });
});

/** The run whose description has this activity. */
function open(activity: object | undefined, changes: object = {}) {
  const description = info('RUNNING', {
    staticSummary: 't: report',
    raw: { pendingActivities: activity ? [activity] : [] },
    ...changes,
  });
  return readRun(clientOf([]).client, description);
}

describe('a run that is open', () => {
  it('is queued while no attempt has started', async () => {
    assert.deepEqual(await open({ state: SCHEDULED, attempt: 1 }), {
      ...common,
      isOpen: true,
      scheduledAt: at(1),
      state: 'queued',
      attempts: 0,
    });
    assert.equal((await open({ state: SCHEDULED })).state, 'queued');
  });

  it('is running while an attempt is at work, with its progress and the last failure', async () => {
    const lastFailure = await failureOf(ApplicationFailure.create({ message: 'network' }));
    const activity = {
      state: STARTED,
      attempt: 2,
      lastStartedTime: time(5),
      heartbeatDetails: payloads(40),
      lastFailure,
    };
    const run = await open(activity);
    assert.deepEqual(run, {
      ...common,
      isOpen: true,
      scheduledAt: at(1),
      state: 'running',
      attempts: 2,
      startedAt: at(5),
      error: 'network',
      progress: 40,
    });
    assert.equal((await open({ state: STARTED })).attempts, 1);
  });

  it('is running between two attempts, of which one is counted', async () => {
    const run = await open({ state: SCHEDULED, attempt: 2 });
    assert.deepEqual([run.state, run.attempts], ['running', 1]);
  });

  it('has no progress where its handler told none', async () => {
    assert.ok(!('progress' in (await open({ state: STARTED, heartbeatDetails: payloads(null) }))));
    assert.ok(!('progress' in (await open({ state: STARTED, heartbeatDetails: payloads(undefined) }))));
    assert.equal((await open({ state: STARTED, heartbeatDetails: payloads(0) })).progress, 0);
  });

  it('is paused where its activity is, or will be', async () => {
    for (const state of [4, 5]) assert.equal((await open({ state, attempt: 3 })).state, 'paused');
  });

  it('without an activity waits for what it is to wait for', async () => {
    const memo = (part: object) => ({ memo: part });
    const far = { at: new Date(Date.now() + 60_000).toISOString() };
    const past = { at: at(1).toISOString() };
    const states: [string, object][] = [
      ['paused', memo({ paused: 'audit' })],
      ['queued', {}],
      ['waiting', memo({ scheduledAt: far.at })],
      ['waiting', memo({ scheduledAt: past.at, predecessor: common })],
      ['scheduled', { ...memo({ job: far }), workflowId: 'report' }],
      ['queued', { ...memo({ job: past }), workflowId: 'report' }],
    ];
    for (const [state, changes] of states) {
      const run = await open(undefined, changes);
      assert.deepEqual([run.state, run.attempts, run.isOpen], [state, 0, true], JSON.stringify(changes));
    }
  });

  it('is described where a list told of it, and read as ended where it is by then', async () => {
    const description = info('RUNNING', { staticSummary: '', raw: { pendingActivities: [{ state: STARTED }] } });
    assert.equal((await readRun(clientOf([], { description }).client, info('RUNNING'))).state, 'running');
    const close = { eventTime: time(9), workflowExecutionCompletedEventAttributes: {} };
    const gone = clientOf([...begun, close], { description: info('COMPLETED', { staticSummary: '' }) });
    assert.equal((await readRun(gone.client, info('RUNNING'))).state, 'completed');
  });
});

describe('what a workflow tells of the run that it is', () => {
  it('is the job, from its attribute, from the schedule that started it, or from its id', () => {
    const bare = { typedSearchAttributes: new TypedSearchAttributes([]) };
    assert.equal(identityOf(info('RUNNING')).jobId, 'report');
    const byCli = { ...bare, searchAttributes: { TemporalScheduledById: ['nightly'] } };
    assert.equal(identityOf(info('RUNNING', byCli)).jobId, 'nightly');
    assert.equal(identityOf(info('RUNNING', bare)).jobId, 'report-1');
  });

  it('is when it was due: as its memo, its schedule, or the server has it', () => {
    const nominal = { searchAttributes: { TemporalScheduledStartTime: [at(4)] } };
    const scheduledAt = (changes: object) => identityOf(info('RUNNING', changes)).scheduledAt;
    assert.deepEqual(scheduledAt({ ...nominal, memo: { job: { at: at(2).toISOString() } } }), at(2));
    assert.deepEqual(scheduledAt({ ...nominal, memo: { scheduledAt: at(3).toISOString() } }), at(3));
    assert.deepEqual(scheduledAt(nominal), at(4));
    assert.deepEqual(scheduledAt({ executionTime: at(6) }), at(6));
    assert.deepEqual(scheduledAt({ executionTime: undefined }), at(1));
    assert.deepEqual(scheduledAt({ searchAttributes: { TemporalScheduledStartTime: ['soon'] } }), at(1));
  });

  it('is what it followed', () => {
    const predecessor = { jobId: 'first', workflowId: 'w', runId: 'r' };
    assert.deepEqual(identityOf(info('RUNNING', { memo: { predecessor } })).predecessor, predecessor);
    assert.ok(!('predecessor' in identityOf(info('RUNNING'))));
  });
});

describe('who follows a job', () => {
  const dependent = (jobId: string) => ({
    jobId,
    on: 'success',
    delay: 0,
    repeats: true,
    priority: 'low',
    jobType: 't',
    tags: [],
  });
  const signal = (signalName: string, argument: unknown) => ({
    workflowExecutionSignaledEventAttributes: { signalName, input: payloads(argument) },
  });
  const startedWith = (argument: unknown) => ({
    workflowExecutionStartedEventAttributes: { input: payloads(argument) },
  });
  const read = (events: readonly object[], page?: number) =>
    readDependents({ client: clientOf(events, page === undefined ? {} : { page }).client, queue: 'jobs' }, 'first');

  it('is who was registered and not taken away again, the last word counting', async () => {
    const changed = { ...dependent('b'), delay: 5 };
    const events = [
      startedWith([dependent('a'), dependent('z')]),
      signal('addDependent', dependent('b')),
      signal('addDependent', dependent('c')),
      signal('removeDependent', 'a'),
      signal('addDependent', changed),
      signal('somethingElse', dependent('d')),
    ];
    const left = [dependent('z'), changed, dependent('c')];
    assert.deepEqual(await read(events), left);
    assert.deepEqual(await read(events, 2), left, 'page by page');
  });

  it('is nobody where nothing keeps them', async () => {
    assert.deepEqual(await read([startedWith({ jobType: 't' })]), []);
    const client = {
      options: { loadedDataConverter: defaultDataConverter, namespace: 'default' },
      workflowService: {
        getWorkflowExecutionHistory: () =>
          Promise.reject(Object.assign(new Error('none'), { code: 5, details: '', metadata: {} })),
      },
    } as unknown as Client;
    assert.deepEqual(await readDependents({ client, queue: 'jobs' }, 'first'), []);
  });

  it('is kept by a workflow that starts with the first of them', async () => {
    const calls: unknown[] = [];
    const workflow = { signalWithStart: (...args: unknown[]) => Promise.resolve(calls.push(args)) };
    await addDependent({ client: { workflow } as unknown as Client, queue: 'jobs' }, 'first', dependent('a') as never);
    const options = {
      workflowId: 'temporal-job-scheduler/dependents/first',
      taskQueue: 'jobs',
      args: [[dependent('a')]],
      signal: 'addDependent',
      signalArgs: [dependent('a')],
      staticSummary: 'the jobs that follow first',
    };
    assert.deepEqual(calls, [['dependents', options]]);
  });

  it('is told to a workflow that is open, and to nobody where it is closed', async () => {
    const told: unknown[] = [];
    let failure: Error | undefined;
    const getHandle = (id: string) => ({
      describe: () => Promise.resolve(id === 'first' ? { type: 'runJob', taskQueue: 'jobs' } : { type: 'other' }),
      signal: (...args: unknown[]) => (failure ? Promise.reject(failure) : Promise.resolve(told.push([id, ...args]))),
    });
    const scope = { client: { workflow: { getHandle } } as unknown as Client, queue: 'jobs' };
    assert.equal(await addDependentOfOnce(scope, 'first', dependent('a') as never), true);
    await removeDependent(scope, 'first', 'a');
    await removeDependent(scope, 'nightly', 'a');
    assert.deepEqual(told, [
      ['first', 'addDependent', dependent('a')],
      ['first', 'removeDependent', 'a'],
      ['temporal-job-scheduler/dependents/nightly', 'removeDependent', 'a'],
    ]);
    failure = Object.assign(new Error('closed'), { name: 'WorkflowNotFoundError' });
    assert.equal(await addDependentOfOnce(scope, 'first', dependent('a') as never), false);
    failure = new Error('away');
    await assert.rejects(addDependentOfOnce(scope, 'first', dependent('a') as never), failure);
  });
});
