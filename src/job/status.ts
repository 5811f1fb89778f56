import type { JobId, Priority } from './job.ts';
import type { JobKind, Schedule } from './schedule.ts';

/**
 * Where a job stands.
 * - `scheduled`: it has a due time to come.
 * - `waiting`: an `afterJob` job, for its predecessor's end or the delay after it.
 * - `queued`: a run is due and no attempt of it has started.
 * - `running`: a run's handler is at work, or waits for its next attempt.
 * - `paused`: nothing of it starts until it is resumed.
 * - `completed`, `failed`, `cancelled`: there is no run to come. A recurring job never fails as a whole.
 */
export type JobState = 'scheduled' | 'waiting' | 'queued' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';

/** Where one run stands: the same words as a job's. */
export type RunState = JobState;

/** The run that a chained run followed. */
export interface Predecessor {
  readonly jobId: JobId;
  readonly workflowId: string;
  readonly runId: string;
  readonly state: 'completed' | 'failed' | 'cancelled';
  readonly endedAt: Date;
  /** What its handler returned. */
  readonly result?: unknown;
  /** Why it failed. */
  readonly error?: string;
}

/** One execution of a job: a `runJob` workflow. */
export interface RunInfo {
  readonly jobId: JobId;
  readonly workflowId: string;
  readonly runId: string;
  readonly state: RunState;
  /** When it was due. */
  readonly scheduledAt: Date;
  /** When its last attempt started. */
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  /** How many attempts have started. */
  readonly attempts: number;
  readonly result?: unknown;
  /** The last failure: of the run, or of the attempt before the present one. */
  readonly error?: string;
  /** The run it followed: a workflow's id, and that run's id. */
  readonly predecessor?: { readonly jobId: JobId; readonly workflowId: string; readonly runId: string };
}

/** Who paused a job, and why. */
export interface PauseInfo {
  /** `scheduler`: `pause()`. `person`: `pauseJob()`, the CLI or the Web UI. */
  readonly by: 'scheduler' | 'person';
  readonly reason: string;
}

export interface JobStatus {
  readonly id: JobId;
  readonly jobType: string;
  readonly schedule: Schedule;
  readonly priority: Priority;
  readonly tags: readonly string[];
  readonly state: JobState;
  readonly nextExecution?: Date;
  readonly lastExecution?: Date;
  /** Why the last run failed, or the job was cancelled. */
  readonly lastError?: string;
  readonly lastRun?: RunInfo;
  readonly runningRuns: readonly RunInfo[];
  /**
   * Due times without a run: `overlap`, an earlier run was open; `missed`, they were older than the catch-up window. What
   * `cancelOther` and `terminateOther` leave out between the open run and the newest due time the server does not count.
   */
  readonly skipped: { readonly overlap: number; readonly missed: number };
  /** What the handler of the run in progress reported last. */
  readonly progress?: unknown;
  readonly paused?: PauseInfo;
  readonly cancelled?: { readonly at?: Date; readonly reason: string };
}

/** What a list tells of a job without a call for each. */
export interface JobInfo {
  readonly id: JobId;
  readonly jobType: string;
  readonly kind: JobKind;
  readonly schedule: Schedule;
  readonly priority: Priority;
  readonly tags: readonly string[];
  /** A due run counts as `running` here, started or not: `getJobStatus` tells `queued` from `running`. */
  readonly state: JobState;
  readonly nextExecution?: Date;
  /** The last due time that had a run; of an `afterJob` job `getJobStatus` tells it. */
  readonly lastExecution?: Date;
}
