import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { Job } from '../job/job.ts';
import { nextRunTimes } from '../job/next-run-times.ts';
import type { RecurringSchedule } from '../job/schedule.ts';
import { changeRecord, readRecord, type Scope } from './record.ts';

/** In a fresh namespace a V1 schedule may need some seconds until its first workflow task. */
const SOON = 60_000;
const MANY = 100;

/**
 * A V1 schedule counts from its first workflow task, not from its creation: due times between the two have no run. So
 * where there may be some, its description is read, which waits for that task, and they are made up for.
 */
export async function catchFirstRuns(
  scope: Scope,
  job: Job,
  schedule: RecurringSchedule,
  createdAt: Date,
): Promise<void> {
  const [first] = nextRunTimes(schedule, { from: createdAt, createdAt, count: 1 });
  if (!first || first.getTime() - createdAt.getTime() > SOON) return;
  const record = await readRecord(scope, job.id);
  if (!record) return;
  const { info, raw } = record.description;
  const { recentActions, nextActionTimes } = info;
  // The first due time that had, or will have, its run. With jitter it is later than it was due, never earlier.
  const boundary = recentActions[0]?.scheduledAt ?? nextActionTimes[0];
  const passed = nextRunTimes(schedule, { from: createdAt, createdAt, count: MANY });
  const upTo = passed.filter((time) => time.getTime() <= Math.min(boundary?.getTime() ?? Infinity, Date.now()));
  const lost = upTo.filter((time) => !boundary || time < boundary);
  // Of its runs it tells the last ten. On a slow server some before them have had their turn as well.
  const taken =
    info.numActionsTaken -
    recentActions.length +
    info.numActionsSkippedOverlap +
    info.numActionsMissedCatchupWindow +
    Number(raw.info?.bufferSize ?? 0);
  const isBoundarysOwn = boundary && schedule.jitter;
  const owed = lost.slice(0, Math.max(0, lost.length - taken - (isBoundarysOwn ? 1 : 0)));
  const allowed = await takeRuns(scope, job.id, owed.length);
  const [start, end] = [owed[0], owed[allowed - 1]];
  if (!start || !end) return;
  await scope.client.schedule.getHandle(job.id).backfill({ start, end, overlap: ScheduleOverlapPolicy.BUFFER_ALL });
}

/** A back-fill does not count against a limit of runs. Answers how many it may have, and takes them from the limit. */
export async function takeRuns(scope: Scope, id: string, wanted: number): Promise<number> {
  let taken = wanted;
  if (wanted > 0) {
    await changeRecord(scope, id, ({ description }) => {
      const { remainingActions } = description.state;
      if (remainingActions === undefined) return undefined;
      taken = Math.min(wanted, remainingActions);
      return { remainingActions: remainingActions - taken };
    });
  }
  return taken;
}
