import { CancellationScope, TemporalFailure, patched, proxyLocalActivities, sleep } from '@temporalio/workflow';
import type { ChainActivities } from './messages.ts';

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;

/**
 * A local activity without which a run would lose what follows it, so that it is done in the end, whatever happens. It
 * is tried without limit, and yet it can fail for good: when a server comes back, a worker that drops the workflow from
 * its cache cancels an attempt that waits for its next try, and may hand that to the workflow as the outcome.
 *
 * @param timeout how long one attempt may take, in milliseconds
 */
export function bookkeeping<Name extends keyof ChainActivities>(name: Name, timeout: number): ChainActivities[Name] {
  const { [name]: activity } = proxyLocalActivities<ChainActivities>({ startToCloseTimeout: timeout });
  const attempt = activity as (...args: readonly unknown[]) => Promise<unknown>;
  const insist = async (...args: readonly unknown[]) => {
    for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      try {
        return await attempt(...args);
      } catch (error) {
        const isLost = error instanceof TemporalFailure && !CancellationScope.current().consideredCancelled;
        if (!isLost || !patched('insist')) throw error;
      }
      await sleep(wait);
    }
  };
  return insist as ChainActivities[Name];
}
