import type { CalendarSpec, DayOfWeek, Month } from '@temporalio/client';
import type { DateBox } from './cron-days.ts';

type Range<T> = T | { start: T; end: T; step: number };
type Ranges<T> = Range<T> | Range<T>[];

/** Temporal's names, in the order of their numbers: January is 1. */
export const MONTHS: readonly Month[] = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
];

/** Temporal's names, in the order of their numbers: Sunday is 0. */
export const WEEKDAYS: readonly DayOfWeek[] = [
  'SUNDAY',
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
];

/** Times of day as one calendar says them. */
export interface TimeBox {
  readonly second: readonly number[];
  readonly minute: readonly number[];
  readonly hour: readonly number[];
}

/** Temporal's calendar for some times of day on some dates. */
export function toCalendar(time: TimeBox, date: DateBox): CalendarSpec {
  return {
    second: time.second.length === 60 ? '*' : toRanges(time.second),
    minute: time.minute.length === 60 ? '*' : toRanges(time.minute),
    hour: time.hour.length === 24 ? '*' : toRanges(time.hour),
    ...(date.dayOfMonth && { dayOfMonth: toRanges(date.dayOfMonth) }),
    ...(date.month && { month: named(toRanges(date.month), (month) => MONTHS[month - 1]!) }),
    ...(date.dayOfWeek && { dayOfWeek: named(toRanges(date.dayOfWeek), (weekday) => WEEKDAYS[weekday]!) }),
    ...(date.year && { year: toRanges(date.year) }),
  };
}

/** Numbers in rising order, in few plain values and ranges. */
function toRanges(values: readonly number[]): Ranges<number> {
  const runs = toRuns(values);
  // Such as all years but leap years: every fourth from 2001 on, from 2002 on and from 2003 on.
  const every4th = [0, 1, 2, 3].flatMap((rest) => toRuns(values.filter((value) => value % 4 === rest)));
  const ranges = every4th.length < runs.length / 2 ? every4th : runs;
  return ranges.length === 1 ? ranges[0]! : ranges;
}

function toRuns(values: readonly number[]): Range<number>[] {
  const runs: Range<number>[] = [];
  for (let index = 0; index < values.length;) {
    const start = values[index]!;
    const step = (values[index + 1] ?? start) - start;
    let length = 1;
    while (values[index + length] === start + length * step) length++;
    // Both ends are always given: the SDK takes a missing end for 1.
    const isRange = length > 2;
    runs.push(isRange ? { start, end: start + (length - 1) * step, step } : start);
    index += isRange ? length : 1;
  }
  return runs;
}

function named<T extends string>(ranges: Ranges<number>, name: (value: number) => T): Ranges<T> {
  const rename = (range: Range<number>): Range<T> =>
    typeof range === 'number' ? name(range) : { start: name(range.start), end: name(range.end), step: range.step };
  return Array.isArray(ranges) ? ranges.map(rename) : rename(ranges);
}
