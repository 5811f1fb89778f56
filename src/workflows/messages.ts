import type { AfterJobCondition } from '../job/schedule.ts';
import type { CompleteRetryPolicy, Priority } from '../job/job.ts';

// What client, workflows and activities say to each other. Plain names and types: the client must not load the
// workflow package, and what is written here is in histories for years, so fields are only ever added.

export const RUN_JOB = 'runJob';
export const DEPENDENTS = 'dependents';
export const RESUME_LATER = 'resumeLater';
export const SWEEP_WORKFLOW = 'sweep';

/** Signals of `runJob` and `dependents`. */
export const ADD_DEPENDENT = 'addDependent';
export const REMOVE_DEPENDENT = 'removeDependent';
/** Signal of a run that follows several others. */
export const PREDECESSOR_ENDED = 'predecessorEnded';

/** Updates of a once job that waits for its time. */
export const PAUSE = 'pause';
export const RESUME = 'resume';
export const CHANGE = 'change';

/** The failure type of an attempt that met the hold of a pause: it goes back to the queue and uses up no try. */
export const HELD = 'temporal-job-scheduler/Held';

export const PRIORITY_KEYS = { high: 1, normal: 3, low: 5 } as const;

/** Of a job, what its runs need. Durations are milliseconds. */
export interface Definition {
  readonly jobType: string;
  readonly payload?: unknown;
  readonly priority?: Priority;
  readonly retryPolicy?: Partial<CompleteRetryPolicy>;
  readonly timeout?: number;
  readonly totalTimeout?: number;
  readonly heartbeatTimeout?: number;
  readonly tags?: readonly string[];
  /** How many runs the schedule was given at first; the server keeps only how many are left. */
  readonly maxRuns?: number;
  /** For an `afterJob` job. */
  readonly after?: After;
  /** The ends that an `afterJob` job was paused at: its next run follows them. */
  readonly owed?: readonly EndedRun[];
  /** Of a job that `applyJobs` has made: a fingerprint of each of its fields. */
  readonly applied?: Readonly<Record<string, string>>;
}

/** What an `afterJob` job follows. */
export interface After {
  readonly jobIds: readonly string[];
  readonly delay: number;
  readonly on: AfterJobCondition;
  /** False where it has one run at most, since what it follows has. */
  readonly repeats: boolean;
  /** Every job it follows, through others too. */
  readonly ancestors: readonly string[];
  /** Where it follows several: the workflow id of its one run, which they all know. */
  readonly workflowId?: string;
  /** Where it has replaced another job of its id, which may have had a run after the same end. */
  readonly suffix?: string;
}

/** How a run ended, as the runs after it are told. */
export interface EndedRun {
  readonly jobId: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly state: 'completed' | 'failed' | 'cancelled';
  readonly endedAt: string;
  readonly result?: unknown;
  readonly error?: string;
  /** Every job that the run's job followed, through others too, where it was a chained one. */
  readonly ancestors?: readonly string[];
  /** The result is too large to be handed on, or was not at hand: it is to be read from the run. */
  readonly resultOmitted?: boolean;
}

/** The argument of `runJob`: a definition, or, for a chained run, whose definition to read from the job's record. */
export interface RunInput extends Partial<Definition> {
  /** @default the id of the schedule that started the run, or else the workflow's id */
  readonly jobId?: string;
  /** When a once job is due. */
  readonly at?: string;
  /** Which run it follows. */
  readonly predecessor?: EndedRun;
}

/** A job that follows another, as that one keeps it. */
export interface Dependent {
  readonly jobId: string;
  readonly on: AfterJobCondition;
  readonly delay: number;
  /** False where the dependent has one run at most: an end that it does not want then cancels it. */
  readonly repeats: boolean;
  /** The workflow id of the one run of a dependent that follows several. */
  readonly workflowId?: string;
  readonly suffix?: string;
  readonly priority: Priority;
  readonly jobType: string;
  readonly tags: readonly string[];
}

/** The memo of a once job, under the key `job`. */
export interface OnceMemo extends Omit<Definition, 'payload'> {
  /** As it was given: an instant, or milliseconds from the call. */
  readonly schedule: { readonly at: string } | { readonly in: number };
  readonly at: string;
  readonly payloadHash: string;
}

/** What to change of a once job that waits: only what is named. */
export interface OnceChange {
  readonly input: Partial<RunInput>;
  readonly memo: Partial<OnceMemo>;
}

/** A run whose time has come. */
export interface DueRun {
  readonly definition: Definition;
  readonly scheduledAt: string;
  /** For a chained run: what it follows, in the order in which they ended. */
  readonly predecessors?: readonly EndedRun[];
}

/** The argument of the activity that calls the handler. */
export interface HandlerInput {
  readonly jobId: string;
  readonly payload: unknown;
  readonly scheduledAt: string;
  /** Attempts made before the run had to go back to the queue. */
  readonly attemptsBefore?: number;
  readonly predecessors?: readonly EndedRun[];
}

/** What else a run needs from the server, beside its handler: the local activities. */
export interface ChainActivities {
  /** The definition of a chained job as it is now, or why there is nothing to run. */
  [LOAD_JOB](jobId: string, run: LoadRequest): Promise<LoadedJob>;
  /** Notes the end of a job's run in its record, and tells who follows. */
  [END_RUN](ended: EndedRun, mayBeLast: boolean): Promise<Dependent[]>;
  /** Cancels jobs that have nothing left to follow, and theirs. `of` is the job that they follow. */
  [CANCEL_JOBS](jobIds: readonly string[], reason: string, of?: string): Promise<void>;
  /** Makes a record that owed a run, which has started, one that is never due. */
  [SETTLE_DEBT](jobId: string): Promise<void>;
  /** Delivers the ends of runs that were closed from outside since then; answers where the next sweep goes on. */
  [SWEEP](since: string | undefined): Promise<string>;
  /** Ends the pause of all jobs, if it is still the one with this token. */
  [RESUME_JOBS](token: string): Promise<void>;
}
export const LOAD_JOB = 'temporal-job-scheduler/loadJob';
export const END_RUN = 'temporal-job-scheduler/endRun';
export const CANCEL_JOBS = 'temporal-job-scheduler/cancelJobs';
export const SWEEP = 'temporal-job-scheduler/sweep';
export const SETTLE_DEBT = 'temporal-job-scheduler/settleDebt';
export const RESUME_JOBS = 'temporal-job-scheduler/resumeJobs';

/** What a chained run follows so far, and what time it is there. */
interface LoadRequest {
  readonly now: number;
  readonly predecessors: readonly EndedRun[];
}

type LoadedJob =
  /** `isDue`: all it follows has ended, and the delay is over. */
  | { readonly found: 'job'; readonly definition: Definition; readonly isDue: boolean }
  /** Cancelled or deleted. */
  | { readonly found: 'gone' }
  /** Due, but a person paused the job: its record now owes the run, and resuming the job starts it. */
  | { readonly found: 'paused' };
