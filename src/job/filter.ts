import { z } from 'zod';
import { InvalidArgumentError } from './errors.ts';
import type { Priority } from './job.ts';
import { complain, name } from './parse-job.ts';
import type { JobKind } from './schedule.ts';
import type { JobState } from './status.ts';

/** Which jobs to list: all conditions must hold. Without any: every job of the scheduler's task queue. */
export interface JobFilter {
  readonly jobType?: string;
  readonly kind?: JobKind;
  readonly state?: JobState;
  readonly priority?: Priority;
  readonly tag?: string;
  /** What the id begins with. */
  readonly idPrefix?: string;
  /** At most so many jobs. @default no limit */
  readonly limit?: number;
}

const text = name(200);
const filterSchema = z.strictObject({
  jobType: text.optional(),
  kind: z.enum(['once', 'interval', 'cron', 'afterJob']).optional(),
  state: z.enum(['scheduled', 'waiting', 'queued', 'running', 'paused', 'completed', 'failed', 'cancelled']).optional(),
  priority: z.enum(['high', 'normal', 'low']).optional(),
  tag: text.optional(),
  idPrefix: text.optional(),
  limit: z.int().min(1).optional(),
});

/** Throws an InvalidArgumentError that names the first wrong condition. */
export function parseFilter(filter: unknown): JobFilter {
  const result = filterSchema.safeParse(filter);
  if (result.success) return result.data;
  throw new InvalidArgumentError(complain(result.error, filter, 'filter', ['filter']).message);
}
