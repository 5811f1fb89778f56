import assert from 'node:assert/strict';
import { InvalidArgumentError, InvalidJobError, InvalidScheduleError } from '../../src/job/errors.ts';
import type { OverlapPolicy } from '../../src/job/job.ts';
import { nextRunTimes } from '../../src/job/next-run-times.ts';
import { afterJob, cron, interval, once } from '../../src/job/schedule-builders.ts';
import { simulate, type SimulateOptions } from '../../src/job/simulate.ts';

const YEAR = { from: new Date('2028-01-01T00:00:00Z'), to: new Date('2028-12-31T23:59:59Z') };
const MINUTE = 60_000;

/** Due every 10 minutes from 0:10 to 1:00, as `due>start-end` in minutes, or `due!` for a skipped one. */
function hour(
  overlap: OverlapPolicy | undefined,
  runDuration: SimulateOptions['runDuration'],
  maxRuns?: number,
): string {
  const { from } = YEAR;
  const minutes = (date: Date | undefined) => ((date?.getTime() ?? NaN) - from.getTime()) / MINUTE;
  const schedule = interval('10m', maxRuns === undefined ? {} : { maxRuns });
  const runs = simulate(schedule, {
    from,
    to: new Date('2028-01-01T01:00:00Z'),
    ...(overlap && { overlap }),
    ...(runDuration !== undefined && { runDuration }),
  });
  return runs
    .map(({ dueAt, startedAt, endedAt, outcome }) => {
      if (outcome === 'skipped') return `${minutes(dueAt)}!`;
      return `${minutes(dueAt)}>${minutes(startedAt)}-${minutes(endedAt)}${outcome === 'stopped' ? 'x' : ''}`;
    })
    .join(' ');
}

describe('simulate', () => {
  it('gives every due time of a year, both ends included', () => {
    const daily = simulate(cron('0 0 * * *'), YEAR);
    assert.equal(daily.length, 366);
    assert.deepEqual(daily[0], { dueAt: YEAR.from, startedAt: YEAR.from, endedAt: YEAR.from, outcome: 'completed' });
    assert.equal(daily.at(-1)?.dueAt.toISOString(), '2028-12-31T00:00:00.000Z');
    const month = simulate(cron('0 18 L * *', { timezone: 'Europe/Berlin' }), YEAR);
    assert.deepEqual(
      month.slice(1, 3).map(({ dueAt }) => dueAt.toISOString()),
      ['2028-02-29T17:00:00.000Z', '2028-03-31T16:00:00.000Z'],
    );
    assert.equal(simulate(interval('1d'), { ...YEAR, to: new Date('2028-01-02T00:00:00Z') }).length, 1);
  });

  it('has the due times that nextRunTimes has', () => {
    const start = new Date(YEAR.from.getTime() - 1);
    for (const schedule of [
      cron('*/7 1-3 * 3,10 *', { timezone: 'Europe/Berlin' }),
      cron('30 1 * * SUN', { timezone: 'America/New_York' }),
      interval('5h', { startAt: '2028-03-01T00:00:00Z', endAt: '2028-04-01T00:00:00Z' }),
      interval('9h', { maxRuns: 40 }),
    ]) {
      const times = nextRunTimes(schedule, { from: start, createdAt: YEAR.from, count: 10_000 });
      assert.deepEqual(
        simulate(schedule, YEAR).map(({ dueAt }) => dueAt),
        times.filter((time) => time <= YEAR.to),
      );
    }
  });

  it('lets each policy have its way with runs that take longer than the interval', () => {
    assert.equal(hour('skip', '25m'), '10>10-35 20! 30! 40>40-65 50! 60!');
    assert.equal(hour('bufferOne', '25m'), '10>10-35 20>35-60 30! 40>60-85 50! 60>85-110');
    assert.equal(hour(undefined, '25m'), hour('bufferOne', '25m'));
    assert.equal(hour('bufferAll', '25m'), '10>10-35 20>35-60 30>60-85 40>85-110 50>110-135 60>135-160');
    assert.equal(hour('allowAll', '25m'), '10>10-35 20>20-45 30>30-55 40>40-65 50>50-75 60>60-85');
    const stopped = '10>10-20x 20>20-30x 30>30-40x 40>40-50x 50>50-60x 60>60-85';
    assert.equal(hour('cancelOther', '25m'), stopped);
    assert.equal(hour('terminateOther', '25m'), stopped);
  });

  it('is over by the due time at which a run ends', () => {
    const all = '10>10-20 20>20-30 30>30-40 40>40-50 50>50-60 60>60-70';
    for (const overlap of ['skip', 'bufferOne', 'bufferAll', 'cancelOther'] as const) {
      assert.equal(hour(overlap, 10 * MINUTE), all);
    }
  });

  it('takes a duration for each run', () => {
    const duration = (dueAt: Date) => (dueAt.getUTCMinutes() === 20 ? '25m' : '1m');
    assert.equal(hour('skip', duration), '10>10-11 20>20-45 30! 40! 50>50-51 60>60-61');
  });

  it('counts runs and not due times for maxRuns, as the server does', () => {
    assert.equal(hour('skip', '25m', 2), '10>10-35 20! 30! 40>40-65');
    assert.equal(hour('bufferOne', '25m', 2), '10>10-35 20>35-60');
    assert.equal(hour('bufferAll', '25m', 3), '10>10-35 20>35-60 30>60-85');
    assert.equal(hour('cancelOther', '25m', 2), '10>10-20x 20>20-45');
  });

  it('runs a once job at its time, at once where that is past, and not at all after the range', () => {
    const dueAt = (schedule: Parameters<typeof simulate>[0]) =>
      simulate(schedule, YEAR).map((run) => run.dueAt.toISOString());
    assert.deepEqual(dueAt(once('2028-06-01T12:00:00.250Z')), ['2028-06-01T12:00:00.250Z']);
    assert.deepEqual(dueAt(once('2020-01-01T00:00:00Z')), ['2028-01-01T00:00:00.000Z']);
    assert.deepEqual(dueAt(once({ in: '1h' })), ['2028-01-01T01:00:00.000Z']);
    assert.deepEqual(dueAt(once('2029-01-01T00:00:00Z')), []);
  });

  it('refuses what is not what it must be', () => {
    const schedule = interval('1h');
    assert.throws(() => simulate(afterJob('first'), YEAR), InvalidScheduleError);
    assert.throws(() => simulate({ kind: 'often' } as never, YEAR), InvalidScheduleError);
    assert.throws(() => simulate(schedule, { ...YEAR, overlap: 'wait' as never }), InvalidJobError);
    for (const options of [
      { from: YEAR.to, to: YEAR.from },
      { from: YEAR.from },
      { ...YEAR, runDuration: -1 },
      { ...YEAR, runDuration: 'soon' },
      { ...YEAR, runDuration: () => Infinity },
      { ...YEAR, duration: 1 },
      undefined,
    ]) {
      assert.throws(() => simulate(schedule, options as never), InvalidArgumentError, JSON.stringify(options));
    }
    assert.throws(() => simulate(interval('1s'), YEAR), { code: 'INVALID_ARGUMENT', message: /600000/ });
  });
});
