import * as fc from 'fast-check';
import { InvalidScheduleError } from '../../src/job/errors.ts';
import { cron, interval } from '../../src/job/schedule-builders.ts';
import type { RecurringSchedule } from '../../src/job/schedule.ts';

/** Zones of every habit: both hemispheres, either side of Greenwich, half hours, changes at midnight, none at all. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/London',
  'Europe/Dublin',
  'Europe/Lisbon',
  'Europe/Chisinau',
  'America/New_York',
  'America/Los_Angeles',
  'America/St_Johns',
  'America/Havana',
  'America/Santiago',
  'America/Asuncion',
  'America/Nuuk',
  'America/Scoresbysund',
  'America/Sao_Paulo',
  'Atlantic/Azores',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Asia/Jerusalem',
  'Asia/Gaza',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Asia/Tokyo',
  'Australia/Adelaide',
  'Australia/Lord_Howe',
  'Australia/Sydney',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Pacific/Easter',
  'Pacific/Norfolk',
  'Antarctica/Troll',
] as const;

const MONTHS = ['jan', 'FEB', 'Mar', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'mon', 'Tue', 'WED', 'THU', 'FRI', 'SAT'];

function item(first: number, last: number, names: readonly string[] = []): fc.Arbitrary<string> {
  const value = fc.integer({ min: first, max: last });
  const token = names.length === 0 ? value.map(String) : fc.oneof(value.map(String), fc.constantFrom(...names));
  const step = fc.integer({ min: 1, max: last - first });
  return fc.oneof(
    { weight: 5, arbitrary: token },
    { weight: 2, arbitrary: fc.tuple(token, token).map((ends) => ends.join('-')) },
    { weight: 1, arbitrary: fc.tuple(token, token, step).map(([from, to, by]) => `${from}-${to}/${by}`) },
    { weight: 2, arbitrary: step.map((by) => `*/${by}`) },
    { weight: 1, arbitrary: fc.tuple(value, step).map((parts) => parts.join('/')) },
  );
}

function field(star: number, one: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: star, arbitrary: fc.constantFrom('*', '*', '*', '?') },
    { weight: 4, arbitrary: one },
    { weight: 1, arbitrary: fc.array(one, { minLength: 2, maxLength: 4 }).map((items) => items.join(',')) },
  );
}

const day = fc.integer({ min: 1, max: 31 });
const weekday = fc.oneof(fc.integer({ min: 0, max: 7 }).map(String), fc.constantFrom(...WEEKDAYS));
const dayOfMonth = fc.oneof(
  { weight: 6, arbitrary: item(1, 31) },
  {
    weight: 3,
    arbitrary: fc.oneof(
      fc.constantFrom('L', 'LW', 'l'),
      fc.integer({ min: 1, max: 30 }).map((n) => `L-${n}`),
      fc.integer({ min: 1, max: 30 }).map((n) => `L-${n}W`),
      day.map((n) => `${n}W`),
    ),
  },
);
const dayOfWeek = fc.oneof(
  { weight: 6, arbitrary: item(0, 7, WEEKDAYS) },
  { weight: 1, arbitrary: weekday.map((name) => `${name}L`) },
  { weight: 2, arbitrary: fc.tuple(weekday, fc.integer({ min: 1, max: 5 })).map(([name, n]) => `${name}#${n}`) },
);

/** Expressions of the whole dialect. Times near the hours in which clocks change come more often than by chance. */
export const expressions: fc.Arbitrary<string> = fc
  .record({
    second: fc.option(field(1, fc.oneof(fc.constant('0'), item(0, 59))), { freq: 4 }),
    minute: field(1, fc.oneof(item(0, 59), fc.constantFrom('0', '30', '*/15', '0,30', '*/5'))),
    hour: field(3, fc.oneof(item(0, 23), fc.constantFrom('0', '1', '2', '3', '1-3', '22-4', '*/2', '23'))),
    dayOfMonth: field(9, dayOfMonth),
    month: field(9, item(1, 12, MONTHS)),
    dayOfWeek: field(9, dayOfWeek),
    year: fc.option(fc.constantFrom('*', '2026-2040', '2027/2', '2028,2096', '2100', '*/4'), { freq: 7 }),
  })
  .map(({ second, minute, hour, dayOfMonth: monthDay, month, dayOfWeek: weekDay, year }) => {
    const seconds = second ?? (year === null ? [] : '0');
    return [seconds, minute, hour, monthDay, month, weekDay, year ?? []].flat().join(' ');
  });

/** Schedules with times of their own; expressions that are refused because they are never due are left out. */
export const recurringSchedules: fc.Arbitrary<RecurringSchedule> = fc
  .record({
    expression: fc.option(expressions, { freq: 6 }),
    every: fc.integer({ min: 1, max: 10_000_000 }),
    timezone: fc.constantFrom(...ZONES),
    startAt: fc.option(instants(), { freq: 5 }),
    days: fc.option(fc.integer({ min: 1, max: 2000 }), { freq: 5 }),
    skip: fc.option(fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 6 }), { freq: 5 }),
  })
  .map(({ expression, every, timezone, startAt, days, skip }) => {
    const endAt = days && new Date((startAt?.getTime() ?? Date.UTC(2026, 0)) + days * 86_400_000);
    const timing = { ...(startAt && { startAt }), ...(endAt && { endAt }) };
    const dates = skip?.map((offset) => new Date(Date.UTC(2026, 0, 1 + offset)).toISOString().slice(0, 10));
    try {
      if (expression === null) return interval(every * 1000, timing);
      return cron(expression, { timezone, ...timing, ...(dates && { skip: dates }) });
    } catch (error) {
      if (error instanceof InvalidScheduleError) return undefined;
      throw error;
    }
  })
  .filter((schedule) => schedule !== undefined);

/** Instants of 2026 and 2027, half of them on days on which clocks change somewhere. */
export function instants(): fc.Arbitrary<Date> {
  const changes = [
    '2026-02-15',
    '2026-03-08',
    '2026-03-22',
    '2026-03-29',
    '2026-04-05',
    '2026-04-24',
    '2026-09-06',
    '2026-09-27',
    '2026-10-04',
    '2026-10-25',
    '2026-10-30',
    '2026-11-01',
    '2027-03-14',
    '2027-03-28',
    '2027-04-04',
    '2027-10-31',
    '2027-11-07',
  ];
  const nearChange = fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -30 * 3600, max: 30 * 3600 }))
    .map(([date, seconds]) => new Date(Date.parse(date) + seconds * 1000));
  const any = fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2028, 0) }).map((time) => new Date(time));
  return fc.oneof(nearChange, any);
}
