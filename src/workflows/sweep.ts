import { proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import { SWEEP, type ChainActivities } from './messages.ts';

const { [SWEEP]: sweepSince } = proxyLocalActivities<ChainActivities>({ startToCloseTimeout: '5 minutes' });

/**
 * Looks for runs that were closed from outside and could not start what follows them. Each sweep goes on where the one
 * before it, which is the schedule's last result, has left off.
 */
export async function sweep(): Promise<string> {
  return sweepSince(workflowInfo().lastResult as string | undefined);
}
