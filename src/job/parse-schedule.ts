import { toCivil } from './civil.ts';
import { compileCron } from './compile-cron.ts';
import { type Cron, FIRST_YEAR, LAST_YEAR, parseCron } from './cron.ts';
import { isCronDate, monthLength } from './cron-days.ts';
import { InvalidScheduleError } from './errors.ts';
import { dueTimes } from './evaluate-spec.ts';
import type { AfterJobSchedule, CronSchedule, IntervalSchedule, OnceSchedule, Schedule } from './schedule.ts';
import { show } from './show.ts';
import { isTimeZone, spellTimeZone } from './time-zone.ts';

const SECOND = 1000;
const DAY = 86_400_000;
const HUNDRED_YEARS = 100 * 366 * DAY;
const MAX_JOB_IDS = 100;
const MAX_SKIP = 1000;
/** The server steps through the excluded times one by one; its own warning comes at 86,400. */
const MAX_EXCLUDED_IN_A_ROW = 50_000;
const LAST_INSTANT = Date.UTC(LAST_YEAR + 1, 0) - 1;

const TIMING_KEYS = ['startAt', 'endAt', 'jitter', 'maxRuns'] as const;
const PARSERS = { once: parseOnce, interval: parseInterval, cron: parseCronSchedule, afterJob: parseAfterJob };

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks that a value is a schedule: what `once`, `interval`, `cron` and `afterJob` return, or an object made by hand in
 * the same shape, with dates as Date and durations in milliseconds. The result is a fresh, normalised copy.
 * @throws InvalidScheduleError naming the field, what was expected and what came
 */
export function parseSchedule(value: unknown): Schedule {
  const fields = toFields('schedule', value, 'a schedule made by once(), interval(), cron() or afterJob()');
  const { kind, ...rest } = fields;
  if (!isKind(kind)) throw invalid('kind', `one of ${Object.keys(PARSERS).join(', ')}`, kind);
  return PARSERS[kind](rest);
}

function isKind(kind: unknown): kind is Schedule['kind'] {
  return typeof kind === 'string' && Object.hasOwn(PARSERS, kind);
}

/** The own properties of a plain object, without those that are undefined. */
export function toFields(field: string, value: unknown, expected: string): Fields {
  if (typeof value !== 'object' || value === null) throw invalid(field, expected, value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw invalid(field, expected, value);
  const symbol = Object.getOwnPropertySymbols(value)[0];
  if (symbol !== undefined) throw invalid(field, expected, symbol);
  return Object.fromEntries(Object.entries(value).filter(([, part]: [string, unknown]) => part !== undefined));
}

export function refuseUnknownKeys(fields: Fields, known: readonly string[]): void {
  const key = Object.keys(fields).find((name) => !known.includes(name));
  if (key !== undefined) throw invalid(key, `only ${known.join(', ')}`, `an unknown field ${show(key)}`, '');
}

/** An InvalidScheduleError that says what was expected and what came. */
export function invalid(field: string, expected: string, got: unknown, shown = show(got)): InvalidScheduleError {
  return new InvalidScheduleError(field, `Expected \`${field}\` to be ${expected}, got ${shown || String(got)}`);
}

export function parseOnce(fields: Fields): OnceSchedule {
  refuseUnknownKeys(fields, ['at', 'in']);
  if ((fields.at === undefined) === (fields.in === undefined)) {
    throw invalid('at', 'a Date, or `in` a duration, and not both', fields);
  }
  if (fields.in !== undefined) {
    const wait = toMilliseconds('in', fields.in);
    if (Date.now() + wait > LAST_INSTANT) throw invalid('in', `a duration that ends before ${LAST_YEAR + 1}`, wait);
    return { kind: 'once', in: wait };
  }
  return { kind: 'once', at: toDate('at', fields.at, -Infinity) };
}

export function parseInterval(fields: Fields): IntervalSchedule {
  refuseUnknownKeys(fields, ['every', ...TIMING_KEYS]);
  const every = toMilliseconds('every', fields.every);
  if (every < SECOND || every % SECOND !== 0) {
    throw invalid('every', 'whole seconds, at least one: Temporal counts in seconds', every, `${every} ms`);
  }
  const timing = parseTiming(fields);
  if (timing.startAt === undefined && Date.now() + every > LAST_INSTANT) {
    throw invalid('every', `a duration with a first run before ${LAST_YEAR + 1}`, every, `${every} ms`);
  }
  return { kind: 'interval', every, ...timing };
}

export function parseCronSchedule(fields: Fields): CronSchedule {
  refuseUnknownKeys(fields, ['expression', 'timezone', 'skip', ...TIMING_KEYS]);
  const { expression, timezone: prefix, cron } = parseCron(fields.expression);
  const given = fields.timezone === undefined ? (prefix ?? 'UTC') : fields.timezone;
  if (!isTimeZone(given)) throw invalid('timezone', 'an IANA time zone such as `Europe/Berlin`', given);
  const timezone = spellTimeZone(given);
  if (prefix !== undefined && spellTimeZone(prefix) !== timezone) {
    throw invalid('timezone', `the one that the expression names, ${prefix}`, given);
  }
  const timing = parseTiming(fields);
  const skip = parseSkip(fields.skip);
  const dueTimesADay = cron.second.length * cron.minute.length * cron.hour.length;
  if (dueTimesADay * longestRow(skip) > MAX_EXCLUDED_IN_A_ROW) {
    throw invalid(
      'skip',
      `days in a row with at most ${MAX_EXCLUDED_IN_A_ROW} due times in all, which the server leaves out one by one`,
      `${longestRow(skip)} days with ${dueTimesADay} each`,
      '',
    );
  }
  refuseNeverDue(expression, cron, skip);
  const schedule: CronSchedule = { kind: 'cron', expression, timezone, ...timing, ...(skip.length > 0 && { skip }) };
  const earliest = (timing.startAt?.getTime() ?? 0) - SECOND;
  if (timing.endAt && dueTimes(compileCron(schedule), earliest).next().done) {
    throw invalid('endAt', `at or after a due time of \`${expression}\``, timing.endAt);
  }
  return schedule;
}

export function parseAfterJob(fields: Fields): AfterJobSchedule {
  refuseUnknownKeys(fields, ['jobIds', 'delay', 'on']);
  const { jobIds, on } = fields;
  if (!Array.isArray(jobIds) || jobIds.length === 0 || jobIds.length > MAX_JOB_IDS || !jobIds.every(isId)) {
    throw invalid('jobIds', `1 to ${MAX_JOB_IDS} job ids of 1 to 200 characters`, jobIds);
  }
  if (new Set(jobIds).size < jobIds.length) throw invalid('jobIds', 'different job ids', jobIds.join(', '));
  if (on !== 'success' && on !== 'failure' && on !== 'completion') {
    throw invalid('on', "'success', 'failure' or 'completion'", on);
  }
  return { kind: 'afterJob', jobIds: [...jobIds], delay: toMilliseconds('delay', fields.delay), on };
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && id.length > 0 && Array.from(id).length <= 200;
}

function parseTiming(fields: Fields): Pick<CronSchedule, (typeof TIMING_KEYS)[number]> {
  const startAt = fields.startAt === undefined ? undefined : toDate('startAt', fields.startAt, 0);
  const endAt = fields.endAt === undefined ? undefined : toDate('endAt', fields.endAt, 0);
  const jitter = fields.jitter === undefined ? undefined : toMilliseconds('jitter', fields.jitter);
  const { maxRuns } = fields;
  if (startAt && endAt && startAt > endAt)
    throw invalid('endAt', `at or after startAt, ${startAt.toISOString()}`, endAt);
  if (maxRuns !== undefined && !isCount(maxRuns)) throw invalid('maxRuns', 'a whole number, at least 1', maxRuns);
  return {
    // Temporal's schedules know whole seconds only; rounded down it would run before its start.
    ...(startAt && { startAt: new Date(Math.ceil(startAt.getTime() / SECOND) * SECOND) }),
    ...(endAt && { endAt }),
    ...(jitter !== undefined && { jitter }),
    ...(maxRuns !== undefined && { maxRuns }),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

function parseSkip(skip: unknown): string[] {
  if (skip === undefined) return [];
  if (!Array.isArray(skip) || skip.length > MAX_SKIP) throw invalid('skip', `at most ${MAX_SKIP} dates`, skip);
  const dates = skip.map((date: unknown) => {
    if (isIsoDate(date)) return date;
    throw invalid('skip', `dates as YYYY-MM-DD, from ${FIRST_YEAR} to ${LAST_YEAR}`, date);
  });
  return [...new Set(dates)].toSorted();
}

function isIsoDate(date: unknown): date is string {
  if (typeof date !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(date)) return false;
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12) return false;
  return day >= 1 && day <= monthLength(year, month);
}

function longestRow(dates: readonly string[]): number {
  let longest = 0;
  let row = 0;
  for (const [index, date] of dates.entries()) {
    const isNextDay = index > 0 && Date.parse(date) - Date.parse(dates[index - 1]!) === DAY;
    row = isNextDay ? row + 1 : 1;
    longest = Math.max(longest, row);
  }
  return longest;
}

function refuseNeverDue(expression: string, cron: Cron, skip: readonly string[]): void {
  const thisYear = new Date().getUTCFullYear();
  if (cron.year?.every((year) => year < thisYear)) {
    throw invalid('year', `a year from ${thisYear} to ${LAST_YEAR}`, cron.year.at(-1));
  }
  for (let time = Date.UTC(cron.year?.[0] ?? FIRST_YEAR, 0); time <= LAST_INSTANT; time += DAY) {
    if (isCronDate(cron, toCivil(time / SECOND)) && !skip.includes(new Date(time).toISOString().slice(0, 10))) return;
  }
  throw invalid('expression', 'one that is ever due', expression, `\`${expression}\`, which names no date`);
}

function toMilliseconds(field: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= HUNDRED_YEARS) return value;
  throw invalid(field, 'whole milliseconds from 0 to a hundred years', value);
}

function toDate(field: string, value: unknown, earliest: number): Date {
  const time = value instanceof Date ? value.getTime() : NaN;
  if (Number.isNaN(time) || time > LAST_INSTANT || time < earliest) {
    const since = earliest === 0 ? ' from 1970' : '';
    throw invalid(field, `a valid Date${since} up to the end of ${LAST_YEAR}`, value);
  }
  return new Date(time);
}
