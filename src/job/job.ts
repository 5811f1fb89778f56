import type { z } from 'zod';
import type { Duration } from './duration.ts';
import type { Schedule } from './schedule.ts';

/** Which waiting run a free worker takes first. Temporal's `priorityKey` 1, 3 and 5. */
export type Priority = 'high' | 'normal' | 'low';

/**
 * What happens to a due time that comes while an earlier run of the job is still open.
 * - `skip`: it is left out, and counted.
 * - `bufferOne`: one run waits for the end of the open one; further due times are left out, and counted.
 * - `bufferAll`: each waits its turn.
 * - `allowAll`: it runs beside the open one.
 * - `cancelOther`: the open run is cancelled, and then it runs.
 * - `terminateOther`: the open run is terminated at once, and then it runs.
 */
export type OverlapPolicy = 'skip' | 'bufferOne' | 'bufferAll' | 'allowAll' | 'cancelOther' | 'terminateOther';

/** How often and how soon a failed attempt is made again. The retry policy of the run's Temporal activity. */
export interface RetryPolicy {
  /** Attempts in all, the first included; `Infinity` for no limit. @default 3 */
  readonly maximumAttempts?: number;
  /** Wait before the second attempt. @default 1 second */
  readonly initialInterval?: Duration;
  /** What each further wait is multiplied by, at least 1. @default 2 */
  readonly backoffCoefficient?: number;
  /** The longest wait. @default 100 seconds, or `initialInterval` if that is longer */
  readonly maximumInterval?: Duration;
  /** Names of errors (`error.name`, or an `ApplicationFailure`'s type) that end the run at once. @default [] */
  readonly nonRetryableErrorTypes?: readonly string[];
}

/** What a job definition may give defaults for, and a job may set. */
export interface JobOptions {
  /** @default 'normal' */
  readonly priority?: Priority;
  readonly retryPolicy?: RetryPolicy;
  /** Longest time of one attempt (`startToCloseTimeout`). @default none */
  readonly timeout?: Duration;
  /**
   * Longest time from the run's start to its end, waiting in the queue and all attempts included
   * (`scheduleToCloseTimeout`). Time held by a pause counts. @default none
   */
  readonly totalTimeout?: Duration;
  /**
   * After how long without a sign of life from the worker an attempt counts as lost (`heartbeatTimeout`). The worker
   * gives these signs by itself. At least 1 second. @default 30 seconds
   */
  readonly heartbeatTimeout?: Duration;
  /** For interval and cron jobs. @default 'bufferOne' */
  readonly overlap?: OverlapPolicy;
  /**
   * For interval and cron jobs: how late a due time that an outage of the server delayed may still run; older ones
   * are counted as missed. At least 10 seconds. @default 1 day
   */
  readonly catchupWindow?: Duration;
  /** Words to find the job by; at most 20 of at most 100 characters. Visible to all who may list jobs. @default [] */
  readonly tags?: readonly string[];
}

/** The name of a job: at most 200 characters, unique in the Temporal namespace. */
export type JobId = string;

/** The part of a job definition that says what jobs of its type look like. */
export interface JobContract {
  readonly jobType: string;
  readonly payload: z.ZodType;
}

/** A job of one type, as it is scheduled. */
export interface JobInput<Type extends string, Payload> extends JobOptions {
  /** @default the job type followed by a random UUID */
  readonly id?: JobId;
  readonly jobType: Type;
  /** When it runs: `once(...)`, `interval(...)`, `cron(...)` or `afterJob(...)`. */
  readonly schedule: Schedule;
  /** What the handler gets: any JSON value of at most 1.9 MB. */
  readonly payload: Payload;
}

/** A job to schedule. With the scheduler's job definitions known, `jobType` decides the type of `payload`. */
export type ScheduledJob<Jobs extends readonly JobContract[] = readonly JobContract[]> = {
  [Index in keyof Jobs]: JobInput<Jobs[Index]['jobType'], z.input<Jobs[Index]['payload']>>;
}[number];

/** A retry policy with every field known; intervals in milliseconds, no limit of attempts as 0, as Temporal has it. */
export interface CompleteRetryPolicy {
  readonly maximumAttempts: number;
  readonly initialInterval: number;
  readonly backoffCoefficient: number;
  readonly maximumInterval: number;
  readonly nonRetryableErrorTypes: readonly string[];
}

/** A job with every default filled in and every duration in milliseconds: what is stored and compared. */
export interface Job {
  readonly id: JobId;
  readonly jobType: string;
  readonly schedule: Schedule;
  readonly priority: Priority;
  readonly payload: unknown;
  readonly retryPolicy: CompleteRetryPolicy;
  readonly timeout?: number;
  readonly totalTimeout?: number;
  readonly heartbeatTimeout: number;
  readonly overlap: OverlapPolicy;
  readonly catchupWindow: number;
  readonly tags: readonly string[];
  /** Of a job that `applyJobs` has made: a fingerprint of each field, by which it sees what others have changed since. */
  readonly applied?: Readonly<Record<string, string>>;
}
