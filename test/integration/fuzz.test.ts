import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SchedulerError, once, type Scheduler } from '../../src/index.ts';
import { hostile, settle } from '../support/hostile.ts';
import { System } from '../support/system.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 60);
type Call = (scheduler: Scheduler, args: readonly unknown[]) => unknown;

/** A call of the method, whatever its types say. */
const method =
  (name: keyof Scheduler): Call =>
  (scheduler, args) =>
    Reflect.apply(scheduler[name] as () => unknown, scheduler, args);

/** The first items of what the method iterates. */
const iteration =
  (name: 'iterateJobs' | 'listRuns'): Call =>
  async (scheduler, args) => {
    const found: unknown[] = [];
    const items = Reflect.apply(scheduler[name] as (...values: unknown[]) => AsyncIterable<unknown>, scheduler, [
      ...args,
    ]);
    for await (const item of items) if (found.push(item) >= 3) break;
    return found;
  };

describe('whatever a caller passes to a scheduler', () => {
  let system: System;
  before(async () => {
    system = await System.start({ worker: false });
  });
  after(() => system[Symbol.asyncDispose]());

  const job = {
    jobType: 'task',
    payload: {},
    schedule: once({ in: '1d' }),
    priority: 'low',
    tags: ['a'],
    timeout: '5m',
  };
  const id = fc.oneof(hostile, fc.constant('fuzzed'));
  const spoiled = (right: object) =>
    fc.oneof(
      hostile,
      fc
        .tuple(fc.constantFrom(...Object.keys(right), 'extra'), hostile)
        .map(([key, wrong]) => ({ ...right, [key]: wrong })),
    );
  const filter = spoiled({ jobType: 'none', state: 'failed', idPrefix: 'none', limit: 5 });
  const methods: Partial<Record<keyof Scheduler, [Call, ...fc.Arbitrary<unknown>[]]>> = {
    scheduleJob: [method('scheduleJob'), spoiled(job), spoiled({ onConflict: 'error' })],
    scheduleJobs: [method('scheduleJobs'), fc.oneof(hostile, fc.array(spoiled(job), { maxLength: 3 })), hostile],
    cancelJob: [method('cancelJob'), id, spoiled({ reason: 'x' })],
    getJobStatus: [method('getJobStatus'), id],
    listJobs: [method('listJobs'), filter],
    iterateJobs: [iteration('iterateJobs'), filter],
    pauseJob: [method('pauseJob'), id, spoiled({ reason: 'x' })],
    resumeJob: [method('resumeJob'), id],
    triggerJob: [method('triggerJob'), hostile],
    retryRun: [method('retryRun'), id, spoiled({ runId: 'x' })],
    cancelJobs: [method('cancelJobs'), filter, spoiled({ reason: 'x' })],
    pauseJobs: [method('pauseJobs'), filter, spoiled({ reason: 'x' })],
    resumeJobs: [method('resumeJobs'), filter],
    retryRuns: [method('retryRuns'), filter],
    applyJobs: [
      method('applyJobs'),
      fc.oneof(hostile, fc.array(spoiled(job), { maxLength: 2 })),
      spoiled({ owner: 'fuzz', dryRun: true }),
    ],
    backfillJob: [method('backfillJob'), id, spoiled({ from: new Date(0), to: new Date(1) })],
    updateJob: [method('updateJob'), id, spoiled(job)],
    listRuns: [iteration('listRuns'), id, spoiled({ limit: 1 })],
    // A job that is there would be waited for.
    waitForJob: [method('waitForJob'), hostile],
    pause: [method('pause'), spoiled({ reason: 'x', until: new Date(0) })],
    resume: [method('resume'), spoiled({ missed: 'never' })],
  };

  for (const [name, [call, ...args]] of Object.entries(methods)) {
    it(`${name} answers or rejects with one of our errors`, async () => {
      const seen = { answered: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(fc.tuple(...args), async (values) => {
          const outcome = await settle(() => call(system.scheduler, values));
          if (!('error' in outcome)) return void seen.answered++;
          seen.refused++;
          const { error } = outcome;
          assert.ok(
            error instanceof SchedulerError,
            `expected a SchedulerError, got ${error instanceof Error ? error.stack : String(error)}`,
          );
          assert.ok(error.code && error.message, String(error));
        }),
        { numRuns: name === 'pause' || name === 'resume' ? Math.min(RUNS, 10) : RUNS },
      );
      assert.ok(seen.refused > 0, JSON.stringify(seen));
    });
  }

  it('is tried with every method', () => {
    const own = Object.getOwnPropertyNames(Object.getPrototypeOf(system.scheduler)).filter(
      (name) => name !== 'constructor',
    );
    const untried = ['close', 'isPaused'];
    assert.deepEqual(own.toSorted(), [...Object.keys(methods), ...untried].toSorted());
  });
});
