import { dueAfter, isComplete } from '../workflows/follow-up.ts';
import {
  CANCEL_JOBS,
  END_RUN,
  LOAD_JOB,
  RESUME_JOBS,
  SETTLE_DEBT,
  SWEEP,
  type ChainActivities,
  type Definition,
  type Dependent,
  type EndedRun,
} from '../workflows/messages.ts';

/** What the local activities need of the server; the worker gives it. */
export interface Records {
  /** A chained job's definition; undefined if it was cancelled or deleted, or follows nothing any more. */
  load(jobId: string): Promise<{ readonly definition: Definition; readonly isPaused: boolean } | undefined>;
  /** Makes a paused job's record start the run when it is resumed. False if it is not paused any more. */
  owe(jobId: string, predecessors: readonly EndedRun[]): Promise<boolean>;
  /** The run that was owed has started. */
  settleDebt(jobId: string): Promise<void>;
  /** Notes that a job which has one run at most has had it. */
  end(jobId: string, ended: EndedRun): Promise<void>;
  dependents(jobId: string): Promise<Dependent[]>;
  cancel(jobIds: readonly string[], reason: string, of: string | undefined): Promise<void>;
  /** Delivers the ends of runs that were closed from outside since then. */
  sweep(since: string | undefined): Promise<string>;
  /** Ends the pause of all jobs, if it is still the one with this token. */
  resume(token: string): Promise<void>;
}

export function createChainActivities(records: Records): ChainActivities {
  return {
    async [LOAD_JOB](jobId, { now, predecessors }) {
      const job = await records.load(jobId);
      if (!job) return { found: 'gone' };
      const { definition, isPaused } = job;
      const { after } = definition;
      const { jobIds = [], delay = 0 } = after ?? {};
      // Replaced meanwhile, it follows others now.
      if (after && !predecessors.every((ended) => jobIds.includes(ended.jobId))) return { found: 'gone' };
      const isDue = isComplete({ jobIds }, predecessors) && now >= dueAfter(predecessors, delay);
      if (isDue && isPaused && (await records.owe(jobId, predecessors))) return { found: 'paused' };
      return { found: 'job', definition, isDue };
    },
    async [END_RUN](ended, mayBeLast) {
      // In this order: whoever registers a dependent does it before he looks whether the job has ended.
      if (mayBeLast) await records.end(ended.jobId, ended);
      return records.dependents(ended.jobId);
    },
    [CANCEL_JOBS]: (jobIds, reason, of) => records.cancel(jobIds, reason, of),
    [SETTLE_DEBT]: (jobId) => records.settleDebt(jobId),
    [SWEEP]: (since) => records.sweep(since),
    [RESUME_JOBS]: (token) => records.resume(token),
  };
}
