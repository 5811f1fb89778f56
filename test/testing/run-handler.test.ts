import assert from 'node:assert/strict';
import { z } from 'zod';
import { InvalidArgumentError, InvalidJobError, defineJob, type JobContext } from '../../src/index.ts';
import { runHandler, type RunHandlerOptions } from '../../src/testing.ts';

const backup = defineJob('backup', {
  payload: z.object({ folder: z.string(), keep: z.coerce.number<string>().default(7) }),
});
const given: RunHandlerOptions = {
  jobId: 'nightly',
  runId: 'run-1',
  attempt: 2,
  scheduledAt: new Date('2026-11-24T02:00:00Z'),
};

const never = backup.handler(() => assert.fail('called'));

/** What the handler saw. */
async function contextOf(options?: RunHandlerOptions): Promise<JobContext> {
  let seen: JobContext | undefined;
  await runHandler(
    backup.handler((_, context) => void (seen = context)),
    { folder: '/etc' },
    options,
  );
  assert.ok(seen);
  return seen;
}

describe('runHandler', () => {
  it('calls the handler with the payload as its schema reads it, and answers its result', async () => {
    const handler = backup.handler((payload) => ({ payload, at: new Date(0) }));
    const { result, progress, logs } = await runHandler(handler, { folder: '/etc', keep: '3' });
    assert.deepEqual(result, { payload: { folder: '/etc', keep: 3 }, at: '1970-01-01T00:00:00.000Z' });
    assert.deepEqual([progress, logs], [[], []]);
    assert.equal(
      (
        await runHandler(
          backup.handler(() => undefined),
          { folder: '/etc' },
        )
      ).result,
      null,
    );
  });

  it('gives it the context that it is told', async () => {
    const signal = AbortSignal.abort('enough');
    const { jobId, runId, attempt, scheduledAt, ...more } = await contextOf({ ...given, signal });
    assert.deepEqual({ jobId, runId, attempt, scheduledAt }, given);
    assert.equal(more.signal, signal);
    assert.equal(more.predecessor, undefined);
    assert.ok(!('predecessor' in more));
    assert.deepEqual(more.predecessors, []);
  });

  it('makes up what it is not told', async () => {
    const before = Date.now();
    const first = await contextOf();
    const second = await contextOf();
    assert.deepEqual([first.jobId, first.attempt, first.signal.aborted], ['job', 1, false]);
    assert.ok(first.scheduledAt.getTime() >= before && first.scheduledAt.getTime() <= Date.now());
    assert.notEqual(first.runId, second.runId);
  });

  it('completes predecessors, and takes the last one for the predecessor', async () => {
    const { predecessors, predecessor } = await contextOf({
      ...given,
      predecessors: [
        { jobId: 'first', result: 3, runId: 'r' },
        { state: 'failed', error: 'broken' },
      ],
    });
    const endedAt = given.scheduledAt!;
    const [first, second] = predecessors;
    assert.deepEqual(first, {
      jobId: 'first',
      workflowId: 'first',
      runId: 'r',
      state: 'completed',
      endedAt,
      result: 3,
    });
    assert.equal(second, predecessor);
    assert.deepEqual([second?.jobId, second?.state, second?.error], ['predecessor', 'failed', 'broken']);
  });

  it('keeps what was reported and logged, as it was then', async () => {
    const handler = backup.handler((_, { progress, logger }) => {
      const state = { done: 1 };
      progress(state);
      state.done = 2;
      progress(state);
      logger.debug('a');
      logger.info('b', { files: 3 });
      logger.warn('c');
      logger.error('d');
    });
    const { progress, logs } = await runHandler(handler, { folder: '/etc' });
    assert.deepEqual(progress, [{ done: 1 }, { done: 2 }]);
    assert.deepEqual(
      logs.map(({ level, message }) => `${level} ${message}`),
      ['debug a', 'info b', 'warn c', 'error d'],
    );
    assert.deepEqual(
      logs.map(({ attributes }) => attributes),
      [{}, { files: 3 }, {}, {}],
    );
  });

  it('refuses a payload that scheduleJob would refuse, before the handler', async () => {
    for (const [payload, field] of [
      [{ folder: 1 }, 'payload.folder'],
      [{ folder: '/etc', keep: 3n }, 'payload.keep'],
      [undefined, 'payload'],
      [{ folder: '/etc', note: 'x'.repeat(2_000_000) }, 'payload'],
    ] as const) {
      await assert.rejects(runHandler(never, payload as never), (error) => {
        assert.ok(error instanceof InvalidJobError);
        assert.equal(error.field, field);
        return true;
      });
    }
  });

  it('throws what the handler throws', async () => {
    const broken = new RangeError('broken');
    await assert.rejects(
      runHandler(
        backup.handler(() => Promise.reject(broken)),
        { folder: '/etc' },
      ),
      (error) => error === broken,
    );
  });

  it('refuses a result and a progress as their run would be failed', async () => {
    const result = backup.handler(() => ({ self: 1n }));
    await assert.rejects(runHandler(result, { folder: '/etc' }), { type: 'InvalidResult', nonRetryable: true });
    const progress = backup.handler((_, context) => context.progress('x'.repeat(2_000_000)));
    await assert.rejects(runHandler(progress, { folder: '/etc' }), { type: 'ProgressTooLarge' });
  });

  it('refuses options that are not what they must be', async () => {
    for (const options of [
      { attempt: 0 },
      { attempt: 1.5 },
      { scheduledAt: new Date(NaN) },
      { signal: {} },
      { predecessors: 'first' },
      { tries: 2 },
      null,
    ]) {
      const run = runHandler(never, { folder: '/etc' }, options as never);
      await assert.rejects(run, InvalidArgumentError, JSON.stringify(options));
    }
    await assert.rejects(runHandler(backup as never, { folder: '/etc' }), InvalidArgumentError);
    await assert.rejects(runHandler(undefined as never, {}), InvalidArgumentError);
  });
});
