import type { EndedRun } from '../workflows/messages.ts';
import { toJob } from './from-temporal.ts';
import { changeRecord, type JobRecord, type RecordChange, type Scope } from './record.ts';
import { toScheduleOptions } from './to-temporal.ts';

/**
 * Makes the record of a paused chained job start its run when it is resumed, by whatever tool: a time every ten seconds,
 * of which one is taken. Several ends while it is paused owe one run. False if the job is not paused any more.
 */
export async function oweRun(scope: Scope, jobId: string, owed: readonly EndedRun[]): Promise<boolean> {
  let isOwed = false;
  await changeRecord(scope, jobId, (record) => {
    isOwed = record.note.kind === 'paused';
    if (!isOwed) return undefined;
    const spec = { intervals: [{ every: 10_000 }], startAt: new Date() };
    return { options: { ...optionsOf(scope, record, owed), spec }, remainingActions: 1 };
  });
  return isOwed;
}

/** The owed run has started: the record is again one that is never due. */
export async function settleDebt(scope: Scope, jobId: string): Promise<void> {
  await changeRecord(
    scope,
    jobId,
    (record): RecordChange | undefined =>
      record.definition.owed && { options: optionsOf(scope, record), remainingActions: null },
  );
}

function optionsOf({ queue }: Scope, record: JobRecord, owed?: readonly EndedRun[]) {
  return toScheduleOptions(toJob(record), queue, new Date(), { after: record.definition.after, owed });
}
