import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  TimeoutFailure,
  patched,
  proxyActivities,
  type ActivityOptions,
} from '@temporalio/workflow';
import { HELD, PRIORITY_KEYS, type Definition, type DueRun, type HandlerInput } from './messages.ts';

// Temporal wants a limit for an attempt: a year stands for none.
const NO_TIMEOUT = '365 days';

/** Calls the job's handler: the one activity on the queue. Answers its result, or throws its last failure. */
export async function callHandler(jobId: string, due: DueRun): Promise<unknown> {
  const { definition, scheduledAt, predecessors } = due;
  const begun = Date.now();
  let attemptsBefore = 0;
  for (;;) {
    const options = activityOptions(jobId, definition, attemptsBefore, Date.now() - begun);
    const handlers = proxyActivities<Record<string, (input: HandlerInput) => Promise<unknown>>>(options);
    const input: HandlerInput = {
      jobId,
      payload: definition.payload,
      scheduledAt,
      ...(attemptsBefore > 0 && { attemptsBefore }),
      ...(predecessors && { predecessors }),
    };
    try {
      return await handlers[definition.jobType]!(input);
    } catch (error) {
      const attempts = attemptsBeforeHold(error);
      if (attempts === undefined) throw isLostToCancel(error) ? new CancelledFailure('cancelled') : error;
      attemptsBefore = attempts;
    }
  }
}

function activityOptions(
  jobId: string,
  definition: Definition,
  attemptsBefore: number,
  elapsed: number,
): ActivityOptions {
  const { timeout, totalTimeout, heartbeatTimeout } = definition;
  const { maximumAttempts = 3, ...retryPolicy } = definition.retryPolicy ?? {};
  return {
    summary: jobId,
    startToCloseTimeout: timeout ?? NO_TIMEOUT,
    ...(totalTimeout !== undefined && { scheduleToCloseTimeout: Math.max(1, totalTimeout - elapsed) }),
    heartbeatTimeout: heartbeatTimeout ?? '30 seconds',
    // A cancelled run is closed when its handler has ended, not before.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // An eager activity would pass by the queue: its priorities, and the hold of a pause.
    allowEagerDispatch: false,
    retry: {
      initialInterval: 1_000,
      backoffCoefficient: 2,
      maximumInterval: 100_000,
      ...retryPolicy,
      nonRetryableErrorTypes: [...(retryPolicy.nonRetryableErrorTypes ?? []), HELD],
      // 0 is no limit, which the SDK wants to be told by leaving it out.
      ...(maximumAttempts > 0 && { maximumAttempts: Math.max(1, maximumAttempts - attemptsBefore) }),
    },
    ...(definition.priority && { priority: { priorityKey: PRIORITY_KEYS[definition.priority] } }),
  };
}

/** An attempt that was told to stop and was not heard of again: the job was cancelled, and did not fail of itself. */
function isLostToCancel(error: unknown): boolean {
  const isLost = error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
  return isLost && CancellationScope.current().consideredCancelled && patched('lost-to-cancel');
}

/** How many attempts had been made when this one was sent back, if that is what happened. */
function attemptsBeforeHold(error: unknown): number | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || cause.type !== HELD) return undefined;
  return Number(cause.details?.[0] ?? 0);
}
