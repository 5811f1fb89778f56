import { z } from 'zod';
import { parseDuration } from './duration.ts';
import { DependencyCycleError, InvalidJobError, InvalidScheduleError } from './errors.ts';
import type { CompleteRetryPolicy, Job, JobOptions } from './job.ts';
import { parseSchedule } from './parse-schedule.ts';
import { assertJson, isForbiddenKey } from './payload.ts';
import type { AfterJobSchedule } from './schedule.ts';
import { show } from './show.ts';

/** Ids that begin so are the library's own. */
export const INTERNAL_PREFIX = 'temporal-job-scheduler/';

export const MOST_TAGS = 20;

const HUNDRED_SECONDS = 100_000;
const TEN_YEARS = 10 * 365 * 86_400_000;
// The ids of runs: a job of such a name could take the place of another job's run.
const RUN_ID = /\/after\/|\/run\/|-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** A name that may stand in a query and in every list. */
export const name = (most: number) =>
  z
    .string()
    .min(1, 'expected at least 1 character')
    .refine((text) => [...text].length <= most, { error: `expected at most ${most} characters` })
    .refine((text) => !/\p{Cc}/u.test(text), { error: 'expected no control characters' })
    // The server's visibility store can't find what contains these.
    .refine((text) => !/["\\]/.test(text), { error: 'expected no double quote and no backslash' })
    .refine((text) => text.isWellFormed(), { error: 'expected well-formed Unicode' })
    .refine((text) => !isForbiddenKey(text), { error: 'expected another name than a property of every object' });

const id = name(200)
  .refine((text) => !text.startsWith(INTERNAL_PREFIX) && !text.startsWith('temporal-sys-'), {
    error: `expected no id that begins with "${INTERNAL_PREFIX}" or "temporal-sys-"`,
  })
  .refine((text) => !RUN_ID.test(text), { error: 'expected no id in the form of a run id' });

const jobType = name(100)
  .refine((text) => text !== 'default', { error: 'expected another name than "default"' })
  .refine((text) => !text.startsWith(INTERNAL_PREFIX), { error: `expected no type that begins "${INTERNAL_PREFIX}"` });

const duration = (least: number, words: string) =>
  z.unknown().transform((value, context) => {
    const milliseconds = parseDuration(value);
    if (milliseconds !== undefined && milliseconds >= least && milliseconds <= TEN_YEARS)
      return Math.round(milliseconds);
    context.addIssue(`expected a duration of at least ${words} and at most ten years, such as 90000 or "90s"`);
    return z.NEVER;
  });

const retryPolicy = z
  .strictObject({
    maximumAttempts: z
      .custom<number>(
        (value) => value === Infinity || (Number.isInteger(value) && Number(value) >= 1 && Number(value) < 2 ** 31),
        {
          error: 'expected a whole number of at least 1, or Infinity',
        },
      )
      .default(3),
    initialInterval: duration(1, '1 ms').default(1_000),
    backoffCoefficient: z.number().min(1).max(1_000).default(2),
    maximumInterval: duration(1, '1 ms').optional(),
    nonRetryableErrorTypes: z.array(name(200)).max(100).default([]),
  })
  .transform((policy): CompleteRetryPolicy => ({
    ...policy,
    maximumAttempts: policy.maximumAttempts === Infinity ? 0 : policy.maximumAttempts,
    maximumInterval: policy.maximumInterval ?? Math.max(HUNDRED_SECONDS, policy.initialInterval),
  }))
  .refine((policy) => policy.maximumInterval >= policy.initialInterval, {
    path: ['maximumInterval'],
    error: 'expected at least initialInterval',
  });

const options = {
  priority: z.enum(['high', 'normal', 'low']).default('normal'),
  retryPolicy: retryPolicy.prefault({}),
  timeout: duration(1, '1 ms').optional(),
  totalTimeout: duration(1, '1 ms').optional(),
  heartbeatTimeout: duration(1_000, '1 second').default(30_000),
  overlap: z.enum(['skip', 'bufferOne', 'bufferAll', 'allowAll', 'cancelOther', 'terminateOther']).default('bufferOne'),
  catchupWindow: duration(10_000, '10 seconds').default(86_400_000),
  tags: z.array(name(100)).max(MOST_TAGS).default([]),
};

const optionsSchema = z.strictObject(options);
const jobSchema = z.strictObject({
  id: id.optional(),
  jobType,
  schedule: z.unknown().transform(parseSchedule),
  // Undefined is refused with the rest of what is no JSON.
  payload: z.unknown().optional(),
  ...options,
});

/** A job as given, with defaults under it, made complete. Throws an InvalidJobError that names the first wrong field. */
export function parseJob(job: unknown, defaults: JobOptions = {}): Job {
  const isObject = typeof job === 'object' && job !== null && !Array.isArray(job);
  const given: unknown = isObject ? { ...defaults, ...definedOnly(job) } : job;
  const parsed = check(jobSchema, given, 'job');
  assertJson(parsed.payload);
  const complete: Job = {
    ...parsed,
    payload: parsed.payload,
    id: parsed.id ?? `${parsed.jobType}-${globalThis.crypto.randomUUID()}`,
  };
  if (complete.schedule.kind === 'afterJob') checkPredecessors(complete.schedule, complete.id);
  return complete;
}

function checkPredecessors({ jobIds }: AfterJobSchedule, own: string): void {
  const wrong = jobIds.map((jobId) => complaintAbout(id, jobId, 'jobIds')).find((complaint) => complaint !== undefined);
  if (wrong) throw new InvalidScheduleError('jobIds', wrong.message);
  if (jobIds.includes(own)) {
    throw new DependencyCycleError(
      `schedule: expected afterJob() of another job, got afterJob(${show(own)}), the job itself`,
    );
  }
}

/** A definition's defaults, checked. */
export function parseJobOptions(given: unknown): void {
  check(optionsSchema, given, 'defaults');
}

export function parseJobId(value: unknown): string {
  return check(id, value, 'id');
}

export function parseJobType(value: unknown): string {
  return check(jobType, value, 'jobType');
}

/** Parses with the schema and turns its first complaint into an InvalidJobError that says what came. */
function check<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { field, message } = complain(result.error, value, what);
  throw new InvalidJobError(field, message);
}

/** Which field is wrong, what was expected of it and what came. */
export interface Complaint {
  readonly field: string;
  readonly message: string;
}

/** The first complaint of a schema about a value. `what` names the value itself, `at` the place it has in a job. */
export function complain(
  { issues: [issue] }: z.core.$ZodError,
  value: unknown,
  what: string,
  at: readonly string[] = [],
): Complaint {
  const path = (issue?.path ?? []).map(String);
  const field = [...at, ...path].join('.') || what;
  if (issue?.code === 'unrecognized_keys') {
    return {
      field,
      message: `${field}: expected only known fields, got ${issue.keys.map(show).join(', ')}: misspelt?`,
    };
  }
  const got = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
  const expected = (issue?.message ?? 'not valid').replace(/^(Invalid (input|option)|Too (small|big)): /, '');
  return { field, message: `${field}: ${expected.replace(/, received .*$/, '')}, got ${show(got)}` };
}

function complaintAbout(schema: z.ZodType, value: unknown, what: string): Complaint | undefined {
  const result = schema.safeParse(value);
  return result.success ? undefined : complain(result.error, value, what);
}

/** An option set to undefined is one not given: it must not hide a definition's default. */
function definedOnly(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
