import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { RawInput } from './raw-workflows.ts';
import type { RawTask } from './raw.ts';

// What would be faster than one workflow with one activity on the queue, and gives something up.

interface Activities {
  task(payload: RawTask, dueAt: number): Promise<unknown>;
}

export { rawTask } from './raw-workflows.ts';

/** The handler in the worker that has the workflow: passes by the queue, its priorities and a pause. */
export async function localTask({ payload, retry }: RawInput): Promise<unknown> {
  const { task } = proxyLocalActivities<Activities>({ startToCloseTimeout: '1 minute', retry });
  return task(payload, 0);
}

/** The activity handed to the worker with the answer to its workflow task: passes by the queue too. */
export async function eagerTask({ payload, priority, retry }: RawInput): Promise<unknown> {
  const { task } = proxyActivities<Activities>({
    startToCloseTimeout: '365 days',
    heartbeatTimeout: '30 seconds',
    retry,
    priority,
  });
  return task(payload, 0);
}
