import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as library from '../../src/index.ts';
import { hostile, settle } from '../support/hostile.ts';

const {
  SchedulerError,
  afterJob,
  cron,
  defineJob,
  explainSchedule,
  interval,
  nextRunTimes,
  once,
  progressBar,
  toScheduleSpec,
} = library;

const RUNS = 1_000;
const aSchedule = fc.constantFrom(
  cron('0 9 * * mon-fri', { timezone: 'Europe/Berlin' }),
  interval('5m'),
  once('2030-01-01T00:00:00Z'),
  afterJob('backup'),
);

/** Something that is right, but for one of its fields, or a field too many. */
const spoiled = (right: fc.Arbitrary<object>) =>
  fc
    .tuple(right, fc.string({ maxLength: 8 }), hostile)
    .chain(([value, extra, wrong]) =>
      fc.constantFrom(...Object.keys(value), extra).map((key) => ({ ...value, [key]: wrong })),
    );

const calls: Record<string, [(...args: never[]) => unknown, ...fc.Arbitrary<unknown>[]]> = {
  cron: [cron, hostile, hostile],
  'cron with options': [
    cron,
    fc.constant('0 9 * * *'),
    spoiled(fc.constant({ timezone: 'UTC', skip: ['2027-01-01'], jitter: 5 })),
  ],
  interval: [interval, hostile, hostile],
  'interval with options': [
    interval,
    fc.constant('5m'),
    spoiled(fc.constant({ startAt: '2027-01-01T00:00:00Z', maxRuns: 3 })),
  ],
  once: [once, fc.oneof(hostile, spoiled(fc.constant({ in: '5m' })))],
  afterJob: [afterJob, hostile, fc.oneof(hostile, spoiled(fc.constant({ delay: '1m', on: 'success' })))],
  nextRunTimes: [
    nextRunTimes,
    fc.oneof(hostile, spoiled(aSchedule)),
    fc.oneof(hostile, spoiled(fc.constant({ count: 3 }))),
  ],
  explainSchedule: [explainSchedule, fc.oneof(hostile, spoiled(aSchedule))],
  toScheduleSpec: [
    toScheduleSpec,
    fc.oneof(hostile, spoiled(aSchedule)),
    fc.oneof(hostile, fc.constant({ createdAt: new Date() })),
  ],
  defineJob: [defineJob, hostile, hostile],
  progressBar: [progressBar, hostile],
};

describe('whatever a caller passes', () => {
  it('is tried with every function that the entry exports', () => {
    const functions = Object.entries(library).filter(([, value]) => typeof value === 'function');
    // Of the classes the errors take what we give them, and the scheduler has a test of its own.
    const names = functions.map(([name]) => name).filter((name) => /^[a-z]/.test(name));
    const tried = new Set(Object.keys(calls).map((name) => name.split(' ')[0]));
    assert.deepEqual(
      names.filter((name) => !tried.has(name)),
      [],
    );
  });

  for (const [name, [call, ...args]] of Object.entries(calls)) {
    it(`${name} answers or throws one of our errors`, async () => {
      const seen = { answered: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(fc.tuple(...args), async (values) => {
          const outcome = await settle(() => Reflect.apply(call, undefined, values));
          if (!('error' in outcome)) return void seen.answered++;
          seen.refused++;
          assert.ok(outcome.error instanceof SchedulerError, `expected a SchedulerError, got ${String(outcome.error)}`);
          assert.match(outcome.error.message, /expected .*, got /is);
        }),
        { numRuns: RUNS },
      );
      assert.ok(seen.refused > 0, JSON.stringify(seen));
    });
  }
});
