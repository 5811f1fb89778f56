import {
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  getExternalWorkflowHandle,
  patched,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { bookkeeping } from './bookkeeping.ts';
import { chainedStart, followUps, reasonOf } from './follow-up.ts';
import { CANCEL_JOBS, PREDECESSOR_ENDED, RUN_JOB, type Dependent, type EndedRun } from './messages.ts';

const CANCELLED_AT_ONCE = 20;
const cancelJobs = bookkeeping(CANCEL_JOBS, 60_000);

/** Starts a run of each job that follows this end; of a once job, those that do not want it are cancelled. */
export async function startDependents(followers: readonly Dependent[], ended: EndedRun): Promise<void> {
  const { toStart, toCancel } = followUps(followers, ended);
  await Promise.all(toStart.map((dependent) => startDependent(dependent, ended)));
  const ids = toCancel.map(({ jobId }) => jobId);
  // Each takes some calls, of which a server gives few a second: all at once would not be done within an attempt's time.
  const size = ids.length > CANCELLED_AT_ONCE && !patched('cancel-in-parts') ? ids.length : CANCELLED_AT_ONCE;
  for (let from = 0; from < ids.length; from += size) {
    await cancelJobs(ids.slice(from, from + size), reasonOf(ended), ended.jobId);
  }
}

async function startDependent(dependent: Dependent, ended: EndedRun): Promise<void> {
  const { taskQueue: queue, namespace } = workflowInfo();
  const start = chainedStart(dependent, ended, { queue, namespace });
  try {
    // The dependent lives on by itself.
    await startChild(RUN_JOB, {
      ...start,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    // Of several predecessors the first to end has started the run: tell it of this one.
    if (dependent.workflowId) await tell(start.workflowId, ended);
  }
}

async function tell(workflowId: string, ended: EndedRun): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(PREDECESSOR_ENDED, ended);
  } catch {
    // The run is closed: its job was cancelled, and nobody waits.
  }
}
