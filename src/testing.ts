/**
 * For the tests of an application: a handler without a server, a schedule without waiting, and a real server in a line.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { checkJson } from './activities/check-json.ts';
import { parsePayload } from './job/catalogue.ts';
import { checkDate, checkKeys } from './job/check.ts';
import type { JobContext, JobHandler, JobLogger } from './job/definition.ts';
import { InvalidArgumentError } from './job/errors.ts';
import type { JobContract, JobId } from './job/job.ts';
import { assertJson } from './job/payload.ts';
import { show } from './job/show.ts';
import type { Predecessor } from './job/status.ts';
import type { DefinitionsOf, LocalScheduler, LocalSchedulerOptions } from './local.ts';

export { simulate, type SimulatedRun, type SimulateOptions } from './job/simulate.ts';

export interface RunHandlerOptions {
  /** @default 'job' */
  readonly jobId?: JobId;
  /** @default a random UUID */
  readonly runId?: string;
  /** @default 1 */
  readonly attempt?: number;
  /** @default now */
  readonly scheduledAt?: Date;
  /** @default one that is never aborted */
  readonly signal?: AbortSignal;
  /** The runs it follows, in the order in which they ended. What is not given of one is made up. @default [] */
  readonly predecessors?: readonly Partial<Predecessor>[];
}

/** A line that a handler has written with `context.logger`. */
export interface LogRecord {
  readonly level: keyof JobLogger;
  readonly message: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What an attempt came to. */
export interface HandlerRun {
  /** What the handler returned, as `waitForJob` would answer it: gone through JSON, and `null` for nothing. */
  readonly result: unknown;
  /** Each value that it reported, gone through JSON too. */
  readonly progress: readonly unknown[];
  readonly logs: readonly LogRecord[];
}

const KEYS = ['jobId', 'runId', 'attempt', 'scheduledAt', 'signal', 'predecessors'];

/**
 * Makes one attempt of a handler, without a server: checks the payload with the job's schema and calls the handler with
 * what that makes of it and a context of its own. No retries, no timeouts, no heartbeats.
 *
 * @throws {@link InvalidJobError} for a payload that `scheduleJob` would refuse.
 * @throws {@link InvalidArgumentError} if the handler or the options are not what they must be.
 * @throws what the handler throws; and for a result or a progress that is no JSON value, or too large, the
 * `ApplicationFailure` with which its run would fail.
 */
export async function runHandler<Contract extends JobContract>(
  handler: JobHandler<Contract>,
  payload: z.input<Contract['payload']>,
  options: RunHandlerOptions = {},
): Promise<HandlerRun> {
  if (typeof handler?.run !== 'function' || typeof handler.definition?.payload?.safeParseAsync !== 'function') {
    throw new InvalidArgumentError(
      `runHandler: expected what a job definition's handler() gives, got ${show(handler)}`,
    );
  }
  const progress: unknown[] = [];
  const logs: LogRecord[] = [];
  const context: JobContext = {
    ...completeOptions(options),
    progress: (value) => void progress.push(throughJson(checkJson('Progress', value))),
    logger: loggerInto(logs),
  };
  assertJson(payload);
  const parsed = await parsePayload(handler.definition, throughJson(payload));
  const result = throughJson(checkJson('Result', await handler.run(parsed, context)));
  return { result, progress, logs };
}

function completeOptions(options: RunHandlerOptions): Omit<JobContext, 'progress' | 'logger'> {
  checkKeys('runHandler', options, KEYS);
  const { jobId = 'job', runId = randomUUID(), attempt = 1, signal = new AbortController().signal } = options;
  const scheduledAt = checkDate('scheduledAt', options.scheduledAt ?? new Date());
  if (!Number.isInteger(attempt) || attempt < 1) {
    throw new InvalidArgumentError(`attempt: expected a whole number of at least 1, got ${show(attempt)}`);
  }
  if (!(signal instanceof AbortSignal)) {
    throw new InvalidArgumentError(`signal: expected an AbortSignal, got ${show(signal)}`);
  }
  const { predecessors: given = [] } = options;
  if (!Array.isArray(given)) throw new InvalidArgumentError(`predecessors: expected an array, got ${show(given)}`);
  const predecessors = given.map((predecessor: Partial<Predecessor>) => completePredecessor(predecessor, scheduledAt));
  const last = predecessors.at(-1);
  return { jobId, runId, attempt, scheduledAt, signal, predecessors, ...(last && { predecessor: last }) };
}

function completePredecessor(given: Partial<Predecessor>, endedAt: Date): Predecessor {
  const { jobId = 'predecessor' } = given;
  return { workflowId: jobId, runId: randomUUID(), state: 'completed', endedAt, ...given, jobId };
}

function loggerInto(logs: LogRecord[]): JobLogger {
  const write =
    (level: keyof JobLogger) =>
    (message: string, attributes: Record<string, unknown> = {}) =>
      void logs.push({ level, message, attributes });
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** A copy, as the other side of the server gets it. */
function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/**
 * Starts a Temporal server on this machine that keeps everything in memory, a worker and a scheduler: `startLocalScheduler`
 * without a database. `await using` ends them at the end of the test.
 *
 * @throws {@link SchedulerUnavailableError} if the server can't be started, and why.
 * @throws {@link InvalidArgumentError} if the options are not what they must be.
 */
export async function startTestScheduler<const Handlers extends readonly JobHandler[]>(
  options: Omit<LocalSchedulerOptions<Handlers>, 'persistence' | 'database'>,
): Promise<LocalScheduler<DefinitionsOf<Handlers>>> {
  // Loaded when it is needed: tests of handlers and schedules should not have to wait for a worker's native code.
  const { startLocalScheduler } = await import('./local.ts');
  return startLocalScheduler<Handlers>({ ...options, persistence: false });
}
