import { chainedStart, compact, dueAfter, followUps, reasonOf } from '../workflows/follow-up.ts';
import { PREDECESSOR_ENDED, RUN_JOB, type Dependent, type EndedRun } from '../workflows/messages.ts';
import { cancelDependents } from './cancel.ts';
import { isAlreadyExists } from './map-error.ts';
import type { Scope } from './record.ts';
import type { Run } from './run.ts';
import { startDelay } from './to-temporal.ts';

/** Does for a dependent what the ended run itself would have done. May be done again. */
export async function deliver(scope: Scope, dependent: Dependent, ended: EndedRun): Promise<void> {
  const { toStart, toCancel } = followUps([dependent], ended);
  if (toStart.length > 0) await startLate(scope, dependent, ended);
  if (toCancel.length > 0) await cancelDependents(scope, [dependent.jobId], reasonOf(ended), ended.jobId);
}

export function toEndedRun(run: Run): EndedRun | undefined {
  const { jobId, workflowId, runId, state, endedAt, result, error } = run;
  if (state !== 'completed' && state !== 'failed' && state !== 'cancelled') return undefined;
  const at = (endedAt ?? new Date()).toISOString();
  return compact({ jobId, workflowId, runId, state, endedAt: at, result, error });
}

/** Starts the run that follows an end which happened before the dependent was there to be told. */
async function startLate({ client, queue }: Scope, dependent: Dependent, ended: EndedRun): Promise<void> {
  const { namespace } = client.options;
  const options = { ...chainedStart(dependent, ended, { queue, namespace }), taskQueue: queue };
  try {
    if (dependent.workflowId) {
      await client.workflow.signalWithStart(RUN_JOB, { ...options, signal: PREDECESSOR_ENDED, signalArgs: [ended] });
    } else {
      const dueAt = new Date(dueAfter([ended], dependent.delay));
      await client.workflow.start(RUN_JOB, { ...options, ...startDelay(dueAt) });
    }
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
