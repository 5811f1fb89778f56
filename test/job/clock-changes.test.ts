import assert from 'node:assert/strict';
import { dueTimes } from '../../src/job/evaluate-spec.ts';
import { fromScheduleSpec } from '../../src/job/from-schedule-spec.ts';
import { nextRunTimes } from '../../src/job/next-run-times.ts';
import { cron } from '../../src/job/schedule-builders.ts';
import { timeZone, type Transition } from '../../src/job/time-zone.ts';
import { toScheduleSpec } from '../../src/job/to-schedule-spec.ts';
import { isNamed } from './reference.ts';

const MINUTE = 60;
const HOUR = 3600;
const FROM = Date.UTC(2026, 0) / 1000;
const TO = Date.UTC(2028, 0) / 1000;

/** Every change of clocks of 2026 and 2027 that some zone has, each once. */
function allChanges(): { readonly timezone: string; readonly change: Transition }[] {
  const seen = new Set<string>();
  return Intl.supportedValuesOf('timeZone').flatMap((timezone) =>
    timeZone(timezone)
      .transitions(FROM, TO)
      .filter(({ at, before, after }) => {
        const key = [at, before, after].join();
        return !seen.has(key) && seen.add(key);
      })
      .map((change) => ({ timezone, change })),
  );
}

interface Outcome {
  /** Due times that the expression does not name. */
  readonly wrong: number[];
  /** Named clock readings of which no copy runs. */
  readonly lost: number[];
  /** Named instants that do not run, all told. */
  readonly missing: number[];
}

const timesOfDay = new Map<string, boolean[]>();

/** isNamed for each minute, with its answers for the times of a day kept: there are many days. */
function namedMinutes(expression: string, timezone: string, start: number, end: number): number[] {
  const zone = timeZone(timezone);
  const [minute, hour, ...date] = expression.split(' ');
  const times =
    timesOfDay.get(expression) ??
    Array.from({ length: 1440 }, (_, index) => isNamed(`${minute} ${hour} * * *`, new Date(index * 60_000)));
  timesOfDay.set(expression, times);
  const dates = new Map<number, boolean>();
  const found: number[] = [];
  for (let instant = Math.ceil((start + 1) / MINUTE) * MINUTE; instant <= end; instant += MINUTE) {
    const reading = instant + zone.offsetAt(instant);
    const day = Math.floor(reading / 86_400);
    if (!times[(reading - day * 86_400) / MINUTE]) continue;
    const isDate = dates.get(day) ?? isNamed(`* * ${date.join(' ')}`, new Date(day * 86_400_000));
    dates.set(day, isDate);
    if (isDate) found.push(instant);
  }
  return found;
}

function around(expression: string, timezone: string, { at }: Transition): Outcome {
  const zone = timeZone(timezone);
  const [start, end] = [at - 30 * HOUR, at + 30 * HOUR];
  const named = namedMinutes(expression, timezone, start, end);
  const due: number[] = [];
  for (const time of dueTimes(toScheduleSpec(cron(expression, { timezone })), start * 1000)) {
    if (time > end * 1000) break;
    due.push(time / 1000);
  }
  const readings = new Set(due.map((instant) => instant + zone.offsetAt(instant)));
  const missing = named.filter((instant) => !due.includes(instant));
  return {
    wrong: due.filter((instant) => !named.includes(instant)),
    lost: missing.filter((instant) => !readings.has(instant + zone.offsetAt(instant))),
    missing,
  };
}

function iso(instants: readonly number[]): string[] {
  return instants.slice(0, 5).map((instant) => new Date(instant * 1000).toISOString());
}

describe('clock changes of 2026 and 2027 in every zone', () => {
  const changes = allChanges();

  it('are many', () => {
    console.log(`      ${changes.length} different changes`);
    assert(changes.length >= 80);
  });

  // Jobs that follow real time: every named instant runs, both copies of a repeated hour included.
  for (const expression of [
    '0 * * * *',
    '*/15 * * * *',
    '*/7 * * * *',
    '*/20 * * * SAT,SUN',
    '*/15 8-20 * * MON-FRI',
    '0 */2 * * *',
    '30 */3 * * *',
    '5,35 */4 * * *',
    '0 0-6 * * *',
    '30 22-4 * * *',
    '*/30 0-5 * * SUN',
    '0 * 20-31 * *',
    '*/10 * L * 7L',
  ]) {
    it(`${expression} runs at every instant that it names`, function () {
      this.timeout(60_000);
      for (const { timezone, change } of changes) {
        const { wrong, missing } = around(expression, timezone, change);
        const where = `${timezone} at ${iso([change.at]).join()}`;
        assert.deepEqual([iso(wrong), iso(missing)], [[], []], where);
      }
    });
  }

  // Jobs at times of day: each time that the day has runs, and never at a time that is not named.
  for (const expression of [
    '30 2 * * *',
    '0 0 * * *',
    '30 0 * * *',
    '30 1 * * *',
    '0 3 * * *',
    '30 23 * * *',
    '15,45 1 * * *',
    '0,30 2 * * *',
    '0 2,14 * * *',
    '0 12 * * SUN',
    '30 3 * * SUN',
    '0 6 * * FRI',
    '0 0 * * SUN',
    '30 2 L * *',
    '0 9 8-14 * SUN',
  ]) {
    it(`${expression} runs at each time of day that it names`, function () {
      this.timeout(60_000);
      for (const { timezone, change } of changes) {
        const { wrong, lost, missing } = around(expression, timezone, change);
        const where = `${timezone} at ${iso([change.at]).join()}`;
        assert.deepEqual([iso(wrong), iso(lost)], [[], []], where);
        // West of Greenwich, and wherever clocks go forward, nothing at all is missing.
        if (change.after < 0 || change.after > change.before) assert.deepEqual(iso(missing), [], where);
      }
    });
  }

  it('leave the other days of a zone alone, over 12 years', () => {
    const times = nextRunTimes(cron('30 2 * * *', { timezone: 'Europe/Berlin' }), {
      from: new Date('2026-01-01T00:00:00Z'),
      count: 4380,
    });
    // One a day, but for the spring days of 2026 to 2037.
    assert.equal(times.at(-1)!.toISOString().slice(0, 10), '2038-01-09');
  });
});

describe('compiling for clock changes', () => {
  const berlin = { timezone: 'Europe/Berlin' };

  it('says an every-hour job in UTC', () => {
    assert.deepEqual(toScheduleSpec(cron('*/15 * * * *', berlin)), {
      calendars: [
        {
          second: 0,
          minute: { start: 0, end: 45, step: 15 },
          hour: '*',
          comment: '*/15 * * * * (Europe/Berlin)',
        },
      ],
      timezone: 'UTC',
    });
    const adelaide = toScheduleSpec(cron('20 * * * *', { timezone: 'Australia/Adelaide' }));
    assert.equal(adelaide.timezone, 'UTC');
    assert.equal(adelaide.calendars?.[0]?.minute, 50);
  });

  it('adds nothing where no due time is in danger', () => {
    for (const schedule of [
      cron('*/15 8-20 * * MON-FRI', berlin),
      cron('0 9 * * *', berlin),
      cron('30 2 * * MON', berlin),
      cron('30 1 * * *', { timezone: 'America/New_York' }),
      cron('0 * * * *', { timezone: 'America/New_York' }),
      cron('*/5 * * * *', { timezone: 'Asia/Kolkata' }),
    ]) {
      const { calendars, intervals, skip, timezone } = toScheduleSpec(schedule);
      assert.deepEqual(
        { count: calendars?.length, intervals, skip, timezone },
        {
          count: 1,
          intervals: undefined,
          skip: undefined,
          timezone: schedule.timezone,
        },
      );
    }
  });

  it('repairs the rest with intervals and exclusions', () => {
    assert.deepEqual(toScheduleSpec(cron('0 */2 * * *', berlin)), {
      calendars: [
        { second: 0, minute: 0, hour: { start: 0, end: 22, step: 2 }, comment: '0 */2 * * * (Europe/Berlin)' },
      ],
      intervals: [
        { every: 86_400_000, offset: 0 },
        { every: 86_400_000, offset: 3_600_000 },
      ],
      skip: [{ second: '*', minute: '*', hour: { start: 1, end: 23, step: 2 } }],
      timezone: 'Europe/Berlin',
    });
  });

  // What docs/time.md owns up to.
  it('ends with the last year of an expression, so that nothing is searched in vain', () => {
    const schedule = cron('0 0 * * * SUN 2026-2040', berlin);
    const { endAt, intervals } = toScheduleSpec(schedule);
    assert.equal(intervals?.length, 2);
    assert.deepEqual(endAt, new Date('2041-01-02T00:00:00Z'));
    assert.deepEqual(fromScheduleSpec(toScheduleSpec(schedule)), schedule);
    const early = cron('0 0 * * * SUN 2026-2040', { ...berlin, endAt: '2030-01-01T00:00:00Z' });
    assert.deepEqual(toScheduleSpec(early).endAt, new Date('2030-01-01T00:00:00Z'));
    assert.deepEqual(fromScheduleSpec(toScheduleSpec(early)), early);
  });

  it('cannot repair what is too frequent on too few days', () => {
    for (const expression of ['* * * * * SUN', '* * 25-31 10 *', '0 0 * 25 10 * 2090']) {
      assert.equal(toScheduleSpec(cron(expression, berlin)).intervals, undefined, expression);
    }
    const lost = nextRunTimes(cron('* * 25-31 10 *', berlin), {
      from: new Date('2026-10-25T00:00:00Z'),
      count: 3,
    });
    assert.deepEqual(
      lost.map((time) => time.toISOString().slice(11, 16)),
      ['01:01', '02:02', '02:03'],
    );
  });
});
