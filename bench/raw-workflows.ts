import {
  ActivityCancellationType,
  ParentClosePolicy,
  proxyActivities,
  startChild,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { Priority } from '@temporalio/common';
import type { RawTask } from './raw.ts';

// One workflow for each job, as a careful engineer writes it by hand.

/** What a job's run needs to be told. */
export interface RawInput {
  readonly payload: RawTask;
  readonly priority: Priority;
  readonly retry: NonNullable<ActivityOptions['retry']>;
  /** Another run, that is to follow this one. */
  readonly next?: { readonly workflowId: string; readonly input: RawInput };
}

export async function rawTask({ payload, priority, retry, next }: RawInput): Promise<unknown> {
  const { task } = proxyActivities<{ task(payload: RawTask, dueAt: number): Promise<unknown> }>({
    startToCloseTimeout: '365 days',
    heartbeatTimeout: '30 seconds',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // Priorities count only in the queue, and so does a rate limit.
    allowEagerDispatch: false,
    retry,
    priority,
  });
  const { searchAttributes, startTime } = workflowInfo();
  const nominal = searchAttributes['TemporalScheduledStartTime']?.[0];
  const result = await task(payload, (nominal instanceof Date ? nominal : startTime).getTime());
  if (next) {
    const { workflowId, input } = next;
    const options = { workflowId, parentClosePolicy: ParentClosePolicy.ABANDON, priority: input.priority };
    await startChild(rawTask, { ...options, args: [input] });
  }
  return result;
}
