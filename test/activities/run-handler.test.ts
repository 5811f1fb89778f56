import assert from 'node:assert/strict';
import { once as event } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { CompleteAsyncError, type Info } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { z } from 'zod';
import { createHandlerActivities } from '../../src/activities/run-handler.ts';
import { defineJob, type JobContext } from '../../src/index.ts';
import { HELD, type HandlerInput } from '../../src/workflows/messages.ts';

const backup = defineJob('backup', { payload: z.object({ folder: z.string(), keep: z.coerce.number().default(7) }) });
const YEAR = 365 * 24 * 3_600_000;
const INPUT: HandlerInput = { jobId: 'nightly', payload: { folder: '/etc' }, scheduledAt: '2026-11-24T02:00:00.000Z' };

type Code = (payload: { folder: string; keep: number }, context: JobContext) => unknown;

/** One attempt of the handler's activity, without a server. */
function attempt(
  code: Code,
  options: { info?: Partial<Info>; input?: Partial<HandlerInput>; isHeld?: boolean; heldAfter?: number } = {},
) {
  const lines: { level: string; message: string; meta: Record<string, unknown> }[] = [];
  const log = (level: string, message: string, meta: Record<string, unknown> = {}) =>
    void lines.push({ level, message, meta });
  const at = (level: string) => (message: string, meta?: Record<string, unknown>) => log(level, message, meta);
  const logger = {
    log,
    trace: at('TRACE'),
    debug: at('DEBUG'),
    info: at('INFO'),
    warn: at('WARN'),
    error: at('ERROR'),
  };
  const info = { startToCloseTimeoutMs: YEAR, heartbeatTimeoutMs: 30_000, activityType: 'backup', ...options.info };
  const environment = new MockActivityEnvironment(info, { logger });
  const beats: unknown[] = [];
  environment.on('heartbeat', (details) => beats.push(details));
  const isHeld = () => sleep(options.heldAfter ?? 0, options.isHeld ?? false);
  const activities = createHandlerActivities([backup.handler(code)], isHeld);
  const activity = activities[info.activityType] ?? activities['default']!;
  const result = environment.run(activity, { ...INPUT, ...options.input });
  return { result, beats, lines, environment };
}

describe('the activity that calls a handler', () => {
  it('gives it the payload as its schema reads it, and what it may know of the attempt', async () => {
    let given: { payload: unknown; context: JobContext } | undefined;
    const runId = '01a20d86-2b4f-7644-be26-0330cbc891e0';
    const info = { attempt: 2, workflowExecution: { workflowId: 'nightly', runId } };
    const { result } = attempt((payload, context) => void (given = { payload, context }), { info });
    assert.equal(await result, null);
    assert.deepEqual(given?.payload, { folder: '/etc', keep: 7 });
    const { jobId, runId: run, attempt: which, scheduledAt, signal, predecessor, predecessors } = given.context;
    assert.deepEqual({ jobId, run, which }, { jobId: 'nightly', run: runId, which: 2 });
    assert.deepEqual(scheduledAt, new Date('2026-11-24T02:00:00Z'));
    assert.equal(signal.aborted, false);
    assert.equal(predecessor, undefined);
    assert.deepEqual(predecessors, []);
  });

  it('counts the attempts before the run went back to the queue', async () => {
    const { result } = attempt((_, { attempt: which }) => which, {
      info: { attempt: 2 },
      input: { attemptsBefore: 3 },
    });
    assert.equal(await result, 5);
  });

  it('gives it the runs it follows, the one that ended last as the predecessor', async () => {
    const ended = { workflowId: 'w', runId: 'r', state: 'completed' as const };
    const predecessors = [
      { ...ended, jobId: 'first', endedAt: '2026-11-24T01:00:00.000Z', result: { files: 3 } },
      { ...ended, jobId: 'second', endedAt: '2026-11-24T01:30:00.000Z', resultOmitted: true },
    ];
    const { result } = attempt((_, { predecessor, predecessors: all }) => ({ predecessor, all }), {
      input: { predecessors },
    });
    assert.deepEqual(await result, {
      predecessor: { ...ended, jobId: 'second', endedAt: new Date('2026-11-24T01:30:00Z') },
      all: [
        { ...ended, jobId: 'first', endedAt: new Date('2026-11-24T01:00:00Z'), result: { files: 3 } },
        { ...ended, jobId: 'second', endedAt: new Date('2026-11-24T01:30:00Z') },
      ],
    });
  });

  it('gives it a logger whose lines carry the job, the run and the attempt', async () => {
    const { result, lines, environment } = attempt(
      (_, { logger }) => {
        logger.debug('d');
        logger.info('copied', { files: 3 });
        logger.warn('w');
        logger.error('e', { attempt: 'mine' });
      },
      { input: { attemptsBefore: 1 } },
    );
    await result;
    const { runId } = environment.context.info.workflowExecution!;
    const own = lines.filter(({ meta }) => 'jobId' in meta);
    assert.deepEqual(
      own.map(({ level, message }) => `${level} ${message}`),
      ['DEBUG d', 'INFO copied', 'WARN w', 'ERROR e'],
    );
    const [, copied, , last] = own;
    const { jobId, runId: run, attempt: which, files } = copied!.meta;
    assert.deepEqual({ jobId, run, which, files }, { jobId: 'nightly', run: runId, which: 2, files: 3 });
    assert.equal(last!.meta['attempt'], 'mine');
  });

  it('sends an attempt back to the queue while a pause holds it, and uses up no try', async () => {
    for (const [input, before] of [
      [{}, 0],
      [{ attemptsBefore: 2 }, 2],
    ] as const) {
      const { result } = attempt(() => assert.fail('called'), { isHeld: true, input });
      await assert.rejects(result, (error) => {
        assert.ok(error instanceof ApplicationFailure);
        assert.equal(error.type, HELD);
        assert.equal(error.nonRetryable, true);
        assert.deepEqual(error.details, [before]);
        return true;
      });
    }
    const third = attempt(() => assert.fail('called'), { isHeld: true, info: { attempt: 3 } });
    await assert.rejects(third.result, { details: [2] });
  });

  it('is not called by an attempt that the server must have given up while nothing was heard of it', async () => {
    const info = { heartbeatTimeoutMs: 20 };
    const { result } = attempt(() => assert.fail('called'), { info, heldAfter: 25 });
    await assert.rejects(result, { message: 'lost: the server was away' });
  });

  it('refuses a payload that its schema refuses, and a type that nobody handles, for good', async () => {
    const payload = { folder: 1, keep: 'many' };
    await assert.rejects(attempt(() => assert.fail('called'), { input: { payload } }).result, {
      type: 'InvalidPayload',
      nonRetryable: true,
      message: /^payload\.folder: .*; payload\.keep: /,
    });
    await assert.rejects(attempt(() => assert.fail('called'), { input: { payload: undefined } }).result, {
      message: /^payload: .*object/,
    });
    await assert.rejects(attempt(() => assert.fail('called'), { info: { activityType: 'restore' } }).result, {
      type: 'UnknownJobType',
      nonRetryable: true,
      message: 'no handler for job type "restore": this worker has "backup"',
    });
  });

  it('does not beat for a handler that is over at once', async () => {
    const { result, beats } = attempt(() => 'done', { info: { heartbeatTimeoutMs: 60 } });
    await result;
    assert.deepEqual(beats, []);
  });

  it('beats until the handler has ended, with what was reported last, be it by the attempt before', async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const info = { heartbeatTimeoutMs: 60, heartbeatDetails: 'of the attempt before' };
    const { result, beats, environment } = attempt(
      async (_, { progress }) => {
        await event(environment, 'heartbeat');
        progress({ done: 1 });
        await finished;
      },
      { info },
    );
    while (beats.length < 5) await event(environment, 'heartbeat');
    finish();
    await result;
    assert.deepEqual(beats.slice(0, 5), ['of the attempt before', ...Array.from({ length: 4 }, () => ({ done: 1 }))]);
    const { length } = beats;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(beats.length, length);
  });

  it('calls an attempt cancelled that was told to stop and failed of it, whatever it throws', async () => {
    const { result, environment } = attempt((_, { signal }) => {
      environment.cancel();
      assert.equal(signal.aborted, true);
      throw new Error('socket closed');
    });
    await assert.rejects(result, (error) => error instanceof CancelledFailure && error.message === 'CANCELLED');
  });

  it('takes a result that comes in spite of the signal', async () => {
    const { result, environment } = attempt(() => {
      environment.cancel();
      return 'in time';
    });
    assert.equal(await result, 'in time');
  });

  it('does not call the handler of an attempt that was cancelled meanwhile', async () => {
    const { result, environment } = attempt(() => assert.fail('called'));
    environment.cancel();
    await assert.rejects(result, (error) => error instanceof CancelledFailure);
  });

  it('aborts the signal when the time of the attempt is over, and then its failure is a time-out', async () => {
    const info = { startToCloseTimeoutMs: 50 };
    const untilAborted: Code = (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    await assert.rejects(attempt(untilAborted, { info }).result, (error) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.equal(error.message, 'timed out (START_TO_CLOSE)');
      // Without a type, so that no job's nonRetryableErrorTypes has it.
      assert.ok(!error.type && !error.nonRetryable);
      return true;
    });
    await assert.rejects(attempt(() => Promise.reject(new RangeError('before')), { info }).result, {
      name: 'RangeError',
    });
  });

  it('cuts an error message that is too long for the server, and keeps what else the error says', async () => {
    const text = 'y'.repeat(50_000);
    const thrown = [
      { error: new TypeError(text), type: 'TypeError', nonRetryable: false },
      { error: ApplicationFailure.nonRetryable(text, 'Refused'), type: 'Refused', nonRetryable: true },
    ];
    for (const { error, type, nonRetryable } of thrown) {
      const message = `${text.slice(0, 10_000)} ... (50000 characters)`;
      await assert.rejects(attempt(() => Promise.reject(error)).result, { message, type, nonRetryable });
    }
    const short = new Error('short');
    await assert.rejects(attempt(() => Promise.reject(short)).result, (error) => error === short);
  });

  it('lets a handler leave its completion to somebody else', async () => {
    await assert.rejects(attempt(() => Promise.reject(new CompleteAsyncError())).result, CompleteAsyncError);
  });
});
