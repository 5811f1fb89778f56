import type { CalendarSpec, IntervalSpec } from '@temporalio/client';
import { toCalendar } from './calendar.ts';
import { fromCivil, toCivil } from './civil.ts';
import type { Cron } from './cron.ts';
import { isCronDate, otherDateBoxes } from './cron-days.ts';
import { type TimeZone, type Transition, timeZone } from './time-zone.ts';

// Where clocks change, the server's calendars go wrong in three ways (see evaluate-spec.ts, tried in test/time): at or
// east of Greenwich they leave out times of the repeated hour, and can run an hour late beside it; west of Greenwich
// they leave out a whole day that begins with the skipped hour, if weekdays are restricted. The repair adds intervals,
// which know no clocks, at the times in danger, and excludes whatever the expression does not name: exclusions are
// exact. The rules of a zone are taken from the changes of these years.
const FROM = fromCivil(2025, 1, 1);
const TO = fromCivil(2038, 1, 1);
const HOUR = 3600;
const DAY = 86_400;
const EVERY = [DAY, HOUR, 1800, 900, 600, 300, 60, 30, 20, 15, 10, 5, 1];
const MAX_INTERVALS = 24;
/** How many times in a row the server may have to leave out before it finds a due time. */
const MAX_EXCLUDED_IN_A_ROW = 50_000;

export interface Repair {
  readonly intervals: IntervalSpec[];
  readonly skip: CalendarSpec[];
  /** After the last year of an expression the intervals would be searched in vain. */
  readonly endAt?: Date;
}

/** Instants that the expression names around clock changes, in seconds of the day in UTC. */
interface Danger {
  /** The hour before a repeated one: the server adds a run an hour later. */
  readonly before: Set<number>;
  readonly after: Set<number>;
  readonly firstCopy: Set<number>;
  readonly secondCopy: Set<number>;
  /** Of the days that weekday calendars miss, and after a gap that is no whole hour of the clock. */
  readonly day: Set<number>;
}

/** What calendars alone would get wrong for this expression in this zone, put right; undefined where they are right. */
export function repairClockChanges(cron: Cron, timezone: string, skippedDays: number): Repair | undefined {
  const zone = timeZone(timezone);
  const danger = findDanger(cron, zone);
  const { before, after, ...missed } = danger;
  if ([before, ...Object.values(missed)].every((instants: Set<number>) => instants.size === 0)) return undefined;
  // A job that follows real time runs in both copies of the hour; one at a time of day runs once, in the second copy.
  const isContinuous = cron.isPeriodic || before.size + after.size > 0;
  const needed = [...danger.day, ...danger.secondCopy, ...(isContinuous ? danger.firstCopy : [])];
  const intervals = fitIntervals(needed, cron, skippedDays);
  const lastYear = intervals.length > 0 ? cron.year?.at(-1) : undefined;
  return {
    intervals,
    skip: exclusions(cron, zone, intervals),
    ...(lastYear !== undefined && { endAt: new Date(Date.UTC(lastYear + 1, 0, 2)) }),
  };
}

/** The same instants said in UTC: for an expression that runs alike in every hour, where offsets share their minutes. */
export function toUtc(cron: Cron, timezone: string): Cron | undefined {
  const isEveryHour = cron.hour.length === 24 && cron.month.length === 12;
  if (!isEveryHour || cron.dayOfMonth || cron.dayOfWeek || cron.year) return undefined;
  const changes = timeZone(timezone).transitions(FROM, TO);
  if (!changes.some(repeatsInEast)) return undefined;
  const offsets = new Set(changes.flatMap(({ before, after }) => [before, after]));
  const shifted = [...offsets].map((offset) =>
    offset % 60 === 0 ? cron.minute.map((minute) => modulo(minute - offset / 60, 60)).toSorted((a, b) => a - b) : [],
  );
  const minute = shifted[0] ?? [];
  return minute.length > 0 && shifted.every((other) => other.join() === minute.join())
    ? { ...cron, minute }
    : undefined;
}

function findDanger(cron: Cron, zone: TimeZone): Danger {
  const danger: Danger = {
    before: new Set(),
    after: new Set(),
    firstCopy: new Set(),
    secondCopy: new Set(),
    day: new Set(),
  };
  const add = (instants: Set<number>, from: number, to: number): void => addNamed(instants, cron, zone, from, to);
  for (const change of zone.transitions(FROM, TO)) {
    const { at, before, after } = change;
    if (repeatsInEast(change)) {
      const repeated = before - after;
      // Where it is no whole hour of the clock that is repeated, the server's steps of an hour go wrong further out.
      const margin = repeated === HOUR && (at + after) % HOUR === 0 ? 0 : HOUR;
      add(danger.before, at - repeated - HOUR, at - repeated - margin);
      add(danger.firstCopy, at - repeated - margin, at);
      add(danger.secondCopy, at, at + repeated + margin);
      add(danger.after, at + repeated + margin, at + repeated + margin + HOUR);
    } else if (cron.dayOfWeek && beginsWithGap(change)) {
      add(danger.day, at, (Math.floor((at + after) / DAY) + 1) * DAY - after);
    } else if (after > before && ((at + before) % HOUR !== 0 || (at + after) % HOUR !== 0)) {
      add(danger.day, at, at + HOUR);
    }
  }
  return danger;
}

/** The server takes a repeated time for its second copy where clocks end up at or east of Greenwich. */
function repeatsInEast({ before, after }: Transition): boolean {
  return before > after && after >= 0;
}

function beginsWithGap({ at, before, after }: Transition): boolean {
  return after > before && before < 0 && Math.floor((at + before - 1) / DAY) < Math.floor((at + after - 1) / DAY);
}

function addNamed(instants: Set<number>, cron: Cron, zone: TimeZone, from: number, to: number): void {
  const offset = zone.offsetAt(from);
  for (let minute = from; minute < to; minute += 60) {
    const local = minute + offset;
    if (!cron.hour.includes(Math.floor(local / HOUR) % 24) || !cron.minute.includes(Math.floor(local / 60) % 60))
      continue;
    if (!isCronDate(cron, toCivil(local))) continue;
    for (const second of cron.second) instants.add(modulo(minute + second, DAY));
  }
}

/** Intervals that are due at all the instants, and as rarely as may be at others. */
function fitIntervals(instants: readonly number[], cron: Cron, skippedDays: number): IntervalSpec[] {
  if (instants.length === 0) return [];
  const fits = EVERY.map((every) => ({
    every,
    offsets: [...new Set(instants.map((instant) => modulo(instant, every)))],
  }))
    .filter(({ offsets }) => offsets.length <= MAX_INTERVALS)
    .map((fit) => ({ ...fit, perDay: (fit.offsets.length * DAY) / fit.every }));
  const best = fits.toSorted((a, b) => a.perDay - b.perDay)[0];
  if (!best || best.perDay * (longestGap(cron) + skippedDays) > MAX_EXCLUDED_IN_A_ROW) return [];
  return best.offsets.toSorted((a, b) => a - b).map((offset) => ({ every: best.every * 1000, offset: offset * 1000 }));
}

/** The most days from one date of the expression to the next. */
function longestGap(cron: Cron): number {
  let longest = 0;
  let gap = 1;
  for (let day = FROM; day < TO; day += DAY) {
    longest = Math.max(longest, gap);
    gap = isCronDate(cron, toCivil(day)) ? 1 : gap + 1;
  }
  return Math.max(longest, gap);
}

/** Calendars of all that the expression does not name, so far as anything else of the spec could be due then. */
function exclusions(cron: Cron, zone: TimeZone, intervals: readonly IntervalSpec[]): CalendarSpec[] {
  const any = { second: all(60), minute: all(60), hour: all(24) };
  const isHourly = zone.transitions(FROM, TO).every(({ before, after }) => (after - before) % HOUR === 0);
  const marks = intervals.flatMap(({ every, offset }) => residues(Number(every) / 1000, Number(offset) / 1000, zone));
  const isOff = (unit: number, named: readonly number[]): boolean =>
    marks.some((mark) => !named.includes(Math.floor(mark / unit) % 60));
  const others = (values: readonly number[], size: number): number[] =>
    all(size).filter((one) => !values.includes(one));
  return [
    ...(cron.hour.length < 24 ? [toCalendar({ ...any, hour: others(cron.hour, 24) }, {})] : []),
    ...(isHourly && !isOff(60, cron.minute) ? [] : [toCalendar({ ...any, minute: others(cron.minute, 60) }, {})]),
    ...(isOff(1, cron.second) ? [toCalendar({ ...any, second: others(cron.second, 60) }, {})] : []),
    ...otherDateBoxes(cron).map((date) => toCalendar(any, date)),
  ].filter(({ second, minute, hour }) =>
    [second, minute, hour].every((field) => !Array.isArray(field) || field.length > 0),
  );
}

/** Where in a wall clock's hour an interval is due, in seconds. */
function residues(every: number, offset: number, zone: TimeZone): number[] {
  const offsets = new Set([zone.offsetAt(FROM), ...zone.transitions(FROM, TO).map(({ after }) => after)]);
  const steps = all(Math.max(1, HOUR / Math.min(every, HOUR))).map((index) => index * every + offset);
  return [...offsets].flatMap((zoneOffset) => steps.map((instant) => modulo(instant + zoneOffset, HOUR)));
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

function all(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
