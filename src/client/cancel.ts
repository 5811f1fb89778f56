import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { JobNotFoundError } from '../job/errors.ts';
import type { Dependent } from '../workflows/messages.ts';
import { readDependents, readDependentsOfOnce, removeDependent } from './dependents.ts';
import { grpcStatus, isNotFound } from './map-error.ts';
import { changeRecord, endOf, readRecord, type JobRecord, type Scope } from './record.ts';
import { CANCELLED, readRun, type WorkflowInfo } from './run.ts';
import { describeRun, openAndTaken, openRuns } from './runs.ts';

/** How long a handler that was told to stop may take to end, in milliseconds. Then its run is terminated. */
const GRACE = 10_000;
/** How long a run whose handler has not started may take. It needs a worker to close by itself. */
const GRACE_BEFORE_START = 2_000;
const LOOK_EVERY = 100;
// HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT
const CLOSE_EVENT = 2;

/** Ends a job, closes its open runs, and cancels the jobs that have nothing left to follow. May be called again. */
export async function cancel(scope: Scope, id: string, reason: string): Promise<void> {
  const [record, workflow] = await Promise.all([readRecord(scope, id), describeRun(scope, id)]);
  if (workflow && !record) {
    await closeRun(scope, workflow, reason);
    const dependents = await readDependentsOfOnce(scope, id);
    const after = await describeRun(scope, id);
    // Not one that somebody terminated, which counts as failed.
    if (after && (await readRun(scope.client, after)).state === 'cancelled')
      await cancelFollowers(scope, id, dependents);
  } else if (record) {
    await endRecord(scope, id, reason);
    // A run that the record started just before its end may not be in the lists yet: look until there is none left.
    // And one that somebody had made up for may still wait for its turn: it starts when the run before it has ended.
    for (;;) {
      const { open, taken } = await openAndTaken(scope, id);
      if (open.length === 0 && taken === 0) break;
      if (open.length === 0) await sleep(LOOK_EVERY);
      await Promise.all(open.map((run) => closeRun(scope, run, reason)));
    }
    await cancelFollowers(scope, id, await readDependents(scope, id));
    await forget(scope, record);
  } else {
    const open = await openRuns(scope, { id });
    if (open.length === 0) throw notFound(scope, id);
    await Promise.all(open.map((run) => closeRun(scope, run, reason)));
  }
}

export function notFound({ queue }: Scope, id: string): JobNotFoundError {
  return new JobNotFoundError(id, `expected the id of a job on task queue "${queue}", got "${id}": there is none`);
}

/**
 * Cancels jobs that wait for an end that does not come: their records, and what has started to wait for several. Not
 * those that have been replaced, and do not follow that job any more.
 */
export async function cancelDependents(
  scope: Scope,
  ids: readonly string[],
  reason: string,
  of?: string,
  seen = new Set<string>(),
): Promise<void> {
  const isFollower = ({ definition }: JobRecord) => of === undefined || definition.after?.jobIds.includes(of);
  for (const id of ids) {
    // Two clients together can close a circle.
    if (seen.has(id)) continue;
    seen.add(id);
    const record = await endRecord(scope, id, reason, isFollower);
    if (!record || !isFollower(record)) continue;
    const open = await openRuns(scope, record);
    const waiting = open.filter((run) => isWaiting(run));
    await Promise.all(waiting.map((run) => closeRun(scope, run, reason)));
    await cancelFollowers(scope, id, await readDependents(scope, id), seen);
  }
}

async function cancelFollowers(
  scope: Scope,
  id: string,
  dependents: readonly Dependent[],
  seen?: Set<string>,
): Promise<void> {
  await cancelDependents(
    scope,
    dependents.map(({ jobId }) => jobId),
    `its predecessor ${id} was cancelled`,
    id,
    seen,
  );
}

function endRecord(
  scope: Scope,
  id: string,
  reason: string,
  isMeant: (record: JobRecord) => boolean | undefined = () => true,
): Promise<JobRecord | undefined> {
  return changeRecord(scope, id, (record) =>
    record.note.kind === 'ended' || !isMeant(record) ? undefined : endOf('cancelled', reason),
  );
}

async function forget(scope: Scope, { id, definition }: JobRecord): Promise<void> {
  await Promise.all((definition.after?.jobIds ?? []).map((jobId) => removeDependent(scope, jobId, id)));
}

/** Its handler has not been called for: it waits for more ends, or for the delay after them. */
function isWaiting({ raw }: WorkflowExecutionDescription): boolean {
  return !raw.pendingActivities?.length;
}

/** Asks a run to stop, waits, and terminates it if it does not. */
async function closeRun(scope: Scope, run: WorkflowInfo, reason: string): Promise<void> {
  const { client } = scope;
  const { workflowId, runId } = run;
  const execution = { workflowId, runId };
  const { namespace, identity } = client.options;
  if (run.status.name !== 'RUNNING') return;
  try {
    await client.workflowService.requestCancelWorkflowExecution({
      namespace,
      identity,
      workflowExecution: execution,
      reason,
    });
    const grace = (await hasStarted(scope, run)) ? GRACE : GRACE_BEFORE_START;
    if (await isClosedWithin(scope, execution, grace)) return;
    await client.workflowService.terminateWorkflowExecution({
      namespace,
      identity,
      workflowExecution: execution,
      reason: `${CANCELLED}${reason}`,
    });
  } catch (error) {
    // It has closed meanwhile.
    if (!isNotFound(error)) throw error;
  }
}

async function hasStarted(scope: Scope, { workflowId, runId }: WorkflowInfo): Promise<boolean> {
  const description = await describeRun(scope, workflowId, runId);
  return description?.raw.pendingActivities?.some(({ lastStartedTime }) => lastStartedTime) ?? false;
}

async function isClosedWithin(
  { client }: Scope,
  execution: { workflowId: string; runId: string },
  milliseconds: number,
): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  let nextPageToken: Uint8Array | null | undefined;
  while (Date.now() < deadline) {
    try {
      const page = await client.connection.withDeadline(deadline, () =>
        client.workflowService.getWorkflowExecutionHistory({
          namespace: client.options.namespace,
          execution,
          nextPageToken,
          waitNewEvent: true,
          historyEventFilterType: CLOSE_EVENT,
        }),
      );
      if (page.history?.events?.length) return true;
      nextPageToken = page.nextPageToken;
    } catch (error) {
      // At its deadline a long poll ends as the one or the other, whoever notices first.
      const code = grpcStatus(error)?.code;
      if (code !== status.DEADLINE_EXCEEDED && code !== status.CANCELLED) throw error;
    }
  }
  return false;
}
