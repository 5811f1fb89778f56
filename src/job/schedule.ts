import type { Duration } from './duration.ts';

/** One run, at an instant, or a time after the call that schedules it. */
export type OnceSchedule =
  | { readonly kind: 'once'; readonly at: Date }
  | { readonly kind: 'once'; /** milliseconds */ readonly in: number };

/** A run every so often, counted from the job's creation, or from `startAt`. All durations in milliseconds. */
export interface IntervalSchedule {
  readonly kind: 'interval';
  readonly every: number;
  readonly startAt?: Date;
  readonly endAt?: Date;
  readonly jitter?: number;
  readonly maxRuns?: number;
}

/** A run at each instant that a cron expression names in a time zone. */
export interface CronSchedule {
  readonly kind: 'cron';
  readonly expression: string;
  readonly timezone: string;
  readonly startAt?: Date;
  readonly endAt?: Date;
  readonly jitter?: number;
  readonly maxRuns?: number;
  /** Days without a run, as `YYYY-MM-DD` in the schedule's time zone. */
  readonly skip?: readonly string[];
}

/** Which end of a predecessor starts the dependent: `completion` is either. */
export type AfterJobCondition = 'success' | 'failure' | 'completion';

/** A run after each matching end of another job, or once after the last of several once jobs. */
export interface AfterJobSchedule {
  readonly kind: 'afterJob';
  readonly jobIds: readonly string[];
  /** milliseconds, counted from the predecessor's end */
  readonly delay: number;
  readonly on: AfterJobCondition;
}

export type Schedule = OnceSchedule | IntervalSchedule | CronSchedule | AfterJobSchedule;
export type JobKind = Schedule['kind'];
/** The schedules that have times of their own again and again. */
export type RecurringSchedule = IntervalSchedule | CronSchedule;
export type { Duration };
