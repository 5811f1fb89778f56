import assert from 'node:assert/strict';
import { InvalidArgumentError } from '../../src/job/errors.ts';
import { nextRunTimes, type NextRunTimesOptions } from '../../src/job/next-run-times.ts';
import { afterJob, cron, interval, once } from '../../src/job/schedule-builders.ts';
import type { Schedule } from '../../src/job/schedule.ts';

function next(schedule: Schedule, options: NextRunTimesOptions): string[] {
  return nextRunTimes(schedule, options).map((time) => time.toISOString());
}

const from = new Date('2026-11-24T10:00:00.250Z');

describe('nextRunTimes', () => {
  it('counts an interval from its creation, rounded up to a second', () => {
    assert.deepEqual(next(interval('90s'), { from, count: 3 }), [
      '2026-11-24T10:01:31.000Z',
      '2026-11-24T10:03:01.000Z',
      '2026-11-24T10:04:31.000Z',
    ]);
    const later = new Date('2026-11-24T10:03:01.000Z');
    assert.deepEqual(next(interval('90s'), { createdAt: from, from: later, count: 1 }), ['2026-11-24T10:04:31.000Z']);
  });

  it('runs an interval first at startAt, last at endAt', () => {
    const schedule = interval('1h', { startAt: '2027-01-01T00:10:00Z', endAt: '2027-01-01T02:10:00Z' });
    assert.deepEqual(next(schedule, { from }), [
      '2027-01-01T00:10:00.000Z',
      '2027-01-01T01:10:00.000Z',
      '2027-01-01T02:10:00.000Z',
    ]);
    const past = interval('7 days', { startAt: '2026-11-01T08:00:00Z' });
    assert.deepEqual(next(past, { from, count: 1 }), ['2026-11-29T08:00:00.000Z']);
  });

  it('does not drift over 10,000 runs', () => {
    const start = new Date('2026-11-24T10:00:01Z').getTime();
    for (const every of [2, 7, 90, 3600, 86_400, 100_003]) {
      const times = nextRunTimes(interval(every * 1000), { from, count: 10_000 });
      assert.equal(times.length, 10_000);
      for (const [index, time] of times.entries()) assert.equal(time.getTime(), start + (index + 1) * every * 1000);
    }
    // A second after its creation, give or take the part of one.
    assert.equal(next(interval('1s'), { from, count: 1 })[0], '2026-11-24T10:00:01.000Z');
  });

  it('ends with the year 2100', () => {
    const times = next(cron('0 0 1 1 *'), { from: new Date('2098-06-01T00:00:00Z') });
    assert.deepEqual(times, ['2099-01-01T00:00:00.000Z', '2100-01-01T00:00:00.000Z']);
    assert.deepEqual(next(interval('1d'), { from: new Date('2100-12-30T12:00:00Z') }), ['2100-12-31T12:00:00.000Z']);
  });

  it('gives a once job its instant, or its creation if that is later', () => {
    assert.deepEqual(next(once('2027-01-01T00:00:00.123Z'), { from }), ['2027-01-01T00:00:00.123Z']);
    assert.deepEqual(next(once(new Date(0)), { from }), [from.toISOString()]);
    assert.deepEqual(next(once(new Date(0)), { from, createdAt: new Date(0) }), []);
    assert.deepEqual(next(once({ in: '5m' }), { from }), ['2026-11-24T10:05:00.250Z']);
    assert.deepEqual(next(once({ in: '5m' }), { from, createdAt: new Date('2026-11-24T09:00:00Z') }), []);
  });

  it('counts maxRuns from the creation', () => {
    assert.equal(next(interval('1h', { maxRuns: 3 }), { from }).length, 3);
    const later = { createdAt: from, from: new Date('2026-11-24T12:30:00Z') };
    assert.deepEqual(next(interval('1h', { maxRuns: 3 }), later), ['2026-11-24T13:00:01.000Z']);
    assert.deepEqual(next(cron('0 * * * *', { maxRuns: 2 }), { ...later, count: 5 }), []);
  });

  it('leaves skipped days and jitter out', () => {
    const schedule = cron('0 12 * * *', { timezone: 'Asia/Tokyo', skip: ['2026-11-25', '2026-11-26'], jitter: '1h' });
    assert.deepEqual(next(schedule, { from, count: 2 }), ['2026-11-27T03:00:00.000Z', '2026-11-28T03:00:00.000Z']);
  });

  it('keeps to startAt and endAt, both included', () => {
    const schedule = cron('0 12 * * *', { startAt: '2027-01-01T12:00:00Z', endAt: '2027-01-02T12:00:00Z' });
    assert.deepEqual(next(schedule, { from }), ['2027-01-01T12:00:00.000Z', '2027-01-02T12:00:00.000Z']);
  });

  it('gives ten times unless told', () => {
    assert.equal(next(cron('* * * * *'), { from }).length, 10);
    assert(nextRunTimes(cron('* * * * *'))[0]! > new Date());
  });

  it('is fast for sparse schedules', () => {
    for (const expression of ['0 0 0 29 2 ? 2096', '0 0 29 2 SAT#5', '59 59 23 31 12 ? 2100', '0 0 L-2W 2 *']) {
      const started = performance.now();
      assert(next(cron(expression, { timezone: 'Europe/Berlin' }), { from }).length > 0);
      assert(performance.now() - started < 500, expression);
    }
  });

  it('refuses an afterJob, and options that are none', () => {
    assert.throws(() => nextRunTimes(afterJob('a')), { name: 'InvalidScheduleError', field: 'kind' });
    for (const options of [{ count: 0 }, { count: 1.5 }, { count: NaN }, { count: 10_001 }, { from: new Date(NaN) }]) {
      assert.throws(() => nextRunTimes(cron('@daily'), options), InvalidArgumentError);
    }
  });
});
