import type { CalendarSpec, ScheduleSpec, ScheduleSpecDescription } from '@temporalio/client';
import { MONTHS, WEEKDAYS } from './calendar.ts';
import { fromCivil, toCivil } from './civil.ts';
import { LAST_YEAR } from './cron.ts';
import { monthLength } from './cron-days.ts';
import { type TimeZone, timeZone } from './time-zone.ts';

// How Temporal's server reads a spec (service/worker/scheduler/spec.go and calendar.go, 1.32), daylight-saving quirks
// included: what is computed here has to be what will happen, not what ought to.

const HOUR = 3600;
/** Beyond any spec that this library makes: a spec from elsewhere may exclude all that it names. */
const MAX_STEPS = 200_000;

interface Calendar {
  readonly year?: ReadonlySet<number>;
  readonly month: readonly boolean[];
  readonly dayOfMonth: readonly boolean[];
  readonly dayOfWeek: readonly boolean[];
  readonly hour: readonly boolean[];
  readonly minute: readonly boolean[];
  readonly second: readonly boolean[];
}

/** The due times of a spec after an instant, in milliseconds, one after the other, without jitter. */
export function* dueTimes(spec: ScheduleSpec | ScheduleSpecDescription, after: number): Generator<number> {
  const next = compile(spec);
  let second = Math.floor(after / 1000);
  for (;;) {
    const due = next(second);
    if (due === undefined) return;
    yield due * 1000;
    second = due;
  }
}

function compile(spec: ScheduleSpec | ScheduleSpecDescription): (after: number) => number | undefined {
  const zone = timeZone(spec.timezone || 'UTC');
  const calendars = (spec.calendars ?? []).map(toCalendar);
  const excluded = (spec.skip ?? []).map(toCalendar);
  const intervals = (spec.intervals ?? []).map(({ every, offset }) => ({
    every: Math.max(1, Math.floor(Number(every) / 1000)),
    offset: Math.max(0, Math.floor(Number(offset ?? 0) / 1000)),
  }));
  const first = Math.max(0, Math.floor((spec.startAt?.getTime() ?? 0) / 1000)) - 1;
  const last = Math.min(spec.endAt?.getTime() ?? Infinity, Date.UTC(LAST_YEAR + 1, 0) - 1) / 1000;
  return (after) => {
    let due = Math.max(after, first);
    for (let step = 0; step < MAX_STEPS; step++) {
      const found = [
        ...calendars.map((calendar) => nextMatch(calendar, zone, due)),
        ...intervals.map(({ every, offset }) => (Math.floor((due - offset) / every) + 1) * every + offset),
      ];
      due = Math.min(...found.map((time) => time ?? Infinity));
      if (due > last) return undefined;
      if (!excluded.some((calendar) => matches(calendar, due + zone.offsetAt(due)))) return due;
    }
    return undefined;
  };
}

function matches(calendar: Calendar, local: number): boolean {
  const { year, month, day, weekday, hour, minute, second } = toCivil(local);
  return (
    (calendar.year?.has(year) ?? true) &&
    calendar.month[month]! &&
    calendar.dayOfMonth[day]! &&
    calendar.dayOfWeek[weekday]! &&
    calendar.hour[hour]! &&
    calendar.minute[minute]! &&
    calendar.second[second]!
  );
}

/** compiledCalendar.next: kept in the server's own steps, so that it goes wrong where the server does. */
function nextMatch(calendar: Calendar, zone: TimeZone, after: number): number | undefined {
  const hourAt = (instant: number): number => toCivil(instant + zone.offsetAt(instant)).hour;
  let { year, month, day, hour, minute, second } = toCivil(after + zone.offsetAt(after));
  // In the second copy of an hour that is repeated as clocks go back.
  let shift = hourAt(after - HOUR) === hour ? HOUR : 0;
  second++;
  search: for (;;) {
    if (second >= 60) [minute, second] = [minute + 1, 0];
    if (minute >= 60) {
      const previous = toInstant(zone, year, month, day, hour, 0, 0);
      [hour, minute] = [hour + 1, 0];
      if (shift === 0 && toInstant(zone, year, month, day, hour, 0, 0) - previous > HOUR)
        [hour, shift] = [hour - 1, HOUR];
      else shift = 0;
    }
    if (hour >= 24) [day, hour] = [day + 1, 0];
    if (day > monthLength(year, month)) [month, day] = [month + 1, 1];
    if (month > 12) [year, month] = [year + 1, 1];
    if (year > LAST_YEAR) return undefined;
    if (calendar.year && !calendar.year.has(year)) {
      [year, month, day, hour, minute, second, shift] = [year + 1, 1, 1, 0, 0, 0, 0];
      continue;
    }
    while (!calendar.month[month]) {
      [month, day, hour, minute, second, shift] = [month + 1, 1, 0, 0, 0, 0];
      if (month > 12) continue search;
    }
    while (!calendar.dayOfMonth[day] || !calendar.dayOfWeek[weekdayOf(zone, year, month, day, hour, minute, second)]) {
      [day, hour, minute, second, shift] = [day + 1, 0, 0, 0, 0];
      if (day > monthLength(year, month)) continue search;
    }
    while (!calendar.hour[hour]) {
      [hour, minute, second, shift] = [hour + 1, 0, 0, 0];
      if (hour >= 24) continue search;
    }
    while (!calendar.minute[minute]) {
      [minute, second] = [minute + 1, 0];
      if (minute >= 60) continue search;
    }
    while (!calendar.second[second]) {
      second++;
      if (second >= 60) continue search;
    }
    const found = toInstant(zone, year, month, day, hour, minute, second);
    // A wall-clock time that is jumped over as clocks go forward.
    if (hourAt(found) !== hour) {
      [hour, minute, second] = [hour + 1, 0, 0];
      continue;
    }
    return found + shift;
  }
}

/** Go's time.Date: of a repeated hour, the second copy at or east of Greenwich and the first one west of it. */
function toInstant(zone: TimeZone, ...civil: Parameters<typeof fromCivil>): number {
  const local = fromCivil(...civil);
  const guess = zone.offsetAt(local);
  return guess === 0 ? local : local - zone.offsetAt(local - guess);
}

function weekdayOf(zone: TimeZone, ...civil: Parameters<typeof fromCivil>): number {
  const instant = toInstant(zone, ...civil);
  return toCivil(instant + zone.offsetAt(instant)).weekday;
}

type Field = CalendarSpec[keyof Omit<CalendarSpec, 'comment'>];

function toCalendar(spec: CalendarSpec): Calendar {
  const year = values(spec.year, [], []);
  return {
    ...(year.length > 0 && { year: new Set(year) }),
    month: marks(values(spec.month, MONTHS, range(1, 12))),
    dayOfMonth: marks(values(spec.dayOfMonth, [], range(1, 31))),
    dayOfWeek: marks(values(spec.dayOfWeek, WEEKDAYS, range(0, 6))),
    hour: marks(values(spec.hour ?? 0, [], range(0, 23))),
    minute: marks(values(spec.minute ?? 0, [], range(0, 59))),
    second: marks(values(spec.second ?? 0, [], range(0, 59))),
  };
}

/** The numbers that a field of a calendar names, of the SDK's loose form or of the one it describes schedules in. */
export function values(field: Field, names: readonly string[], all: number[]): number[] {
  if (field === undefined || field === '*') return all;
  const offset = names === MONTHS ? 1 : 0;
  const toNumber = (value: number | string): number =>
    typeof value === 'string' ? names.indexOf(value) + offset : value;
  return [field].flat().flatMap((item) => {
    const part: { start: number | string; end?: number | string; step?: number } =
      typeof item === 'object' ? item : { start: item, end: item };
    const start = toNumber(part.start);
    // The SDK sends 1 for an end that is not given.
    const end = Math.max(start, toNumber(part.end ?? 1));
    return range(start, end).filter((value) => (value - start) % Math.max(1, part.step ?? 1) === 0);
  });
}

function marks(numbers: readonly number[]): boolean[] {
  const marked: boolean[] = Array.from({ length: 60 }, () => false);
  for (const number of numbers) marked[number] = true;
  return marked;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}
