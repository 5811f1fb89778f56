import { ApplicationFailure, CancelledFailure, CompleteAsyncError, Context, log } from '@temporalio/activity';
import { ensureApplicationFailure } from '@temporalio/common';
import { recordAttempt } from './attempt-metrics.ts';
import type { JobContext, JobHandler, JobLogger } from '../job/definition.ts';
import { show } from '../job/show.ts';
import type { Predecessor } from '../job/status.ts';
import { HELD, type EndedRun, type HandlerInput } from '../workflows/messages.ts';
import { checkJson } from './check-json.ts';

// A cancel request reaches a handler with a heartbeat, so this is also how long an AbortSignal may be under way.
const LONGEST_BEAT = 4_000;
// A beat is a write at the server, a sixth of all that a run takes: most handlers are over before the first.
const FIRST_BEAT = 1_000;
// So long may a handler take to heed its signal at a shutdown.
const HEEDED_WITHIN = 5_000;
// In characters. Beyond 2 MB the server would not even hear that the attempt has failed.
const LONGEST_MESSAGE = 10_000;
// Of Node.js: what is longer fires at once.
const LONGEST_TIMER = 2 ** 31 - 1;

type HandlerActivity = (input: HandlerInput) => Promise<unknown>;

/**
 * The activities that call the handlers, named by job type; `default` takes the job types that nobody handles.
 *
 * @param isHeld whether a pause holds the task queue. An attempt that was matched just before must not start.
 * @param readResult what a predecessor returned, where that was too large to be handed on.
 */
export function createHandlerActivities(
  handlers: readonly JobHandler[],
  isHeld: () => Promise<boolean>,
  readResult: (run: EndedRun) => Promise<EndedRun> = (run) => Promise.resolve(run),
): Record<string, HandlerActivity> {
  const known = handlers.map(({ definition }) => show(definition.jobType)).join(', ') || 'none';
  const unknownType: HandlerActivity = () => {
    const { activityType } = Context.current().info;
    const message = `no handler for job type ${show(activityType)}: this worker has ${known}`;
    throw ApplicationFailure.nonRetryable(message, 'UnknownJobType');
  };
  const activities = handlers.map((handler): [string, HandlerActivity] => [
    handler.definition.jobType,
    async (input) => {
      const predecessors = (input.predecessors ?? []).map(async (run) => (run.resultOmitted ? readResult(run) : run));
      return runHandler(handler, { ...input, predecessors: await Promise.all(predecessors) }, isHeld);
    },
  ]);
  return Object.fromEntries([...activities, ['default', unknownType]]);
}

async function runHandler(handler: JobHandler, input: HandlerInput, isHeld: () => Promise<boolean>): Promise<unknown> {
  const activity = Context.current();
  const attempt = activity.info.attempt + (input.attemptsBefore ?? 0);
  const payload = await parsePayload(handler, input.payload);
  const asked = performance.now();
  // The last thing before the handler: what was seen of the hold must not grow old.
  if (await isHeld()) {
    throw ApplicationFailure.create({
      message: 'the scheduler is paused: back to the queue',
      type: HELD,
      nonRetryable: true,
      details: [attempt - 1],
    });
  }
  activity.cancellationSignal.throwIfAborted();
  // The server was away for as long as it waits for a sign of life: it has given this attempt up, and makes the next.
  if (performance.now() - asked >= heartbeatTimeout(activity))
    throw new ApplicationFailure('lost: the server was away');
  const heart = startHeart(activity);
  const signal = signalOf(activity);
  const shutdown = startShutdownWatch(activity);
  const { jobType } = handler.definition;
  const ended = recordAttempt(activity, { jobType, scheduledAt: input.scheduledAt, attempt });
  try {
    const running = handler.run(payload, contextOf(activity, input, { attempt, signal, progress: heart.progress }));
    const result = checkJson('Result', await Promise.race([running, shutdown.isOver]));
    ended('completed');
    return result;
  } catch (error) {
    if (error instanceof CompleteAsyncError) throw error;
    ended(activity.cancellationSignal.aborted ? 'cancelled' : 'failed');
    if (!signal.aborted) throw shorten(error);
    // However a handler puts it, an attempt that was told to stop and did is a cancelled one, or one that took too long.
    const { cancellationSignal } = activity;
    throw cancellationSignal.aborted ? cancellationSignal.reason : new ApplicationFailure('timed out (START_TO_CLOSE)');
  } finally {
    heart.stop();
    shutdown.stop();
  }
}

async function parsePayload(handler: JobHandler, payload: unknown): Promise<unknown> {
  const parsed = await handler.definition.payload.safeParseAsync(payload);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    ({ path, message }) => `${['payload', ...path].map(String).join('.')}: ${message}`,
  );
  throw ApplicationFailure.nonRetryable(issues.join('; '), 'InvalidPayload');
}

/** Beats for as long as the handler runs, with what it reported last: of this attempt, or else of the one before. */
function startHeart(activity: Context): { progress: (value: unknown) => void; stop: () => void } {
  let latest: unknown = activity.info.heartbeatDetails;
  const beat = () => activity.heartbeat(latest);
  const every = Math.min(LONGEST_BEAT, heartbeatTimeout(activity) / 3);
  const first = every > FIRST_BEAT ? setTimeout(beat, FIRST_BEAT) : undefined;
  const timer = setInterval(beat, every);
  return {
    progress: (value) => {
      latest = checkJson('Progress', value);
      beat();
    },
    stop: () => {
      clearTimeout(first);
      clearInterval(timer);
    },
  };
}

function heartbeatTimeout({ info }: Context): number {
  return info.heartbeatTimeoutMs ?? 30_000;
}

function contextOf(
  activity: Context,
  input: HandlerInput,
  own: Pick<JobContext, 'attempt' | 'signal' | 'progress'>,
): JobContext {
  const { runId } = activity.info.workflowExecution ?? {};
  const { jobId, scheduledAt } = input;
  const predecessors = (input.predecessors ?? []).map(toPredecessor);
  return {
    jobId,
    runId: runId ?? '',
    scheduledAt: new Date(scheduledAt),
    ...own,
    logger: loggerWith({ jobId, runId, attempt: own.attempt }),
    predecessor: predecessors.at(-1),
    predecessors,
  };
}

function toPredecessor({ endedAt, resultOmitted: _, ...ended }: EndedRun): Predecessor {
  return { ...ended, endedAt: new Date(endedAt) };
}

function loggerWith(common: Record<string, unknown>): JobLogger {
  return {
    debug: (message, attributes) => log.debug(message, { ...common, ...attributes }),
    info: (message, attributes) => log.info(message, { ...common, ...attributes }),
    warn: (message, attributes) => log.warn(message, { ...common, ...attributes }),
    error: (message, attributes) => log.error(message, { ...common, ...attributes }),
  };
}

/** At a shutdown a handler that does not heed its signal is left behind: the worker ends, and another makes the next attempt. */
function startShutdownWatch({ cancellationSignal }: Context): { isOver: Promise<never>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const isOver = new Promise<never>((_, reject) => {
    cancellationSignal.addEventListener('abort', () => {
      const reason: unknown = cancellationSignal.reason;
      const isShutdown = reason instanceof CancelledFailure && reason.message === 'WORKER_SHUTDOWN';
      if (isShutdown) timer = setTimeout(reject, HEEDED_WITHIN, reason);
    });
  });
  return { isOver, stop: () => clearTimeout(timer) };
}

/** Aborted also when the attempt's time is over, which the server tells only in answer to a heartbeat. */
function signalOf({ cancellationSignal, info }: Context): AbortSignal {
  const { startToCloseTimeoutMs: time } = info;
  return time <= LONGEST_TIMER ? AbortSignal.any([cancellationSignal, AbortSignal.timeout(time)]) : cancellationSignal;
}

function shorten(error: unknown): unknown {
  const { message, type, nonRetryable, nextRetryDelay } = ensureApplicationFailure(error);
  if (message.length <= LONGEST_MESSAGE) return error;
  const start = `${message.slice(0, LONGEST_MESSAGE)} ... (${message.length} characters)`;
  return new ApplicationFailure(start, type, nonRetryable, undefined, undefined, nextRetryDelay);
}
