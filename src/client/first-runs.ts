import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { Job } from '../job/job.ts';
import { nextRunTimes } from '../job/next-run-times.ts';
import type { RecurringSchedule } from '../job/schedule.ts';
import { readRecord, type Scope } from './record.ts';

/** In a fresh namespace a V1 schedule may need some seconds until its first workflow task. */
const SOON = 60_000;

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
  const { numActionsTaken, numActionsSkippedOverlap, numActionsMissedCatchupWindow, nextActionTimes } =
    record.description.info;
  const [next] = nextActionTimes;
  const jitter = schedule.jitter ?? 0;
  const counted = numActionsTaken + numActionsSkippedOverlap + numActionsMissedCatchupWindow;
  // It has come past the first due time (jitter included), and nothing came of it.
  if (counted > 0 || record.description.info.runningActions.length > 0) return;
  if (next && next.getTime() <= first.getTime() + jitter) return;
  const now = Date.now();
  const lost = nextRunTimes(schedule, { from: createdAt, createdAt, count: 100 }).filter(
    (time) => time.getTime() <= now && (!next || time < next),
  );
  const [start, end] = [lost[0], lost.at(-1)];
  if (!start || !end) return;
  await scope.client.schedule.getHandle(job.id).backfill({ start, end, overlap: ScheduleOverlapPolicy.BUFFER_ALL });
}
