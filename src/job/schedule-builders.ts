import { type Duration, parseDuration } from './duration.ts';
import { monthLength } from './cron-days.ts';
import {
  invalid,
  parseAfterJob,
  parseCronSchedule,
  parseInterval,
  parseOnce,
  refuseUnknownKeys,
  toFields,
} from './parse-schedule.ts';
import type { AfterJobCondition, AfterJobSchedule, CronSchedule, IntervalSchedule, OnceSchedule } from './schedule.ts';

/** An instant: a Date, or an ISO 8601 string with its offset from UTC, such as `2027-03-01T09:00:00+01:00` or `...Z`. */
export type Instant = Date | string;

/** What interval and cron schedules have in common. */
export interface RecurringOptions {
  /** No run before this instant (rounded up to a whole second); an interval has its first run at it. @default now */
  readonly startAt?: Instant;
  /** No run after this instant; one exactly at it is made. At most the end of 2100. @default none */
  readonly endAt?: Instant;
  /** Each run is delayed by a random time up to this one, never past the next due time. @default 0 */
  readonly jitter?: Duration;
  /** Ends the schedule after so many runs, at least 1. Runs triggered by hand do not count. @default no limit */
  readonly maxRuns?: number;
}

export interface CronOptions extends RecurringOptions {
  /** An IANA zone whose wall clock the expression means. @default the expression's `CRON_TZ=`, or UTC */
  readonly timezone?: string;
  /** Days without a run, as `YYYY-MM-DD` in the schedule's time zone. @default [] */
  readonly skip?: readonly string[];
}

export interface AfterJobOptions {
  /** How long after the predecessor's end the run starts. @default 0 */
  readonly delay?: Duration;
  /** Which end of the predecessor counts: `completion` is success or failure, not cancelled. @default 'success' */
  readonly on?: AfterJobCondition;
}

const ISO_INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/**
 * One run, at an instant to the millisecond or a time after the call that schedules it. An instant that is past or now
 * runs at once. Behind it is a workflow started with `startDelay`.
 * @param at a Date; an ISO 8601 string **with** `Z` or an offset (a bare local time would mean another instant on
 *   another machine, so it is refused); or `{ in }`, a duration from the call on. At most the end of the year 2100.
 * @throws InvalidScheduleError
 */
export function once(at: Instant | { readonly in: Duration }): OnceSchedule {
  if (typeof at === 'string' || at instanceof Date) return parseOnce({ at: toDate('at', at) });
  const fields = toFields('at', at, 'a Date, an ISO 8601 string with its offset, or { in: duration }');
  refuseUnknownKeys(fields, ['in']);
  return parseOnce({ in: toMilliseconds('in', fields.in) });
}

/**
 * A run every so often: the first one `every` after the job's creation, or at `startAt`, and then every `every` exactly,
 * however long the runs take and whatever clocks do. Behind it is the interval of a Temporal Schedule.
 * @param every whole seconds, at least one: milliseconds, or a string such as `'15m'`
 * @throws InvalidScheduleError
 */
export function interval(every: Duration, options: RecurringOptions = {}): IntervalSchedule {
  return parseInterval({ every: toMilliseconds('every', every), ...toTiming(options, []) });
}

/**
 * A run at each time that a cron expression names. Five fields; six with seconds **first**; seven with seconds first and
 * year last. Lists, ranges (`22-6` and `FRI-MON` wrap around), steps, names, `?`, `L`, `L-3`, `5L`, `5#2`, `15W`, `LW`,
 * `@daily` and the like, a `CRON_TZ=` prefix. With both day fields restricted, either is enough. Behind it are the
 * calendars of one Temporal Schedule. A wall-clock time that is skipped in spring has no run that day; for the repeated
 * hour in autumn see docs/time.md.
 * @throws InvalidScheduleError for what is not understood, never due or longer than 200 characters; `field` names the part
 */
export function cron(expression: string, options: CronOptions = {}): CronSchedule {
  return parseCronSchedule({ expression, ...toTiming(options, ['timezone', 'skip']) });
}

/**
 * A run after each matching end of another job; of several ids, once jobs all, one run after the last of them has ended.
 * Behind it are child workflows that the predecessor's run starts as it ends.
 * @throws InvalidScheduleError
 */
export function afterJob(jobId: string | readonly string[], options: AfterJobOptions = {}): AfterJobSchedule {
  const fields = toFields('options', options, 'an object');
  refuseUnknownKeys(fields, ['delay', 'on']);
  const { delay = 0, on = 'success' } = fields;
  const jobIds: unknown = Array.isArray(jobId) ? jobId : [jobId];
  return parseAfterJob({ jobIds, delay: toMilliseconds('delay', delay), on });
}

function toTiming(options: unknown, more: readonly string[]): Record<string, unknown> {
  const fields = toFields('options', options, 'an object');
  refuseUnknownKeys(fields, ['startAt', 'endAt', 'jitter', 'maxRuns', ...more]);
  const { startAt, endAt, jitter } = fields;
  return {
    ...fields,
    ...(startAt !== undefined && { startAt: toDate('startAt', startAt) }),
    ...(endAt !== undefined && { endAt: toDate('endAt', endAt) }),
    ...(jitter !== undefined && { jitter: toMilliseconds('jitter', jitter) }),
  };
}

function toDate(field: string, at: unknown): unknown {
  if (typeof at !== 'string') return at;
  const [all, year, month, day] = ISO_INSTANT.exec(at) ?? [];
  const isDate = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1;
  if (all === undefined || !isDate || Number(day) > monthLength(Number(year), Number(month))) {
    throw invalid(field, 'an ISO 8601 string with its offset, such as 2027-03-01T09:00:00Z', at);
  }
  return new Date(at);
}

function toMilliseconds(field: string, duration: unknown): number {
  const milliseconds = parseDuration(duration);
  if (milliseconds === undefined) {
    throw invalid(field, "a duration in milliseconds, or a string such as '90s', not negative", duration);
  }
  return Math.ceil(milliseconds);
}
