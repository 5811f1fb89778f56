import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { InvalidScheduleError } from '../../src/job/errors.ts';
import { nextRunTimes } from '../../src/job/next-run-times.ts';
import { cron } from '../../src/job/schedule-builders.ts';
import type { CronSchedule } from '../../src/job/schedule.ts';
import { expressions, instants } from './arbitrary.ts';
import { isNamed } from './reference.ts';

const RUNS = Number(process.env['TIME_PROPERTIES'] ?? 400);
const DAY = 86_400_000;
/** Zones whose clocks do not change: a wall clock there is UTC and a fixed distance. */
const FIXED: Readonly<Record<string, number>> = {
  UTC: 0,
  'Asia/Kolkata': 330,
  'Asia/Tokyo': 540,
  'America/Bogota': -300,
  'Asia/Kathmandu': 345,
} as const;

const schedules = fc
  .tuple(expressions, fc.constantFrom(...Object.keys(FIXED)))
  .map(([expression, timezone]) => {
    try {
      return cron(expression, { timezone });
    } catch (error) {
      if (error instanceof InvalidScheduleError) return undefined;
      throw error;
    }
  })
  .filter((schedule) => schedule !== undefined);

/** The named seconds after an instant, found by looking at every second of every day that has any. */
function bruteForce({ expression, timezone }: CronSchedule, from: Date, count: number, days: number): number[] {
  const offset = FIXED[timezone]! * 60_000;
  const fields = expression.split(' ');
  const everyTime = fields.length === 5 ? ['*', '*', ...fields.slice(2)] : ['*', '*', '*', ...fields.slice(3)];
  const found: number[] = [];
  const start = Math.floor((from.getTime() + offset) / DAY) * DAY;
  for (let day = start; day < start + days * DAY && found.length < count; day += DAY) {
    if (!isNamed(everyTime.join(' '), new Date(day))) continue;
    for (let hour = day; hour < day + DAY; hour += 3_600_000) {
      if (!isNamed(atHour(fields), new Date(hour))) continue;
      for (let time = hour; time < hour + 3_600_000 && found.length < count; time += 1000) {
        if (time - offset > from.getTime() && isNamed(expression, new Date(time))) found.push(time - offset);
      }
    }
  }
  return found;
}

function atHour(fields: readonly string[]): string {
  return (fields.length === 5 ? ['*', ...fields.slice(1)] : ['*', '*', ...fields.slice(2)]).join(' ');
}

describe('cron properties', () => {
  it('finds what a naive reading of the expression finds, and nothing between', function () {
    this.timeout(120_000);
    let compared = 0;
    fc.assert(
      fc.property(schedules, instants(), (schedule, from) => {
        const days = 800;
        const expected = bruteForce(schedule, from, 4, days);
        const actual = nextRunTimes(schedule, { from, count: 4 })
          .map((time) => time.getTime())
          .filter((time) => expected.length === 4 || time < from.getTime() + (days - 2) * DAY);
        assert.deepEqual(actual, expected.slice(0, actual.length));
        assert(
          actual.length === 4 ||
            expected.filter((time) => time < from.getTime() + (days - 2) * DAY).length === actual.length,
        );
        compared += actual.length;
      }),
      { numRuns: RUNS },
    );
    assert(compared > RUNS);
  });

  it('gives times after `from`, in order, on whole seconds, and the same from any time between', () => {
    fc.assert(
      fc.property(schedules, instants(), fc.integer({ min: 0, max: 999 }), (schedule, base, milliseconds) => {
        const from = new Date(base.getTime() + milliseconds);
        const times = nextRunTimes(schedule, { from, count: 5 }).map((time) => time.getTime());
        for (const [index, time] of times.entries()) {
          assert(time > (times[index - 1] ?? from.getTime()));
          assert.equal(time % 1000, 0);
        }
        const [first, second] = times;
        if (first === undefined || second === undefined) return;
        for (const between of [first, Math.floor((first + second) / 2), second - 1]) {
          assert.equal(nextRunTimes(schedule, { from: new Date(between), count: 1 })[0]?.getTime(), second);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('either understands a text or refuses it with an InvalidScheduleError', () => {
    const piece = fc.constantFrom(...'0123456789*/-,?LW#@ \t'.split(''), 'MON', 'JAN', '5L', 'LW', '#2', 'TZ=', 'UTC');
    const texts = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.array(piece, { maxLength: 25 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          assert.equal(cron(text).kind, 'cron');
        } catch (error) {
          assert(error instanceof InvalidScheduleError, String(error));
        }
      }),
      { numRuns: RUNS * 5 },
    );
  });
});
