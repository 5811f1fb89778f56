import { readDependents, readDependentsOfOnce } from './dependents.ts';
import { isCancelled } from './notes.ts';
import { changeRecord, type JobRecord, type RecordChange, type Scope } from './record.ts';

/**
 * Takes back what the end of a job's failed run has settled, before the run is retried: that the job has ended, if it has
 * one run at most, and that jobs which follow it were cancelled since it failed.
 */
export async function reopen(
  scope: Scope,
  id: string,
  record: JobRecord | undefined,
  workflowId: string,
): Promise<void> {
  if (record)
    await changeRecord(scope, id, (now) =>
      now.note.kind === 'ended' && now.note.run?.workflowId === workflowId ? opened(now) : undefined,
    );
  const dependents = await (record ? readDependents(scope, id) : readDependentsOfOnce(scope, id));
  await reopenFollowers(scope, dependents, `its predecessor ${id} failed`);
}

async function reopenFollowers(
  scope: Scope,
  dependents: Awaited<ReturnType<typeof readDependents>>,
  reason: string,
): Promise<void> {
  for (const { jobId, workflowId } of dependents) {
    // The one run of a job that follows several was closed with it, and its id can't be used again.
    if (workflowId) continue;
    let isReopened = false;
    await changeRecord(scope, jobId, (record) => {
      const { note } = record;
      isReopened = isCancelled(note) && note.reason === reason;
      return isReopened ? opened(record) : undefined;
    });
    if (isReopened)
      await reopenFollowers(scope, await readDependents(scope, jobId), `its predecessor ${jobId} was cancelled`);
  }
}

function opened({ definition }: JobRecord): RecordChange {
  return { note: `${definition.jobType}, ${definition.priority ?? 'normal'} priority`, remainingActions: null };
}
