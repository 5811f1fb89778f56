// The record: one JSON object a line, in files outside Temporal. Whatever the checker knows stands in these lines.
import type { JobState } from '../../src/index.ts';

export type QueueName = 'main' | 'held' | 'narrow';

/** What was asked for: all that the reference needs to say when a job is due. Times are milliseconds since 1970. */
export interface JobPlan {
  readonly id: string;
  readonly queue: QueueName;
  readonly when:
    | { readonly kind: 'once'; readonly at: number }
    | { readonly kind: 'interval'; readonly every: number; readonly startAt: number; readonly endAt: number }
    /** Counts from its creation, of which only is known that it lies in the call. */
    | { readonly kind: 'from now'; readonly every: number; readonly runs: number }
    | { readonly kind: 'cron'; readonly expression: string; readonly startAt: number; readonly endAt: number }
    | {
        readonly kind: 'after';
        readonly job: string;
        readonly delay: number;
        readonly on: 'success' | 'failure' | 'completion';
      }
    /** Runs only when it is triggered. */
    | { readonly kind: 'never' };
  readonly overlap: 'allowAll' | 'bufferAll' | 'bufferOne';
  readonly priority: 'high' | 'normal' | 'low';
  /** How its handler ends when nothing disturbs it. `refused`: the call that schedules it must fail. */
  readonly comesTo: 'completed' | 'failed' | 'refused';
  readonly retries: {
    /** 0: no limit. */
    readonly maximumAttempts: number;
    readonly initialInterval: number;
    readonly backoffCoefficient: number;
    readonly maximumInterval: number;
  };
  readonly heartbeatTimeout: number;
  readonly timeout?: number;
  /** Its first attempts take their whole process with them: nothing else in it can go on meanwhile. */
  readonly strikesProcess?: boolean;
  /** Jobs of one burst wait behind each other for the only slot of the narrow queue. */
  readonly burst?: string;
  /** The two ways a race with it can go are counted under this name. */
  readonly race?: string;
}

export type CallName = 'schedule' | 'cancel' | 'trigger' | 'pauseJob' | 'resumeJob' | 'pause' | 'resume';

/** Which process it was: `slot` is the place in the pool, which later processes take over. */
interface Process {
  readonly pid: number;
  readonly slot: number;
}

interface Attempted extends Process {
  readonly job: string;
  readonly runId: string;
  readonly attempt: number;
}

type Body =
  | {
      readonly kind: 'begin';
      /** Added to a monotonic time it gives the time of day, as it was at the start of the suite. */
      readonly epoch: number;
      readonly server: string;
      readonly seed: number;
      readonly minutes: number;
      readonly limits: Readonly<Record<QueueName, number>>;
      /** Of the task queues; with more than one, priorities are approximate. */
      readonly partitions: number;
    }
  | { readonly kind: 'job'; readonly plan: JobPlan }
  | {
      readonly kind: 'invoke';
      readonly op: number;
      readonly call: CallName;
      readonly job?: string;
      readonly queue?: QueueName;
    }
  | {
      readonly kind: 'return';
      readonly op: number;
      readonly outcome: 'ok' | 'failed' | 'unknown';
      readonly error?: string;
      /** The run that a trigger started. */
      readonly runId?: string;
    }
  | ({
      readonly kind: 'start';
      readonly due: number;
      readonly queue: QueueName;
      readonly build: string;
      readonly after?: { readonly job: string; readonly runId: string };
    } & Attempted)
  | ({ readonly kind: 'end'; readonly outcome: 'ok' | 'threw' | 'aborted' } & Attempted)
  | ({ readonly kind: 'process'; readonly phase: 'up' | 'gone'; readonly how?: string } & Process)
  /** The process did not get to run for so long until now: frozen, blocked or starved. */
  | ({ readonly kind: 'stall'; readonly lasted: number } & Process)
  | {
      readonly kind: 'fault';
      readonly id: number;
      readonly name: string;
      readonly phase: 'begin' | 'end';
      /** The workers it strikes; all, and the client, if left out. */
      readonly slots?: readonly number[];
      readonly note?: string;
    }
  /** What getJobStatus answered to a call made at `asked`. */
  | {
      readonly kind: 'seen';
      readonly job: string;
      readonly asked: number;
      readonly state: JobState | 'not found';
      readonly skipped?: { readonly overlap: number; readonly missed: number };
      readonly lastRun?: { readonly runId: string; readonly attempts: number };
    }
  /** What the server says of a run in the end. */
  | {
      readonly kind: 'run';
      readonly job: string;
      readonly workflowId: string;
      readonly runId: string;
      readonly status: string;
      readonly startedAt: number;
      readonly closedAt?: number;
      /** Why it failed, from the outermost failure to the innermost. */
      readonly failure?: string;
      /** The attempt whose result was kept. */
      readonly kept?: { readonly attempt: number; readonly pid: number };
      /** When its handler's activity went to the task queue; known of bursts. */
      readonly queuedAt?: number;
    }
  /** No more due times and no more faults. */
  | { readonly kind: 'calm' }
  | { readonly kind: 'over' };

/** Each line has the time of day as its process saw it, and the machine's monotonic clock, which nobody can set. */
export type Line = Body & { readonly wall: number; readonly mono: number };
export type LineOf<Kind extends Line['kind']> = Extract<Line, { kind: Kind }>;
/** What is given to be written: distributes over the kinds. */
export type LineBody = Body;
