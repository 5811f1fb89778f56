import { ApplicationFailure, CompleteAsyncError, Context, log } from '@temporalio/activity';
import type { JobContext, JobHandler, JobLogger } from '../job/definition.ts';
import { MAX_PAYLOAD_BYTES } from '../job/payload.ts';
import { show } from '../job/show.ts';
import type { Predecessor } from '../job/status.ts';
import { HELD, type EndedRun, type HandlerInput } from '../workflows/messages.ts';

// A cancel request reaches a handler with a heartbeat, so this is also how long an AbortSignal may be under way.
const LONGEST_BEAT = 4_000;

type HandlerActivity = (input: HandlerInput) => Promise<unknown>;

/**
 * The activities that call the handlers, named by job type; `default` takes the job types that nobody handles.
 *
 * @param isHeld whether a pause holds the task queue. An attempt that was matched just before must not start.
 */
export function createHandlerActivities(
  handlers: readonly JobHandler[],
  isHeld: () => Promise<boolean>,
): Record<string, HandlerActivity> {
  const known = handlers.map(({ definition }) => show(definition.jobType)).join(', ') || 'none';
  const unknownType: HandlerActivity = () => {
    const { activityType } = Context.current().info;
    const message = `no handler for job type ${show(activityType)}: this worker has ${known}`;
    throw ApplicationFailure.nonRetryable(message, 'UnknownJobType');
  };
  const activities = handlers.map((handler): [string, HandlerActivity] => [
    handler.definition.jobType,
    (input) => runHandler(handler, input, isHeld),
  ]);
  return Object.fromEntries([...activities, ['default', unknownType]]);
}

async function runHandler(handler: JobHandler, input: HandlerInput, isHeld: () => Promise<boolean>): Promise<unknown> {
  const activity = Context.current();
  const attempt = activity.info.attempt + (input.attemptsBefore ?? 0);
  if (await isHeld()) {
    throw ApplicationFailure.create({
      message: 'the scheduler is paused: back to the queue',
      type: HELD,
      nonRetryable: true,
      details: [attempt - 1],
    });
  }
  const payload = await parsePayload(handler, input.payload);
  const heart = startHeart(activity);
  try {
    const result = await handler.run(payload, contextOf(activity, input, attempt, heart.progress));
    return checkResult(result);
  } catch (error) {
    // However a handler puts it, an attempt that was told to stop and did is a cancelled one.
    const { cancellationSignal } = activity;
    throw cancellationSignal.aborted && !(error instanceof CompleteAsyncError) ? cancellationSignal.reason : error;
  } finally {
    heart.stop();
  }
}

async function parsePayload(handler: JobHandler, payload: unknown): Promise<unknown> {
  const parsed = await handler.definition.payload.safeParseAsync(payload);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${['payload', ...path].map(String).join('.')}: ${message}`);
  throw ApplicationFailure.nonRetryable(issues.join('; '), 'InvalidPayload');
}

/** Beats for as long as the handler runs, with what it reported last: of this attempt, or else of the one before. */
function startHeart(activity: Context): { progress: (value: unknown) => void; stop: () => void } {
  let latest: unknown = activity.info.heartbeatDetails;
  const beat = () => activity.heartbeat(latest);
  beat();
  const timer = setInterval(beat, Math.min(LONGEST_BEAT, (activity.info.heartbeatTimeoutMs ?? 30_000) / 3));
  return {
    progress: (value) => {
      latest = value;
      beat();
    },
    stop: () => clearInterval(timer),
  };
}

function contextOf(
  activity: Context,
  input: HandlerInput,
  attempt: number,
  progress: (value: unknown) => void,
): JobContext {
  const { runId } = activity.info.workflowExecution ?? {};
  const { jobId, scheduledAt } = input;
  const predecessors = (input.predecessors ?? []).map(toPredecessor);
  return {
    jobId,
    runId: runId ?? '',
    attempt,
    scheduledAt: new Date(scheduledAt),
    signal: activity.cancellationSignal,
    progress,
    logger: loggerWith({ jobId, runId, attempt }),
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

/** A result that the server would not take is the handler's error, not one to try again. */
function checkResult(result: unknown): unknown {
  let json: string | undefined;
  try {
    json = JSON.stringify(result);
  } catch (cause) {
    const message = `the result is no JSON value: ${cause instanceof Error ? cause.message : show(result)}`;
    throw ApplicationFailure.create({ message, type: 'InvalidResult', nonRetryable: true });
  }
  const bytes = Buffer.byteLength(json ?? '');
  if (bytes <= MAX_PAYLOAD_BYTES) return json === undefined ? null : result;
  const message = `the result has ${bytes} bytes as JSON, and at most ${MAX_PAYLOAD_BYTES} are allowed: store it elsewhere and return a reference`;
  throw ApplicationFailure.nonRetryable(message, 'ResultTooLarge');
}
