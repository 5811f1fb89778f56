import {
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  WorkflowIdReusePolicy,
  getExternalWorkflowHandle,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CANCEL_JOBS,
  PREDECESSOR_ENDED,
  PRIORITY_KEYS,
  RUN_JOB,
  chainedRunId,
  matches,
  type Dependent,
  type EndedRun,
  type RunInput,
} from './messages.ts';
import { runAttributes } from './attributes.ts';
import { bookkeeping } from './bookkeeping.ts';

const cancelJobs = bookkeeping(CANCEL_JOBS, 60_000);

/** Starts a run of each job that follows this end; of a once job, those that do not want it are cancelled. */
export async function startDependents(followers: readonly Dependent[], ended: EndedRun): Promise<void> {
  // A circle is refused when a job is scheduled. Should two clients have closed one together, it is not run through twice.
  const dependents = followers.filter(({ jobId }) => jobId !== ended.jobId && !ended.ancestors?.includes(jobId));
  const matching = dependents.filter(({ on }) => matches(on, ended.state));
  const others = dependents.filter(({ on, repeats }) => !repeats && !matches(on, ended.state));
  await Promise.all(matching.map((dependent) => startDependent(dependent, ended)));
  if (others.length > 0) {
    const reason = `its predecessor ${ended.jobId} ${ended.state === 'completed' ? 'succeeded' : ended.state}`;
    await cancelJobs(
      others.map(({ jobId }) => jobId),
      reason,
    );
  }
}

async function startDependent(dependent: Dependent, ended: EndedRun): Promise<void> {
  const { jobId, priority } = dependent;
  const workflowId = chainedRunId(dependent, ended);
  const input: RunInput = { jobId, predecessor: ended };
  try {
    await startChild(RUN_JOB, {
      workflowId,
      args: [input],
      // The dependent lives on by itself. Its id says which end it follows, and no end is followed twice.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      typedSearchAttributes: runAttributes({ ...dependent, kind: 'afterJob', queue: workflowInfo().taskQueue }),
      memo: {
        scheduledAt: new Date(Date.parse(ended.endedAt) + dependent.delay).toISOString(),
        predecessor: { jobId: ended.jobId, workflowId: ended.workflowId, runId: ended.runId },
      },
      staticSummary: `${dependent.jobType}: ${jobId}, after ${ended.jobId}`,
      priority: { priorityKey: PRIORITY_KEYS[priority] },
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    // Of several predecessors the first to end has started the run: tell it of this one.
    if (dependent.workflowId) await tell(workflowId, ended);
  }
}

async function tell(workflowId: string, ended: EndedRun): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(PREDECESSOR_ENDED, ended);
  } catch {
    // The run is closed: its job was cancelled, and nobody waits.
  }
}
