import { z } from 'zod';
import { InvalidArgumentError } from './errors.ts';
import type { JobContract, JobId, JobOptions } from './job.ts';
import { parseJobOptions, parseJobType } from './parse-job.ts';
import { show } from './show.ts';
import type { Predecessor } from './status.ts';

type LogLine = (message: string, attributes?: Record<string, unknown>) => void;

/** What a handler writes its log lines with: each carries the job's id, the run's id and the attempt. */
export interface JobLogger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

/** What a handler knows of the attempt it makes. */
export interface JobContext {
  readonly jobId: JobId;
  /** Which run this is: the same for all its attempts. */
  readonly runId: string;
  /** 1 for the first attempt. `runId` and `attempt` together fence off an attempt that was given up for lost. */
  readonly attempt: number;
  /** When the run was due. */
  readonly scheduledAt: Date;
  /** Aborted when the run is cancelled, the attempt's time is over or the worker shuts down; `reason` says which. */
  readonly signal: AbortSignal;
  /** Tells how far the work is: any JSON value. `getJobStatus` and the Web UI show the last one. */
  readonly progress: (value: unknown) => void;
  readonly logger: JobLogger;
  /** For a chained run: the run it follows; of several, the one that ended last. */
  readonly predecessor?: Predecessor;
  /** For a chained run: all the runs it follows, in the order in which they ended. */
  readonly predecessors: readonly Predecessor[];
}

/** The code of a job, as `createJobWorker` takes it. */
export interface JobHandler<Contract extends JobContract = JobContract> {
  readonly definition: Contract;
  /** Called with a payload that the definition's schema has accepted. */
  readonly run: (payload: unknown, context: JobContext) => unknown;
}

/** What client and worker share of a job: its type, what its payload is, and its defaults. */
export interface JobDefinition<Type extends string, Schema extends z.ZodType> extends JobContract {
  readonly jobType: Type;
  readonly payload: Schema;
  readonly defaults: JobOptions;
  /** Joins the contract with its code. The handler's result, any JSON value, is the run's result. */
  readonly handler: (
    run: (payload: z.output<Schema>, context: JobContext) => unknown,
  ) => JobHandler<JobDefinition<Type, Schema>>;
}

/**
 * Declares a job type: the contract between the client, which checks a payload before it schedules it, and the
 * worker, which checks it again before it calls the handler.
 *
 * @param jobType its name: at most 100 characters. It is the run's activity type in the Web UI and in metrics.
 * @param contract the zod schema of the payload, and defaults for the jobs of this type.
 * @throws {@link InvalidJobError} if the name or a default is not what it must be.
 */
export function defineJob<const Type extends string, Schema extends z.ZodType>(
  jobType: Type,
  contract: { readonly payload: Schema } & JobOptions,
): JobDefinition<Type, Schema> {
  parseJobType(jobType);
  if (typeof contract !== 'object' || contract === null || !(contract.payload instanceof z.ZodType)) {
    throw new InvalidArgumentError(
      `defineJob(${show(jobType)}): expected { payload: a zod schema, ... }, got ${showContract(contract)}`,
    );
  }
  const { payload, ...defaults } = contract;
  parseJobOptions(defaults);
  const definition: JobDefinition<Type, Schema> = {
    jobType,
    payload,
    defaults,
    handler: (run) => ({ definition, run: run as JobHandler['run'] }),
  };
  return definition;
}

function showContract(contract: unknown): string {
  const { payload } = (contract ?? {}) as { payload?: unknown };
  return payload === undefined ? show(contract) : `{ payload: ${show(payload)} }`;
}
