import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { JobAlreadyExistsError } from '../job/errors.ts';
import type { Job, JobId } from '../job/job.ts';
import { RUN_JOB, type After } from '../workflows/messages.ts';
import { claim, hasSchedule, isFree, readHolder } from './claim.ts';
import { catchFirstRuns } from './first-runs.ts';
import { examine, follow, type Leaders } from './follow.ts';
import { toJob } from './from-temporal.ts';
import { isCancelled } from './notes.ts';
import type { JobRecord, Scope } from './record.ts';
import { replace } from './replace.ts';
import { onceMemo, readRun, type WorkflowInfo } from './run.ts';
import { dueTime, toOnceMemo, toScheduleOptions, toStartOptions } from './to-temporal.ts';

/**
 * What to do when the id names a job already. `error`: the same definition is no conflict, the call was made before;
 * another one is refused, and so is a job that was cancelled. `keep`: the job stays as it is. `replace`: the new
 * definition takes its place.
 */
export type OnConflict = 'error' | 'keep' | 'replace';

/** A once job due so soon could run before a clash of ids is seen. */
const AT_ONCE = 2_000;

/** Schedules a job. Made again, whole or after it was cut off at any point, it comes to the same. */
export async function create(scope: Scope, job: Job, isIdGiven: boolean, onConflict: OnConflict): Promise<JobId> {
  const { schedule } = job;
  const now = new Date();
  const leaders = schedule.kind === 'afterJob' ? await examine(scope, job, schedule) : undefined;
  const runsAtOnce = schedule.kind === 'once' && dueTime(schedule, now).getTime() - now.getTime() < AT_ONCE;
  const isTaken = isIdGiven && runsAtOnce && (await hasSchedule(scope, job.id));
  const isClaimed = !isTaken && (await claim(scope, job, isIdGiven, () => start(scope, job, now, leaders?.after)));
  if (!isClaimed) return settle(scope, job, leaders, onConflict);
  if (leaders) await follow(scope, job, leaders);
  if (schedule.kind === 'interval' || schedule.kind === 'cron') await catchFirstRuns(scope, job, schedule, now);
  return job.id;
}

async function start({ client, queue }: Scope, job: Job, now: Date, after: After | undefined): Promise<void> {
  if (job.schedule.kind === 'once') await client.workflow.start(RUN_JOB, toStartOptions(job, queue, now));
  else await client.schedule.create(toScheduleOptions(job, queue, now, { after }));
}

/** The id is taken. */
async function settle(scope: Scope, job: Job, leaders: Leaders | undefined, onConflict: OnConflict): Promise<JobId> {
  const { record, workflow } = await readHolder(scope, job.id);
  if (!record && !workflow) {
    // Whoever had it has given it up.
    if (await isFree(scope, job)) return create(scope, job, true, onConflict);
    throw new JobAlreadyExistsError(
      job.id,
      `id: expected one that is free, got "${job.id}", which is taken in the namespace by something that is no job on task queue "${scope.queue}"`,
    );
  }
  if (onConflict === 'keep') return job.id;
  const wasCancelled = record ? isCancelled(record.note) : workflow && (await isCancelledOnce(scope, workflow));
  const isSame = record ? isSameRecord(record, job) : workflow && isSameOnce(workflow, job);
  if (isSame && !wasCancelled) {
    // The call was made before, and perhaps cut off.
    if (leaders && record?.note.kind !== 'ended')
      await follow(scope, job, { ...leaders, after: record?.definition.after ?? leaders.after });
    return job.id;
  }
  if (onConflict === 'error') {
    const hasEnded = wasCancelled || record?.note.kind === 'ended';
    throw new JobAlreadyExistsError(
      job.id,
      `id: expected one that is free, got "${job.id}", which names ${hasEnded ? 'a job that has ended' : 'a job with another definition'}: use another id, or { onConflict: 'replace' } or 'keep'`,
    );
  }
  const after = leaders && { ...leaders.after, suffix: `-${randomUUID().slice(0, 4)}` };
  await replace(scope, job, after, record, workflow);
  if (leaders && after) await follow(scope, job, { ...leaders, after });
  return job.id;
}

/** Where no worker could, `cancelJob` has terminated its run. */
async function isCancelledOnce({ client }: Scope, workflow: WorkflowInfo): Promise<boolean> {
  if (workflow.status.name !== 'TERMINATED') return workflow.status.name === 'CANCELLED';
  return (await readRun(client, workflow)).state === 'cancelled';
}

function isSameRecord(record: JobRecord, job: Job): boolean {
  return isDeepStrictEqual(plain(toJob(record)), plain(job));
}

function isSameOnce(workflow: WorkflowInfo, job: Job): boolean {
  if (job.schedule.kind !== 'once') return false;
  const { at: _, ...stored } = onceMemo(workflow) ?? { at: '' };
  const { at: _at, ...wanted } = toOnceMemo(job, new Date(0));
  return isDeepStrictEqual(plain(stored), plain(wanted));
}

/** As JSON has it: dates as text, nothing undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
