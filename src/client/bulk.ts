import { InvalidArgumentError } from '../job/errors.ts';
import { parseFilter, type JobFilter } from '../job/filter.ts';
import type { JobId } from '../job/job.ts';
import type { JobInfo, JobState } from '../job/status.ts';
import { inParallel } from './in-parallel.ts';
import type { OnProgress } from './progress.ts';

/** What became of many jobs: the ids of those that it was done to, and which failed and why. */
export interface BulkResult {
  readonly ids: JobId[];
  readonly failures: { readonly id: JobId; readonly error: unknown }[];
}

export interface BulkOptions {
  /** Is told how far it is: {@link progressBar} shows it on a terminal. */
  readonly onProgress?: OnProgress;
}

/** Each costs several calls, some of them lists, of which a server gives ten a second. */
const AT_ONCE = 10;
const ENDED: readonly JobState[] = ['completed', 'failed', 'cancelled'];

/** A filter for a call that changes what it finds: one without a condition would strike every job. */
export function parseBulkFilter(call: string, filter: unknown): JobFilter {
  const parsed = parseFilter(filter);
  const { limit: _, ...conditions } = parsed;
  if (Object.values(conditions).some((condition) => condition !== undefined)) return parsed;
  throw new InvalidArgumentError(
    `${call}: expected a filter with at least one of jobType, kind, state, priority, tag and idPrefix, got none, which would strike every job of the task queue: name what the jobs have in common, or go through listJobs() yourself`,
  );
}

export function isOpen({ state }: JobInfo): boolean {
  return !ENDED.includes(state);
}

/**
 * Does something with each job of a list, a few at a time. One that fails does not keep the others from it.
 *
 * @param work answers false for a job that there was nothing to do with
 */
export async function forEachJob(
  jobs: AsyncIterable<JobInfo>,
  isWanted: (job: JobInfo) => boolean,
  work: (id: JobId) => Promise<unknown>,
  report: OnProgress,
): Promise<BulkResult> {
  // What is done to a job can change its place in the list: so first the list, and then the work.
  const found = new Set<JobId>();
  for await (const job of jobs) if (isWanted(job)) found.add(job.id);
  const total = found.size;
  const done = new Set<JobId>();
  const failures: BulkResult['failures'] = [];
  let count = 0;
  await inParallel(
    found,
    async (id) => {
      try {
        if ((await work(id)) !== false) done.add(id);
      } catch (error) {
        failures.push({ id, error });
      }
      if (++count < total) report({ done: count, total });
    },
    AT_ONCE,
  );
  report({ done: total, total });
  return { ids: [...found].filter((id) => done.has(id)), failures };
}
