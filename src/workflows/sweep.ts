import { workflowInfo } from '@temporalio/workflow';
import { bookkeeping } from './bookkeeping.ts';
import { SWEEP } from './messages.ts';

const sweepSince = bookkeeping(SWEEP, 300_000);

/**
 * Looks for runs that were closed from outside and could not start what follows them. Each sweep goes on where the one
 * before it, which is the schedule's last result, has left off.
 */
export async function sweep(): Promise<string> {
  return sweepSince(workflowInfo().lastResult as string | undefined);
}
