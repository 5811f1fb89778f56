// The tests of a job, as mocha runs them. `describe` and `it` of node:test, vitest and jest are the same.
import assert from 'node:assert/strict';
import { cron, defineJob, interval, once } from 'temporal-job-scheduler';
import { runHandler, simulate, startTestScheduler } from 'temporal-job-scheduler/testing';
import { z } from 'zod';

const resize = defineJob('resize', { payload: z.object({ image: z.string(), width: z.int().min(1) }) });

const resizeHandler = resize.handler(({ image, width }, { attempt, logger, progress, signal }) => {
  signal.throwIfAborted();
  if (attempt > 1) logger.warn('once more', { image });
  progress({ percent: 50 });
  return { file: `${image}-${width}.png` };
});

describe('the handler', () => {
  it('names the file by the width', async () => {
    const { result, progress, logs } = await runHandler(resizeHandler, { image: 'cat', width: 80 }, { attempt: 2 });
    assert.deepEqual(result, { file: 'cat-80.png' });
    assert.deepEqual(progress, [{ percent: 50 }]);
    assert.deepEqual(logs, [{ level: 'warn', message: 'once more', attributes: { image: 'cat' } }]);
  });

  it('has no width of 0', async () => {
    const run = runHandler(resizeHandler, { image: 'cat', width: 0 });
    await assert.rejects(run, { code: 'INVALID_JOB', field: 'payload.width' });
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(runHandler(resizeHandler, { image: 'cat', width: 80 }, { signal }), { name: 'AbortError' });
  });
});

describe('the job', () => {
  it('runs on a real server', async () => {
    await using scheduler = await startTestScheduler({ handlers: [resizeHandler] });
    const payload = { image: 'cat', width: 80 };
    const id = await scheduler.scheduleJob({ jobType: 'resize', schedule: once({ in: 0 }), payload });
    assert.deepEqual(await scheduler.waitForJob(id), { file: 'cat-80.png' });
  });
});

describe('the schedule', () => {
  it('is due on the last day of each month', () => {
    const year = { from: new Date('2028-01-01T00:00:00Z'), to: new Date('2028-12-31T23:59:59Z') };
    const runs = simulate(cron('0 18 L * *', { timezone: 'Europe/Berlin' }), year);
    assert.equal(runs.length, 12);
    assert.equal(runs[1]?.dueAt.toISOString(), '2028-02-29T17:00:00.000Z');
  });

  it('leaves every other run out if one takes longer than an hour', () => {
    const day = { from: new Date('2028-01-01T00:00:00Z'), to: new Date('2028-01-02T00:00:00Z') };
    const runs = simulate(interval('1h'), { ...day, runDuration: '90m', overlap: 'skip' });
    assert.equal(runs.filter(({ outcome }) => outcome === 'skipped').length, 12);
  });
});
