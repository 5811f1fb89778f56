import { runAttributes } from '../workflows/attributes.ts';
import {
  PREDECESSOR_ENDED,
  PRIORITY_KEYS,
  RUN_JOB,
  chainedRunId,
  compact,
  matches,
  type Dependent,
  type EndedRun,
} from '../workflows/messages.ts';
import { cancelDependents } from './cancel.ts';
import { isAlreadyExists } from './map-error.ts';
import type { Scope } from './record.ts';
import type { Run } from './runs.ts';
import { startDelay } from './to-temporal.ts';

/** Does for a dependent what the ended run itself would have done. May be done again. */
export async function deliver(scope: Scope, dependent: Dependent, ended: EndedRun): Promise<void> {
  if (matches(dependent.on, ended.state)) await startLate(scope, dependent, ended);
  else if (!dependent.repeats) await cancelDependents(scope, [dependent.jobId], reasonOf(ended));
}

export function toEndedRun(run: Run): EndedRun | undefined {
  const { jobId, workflowId, runId, state, endedAt, result, error } = run;
  if (state !== 'completed' && state !== 'failed' && state !== 'cancelled') return undefined;
  const at = (endedAt ?? new Date()).toISOString();
  return compact({ jobId, workflowId, runId, state, endedAt: at, result, error });
}

function reasonOf({ jobId, state }: EndedRun): string {
  return `its predecessor ${jobId} ${state === 'completed' ? 'succeeded' : state}`;
}

/** Starts the run that follows an end which happened before the dependent was there to be told. */
async function startLate({ client, queue }: Scope, dependent: Dependent, ended: EndedRun): Promise<void> {
  const { jobId, delay, workflowId: shared } = dependent;
  const dueAt = Date.parse(ended.endedAt) + delay;
  const options = {
    workflowId: chainedRunId(dependent, ended),
    taskQueue: queue,
    args: [{ jobId, predecessor: ended }],
    workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
    typedSearchAttributes: runAttributes({ ...dependent, kind: 'afterJob', queue }),
    memo: {
      scheduledAt: new Date(dueAt).toISOString(),
      predecessor: { jobId: ended.jobId, workflowId: ended.workflowId, runId: ended.runId },
    },
    staticSummary: `${dependent.jobType}: ${jobId}, after ${ended.jobId}`,
    priority: { priorityKey: PRIORITY_KEYS[dependent.priority] },
  };
  try {
    if (shared) {
      await client.workflow.signalWithStart(RUN_JOB, { ...options, signal: PREDECESSOR_ENDED, signalArgs: [ended] });
    } else {
      await client.workflow.start(RUN_JOB, { ...options, ...startDelay(new Date(dueAt)) });
    }
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
