import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { JobAlreadyExistsError } from '../job/errors.ts';
import type { Job, JobId } from '../job/job.ts';
import { RUN_JOB, type After } from '../workflows/messages.ts';
import { catchFirstRuns } from './first-runs.ts';
import { examine, follow } from './follow.ts';
import { toJob } from './from-temporal.ts';
import { isAlreadyExists, isNotFound } from './map-error.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { replace } from './replace.ts';
import { CANCELLED, describeRun, onceMemo, readRun, type WorkflowInfo } from './runs.ts';
import { dueTime, toOnceMemo, toScheduleOptions, toStartOptions } from './to-temporal.ts';

/** What to do when the id names a job already. */
export type OnConflict =
  /** The same definition is no conflict: the call was made before. Another one is refused. */
  | 'error'
  /** The job stays as it is. */
  | 'keep'
  /** The new definition takes the job's place. */
  | 'replace';

/** A once job due so soon could run before a clash of ids is seen. */
const AT_ONCE = 2_000;
const UNSETTLED = 1_000;
const UNDONE = 'its id names another job';

/** Schedules a job. Made again, whole or after it was cut off at any point, it comes to the same. */
export async function create(scope: Scope, job: Job, isIdGiven: boolean, onConflict: OnConflict): Promise<JobId> {
  const { schedule } = job;
  const now = new Date();
  const after = schedule.kind === 'afterJob' ? await examine(scope, job, schedule) : undefined;
  const runsAtOnce = schedule.kind === 'once' && dueTime(schedule, now).getTime() - now.getTime() < AT_ONCE;
  if (isIdGiven && runsAtOnce && (await findOther(scope, job))) return settle(scope, job, after, onConflict);
  const isCreated = await tryCreate(scope, job, now, after);
  const wins = isCreated && (!isIdGiven || (await isFirst(scope, job)));
  if (!wins) {
    if (isCreated) await undo(scope, job);
    return settle(scope, job, after, onConflict);
  }
  if (after) await follow(scope, job, after);
  if (schedule.kind === 'interval' || schedule.kind === 'cron') await catchFirstRuns(scope, job, schedule, now);
  return job.id;
}

async function tryCreate({ client, queue }: Scope, job: Job, now: Date, after: After | undefined): Promise<boolean> {
  try {
    if (job.schedule.kind === 'once') await client.workflow.start(RUN_JOB, toStartOptions(job, queue, now));
    else await client.schedule.create(toScheduleOptions(job, queue, now, after));
    return true;
  } catch (error) {
    if (isAlreadyExists(error)) return false;
    throw error;
  }
}

/** When the schedule or the workflow with this id was created, if there is one. */
async function createdAt({ client }: Scope, id: string, thing: 'schedule' | 'workflow'): Promise<Date | undefined> {
  // A schedule's own creation time is that of its first task; of its workflow, that of the call.
  const workflowId = thing === 'schedule' ? `temporal-sys-scheduler:${id}` : id;
  try {
    if (thing === 'schedule') await client.schedule.getHandle(id).describe();
    return (await client.workflow.getHandle(workflowId).describe()).startTime;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function findOther(scope: Scope, { id, schedule }: Job): Promise<Date | undefined> {
  return createdAt(scope, id, schedule.kind === 'once' ? 'schedule' : 'workflow');
}

/** Of a schedule and a workflow with the same id, the earlier is the job. Both who look after creating see the same. */
async function isFirst(scope: Scope, job: Job): Promise<boolean> {
  const other = await findOther(scope, job);
  if (!other) return true;
  const isOnce = job.schedule.kind === 'once';
  const own = await createdAt(scope, job.id, isOnce ? 'workflow' : 'schedule');
  return own !== undefined && (own < other || (own.getTime() === other.getTime() && !isOnce));
}

async function undo({ client }: Scope, job: Job): Promise<void> {
  if (job.schedule.kind !== 'once') return client.schedule.getHandle(job.id).delete();
  const { namespace, identity } = client.options;
  const execution = { workflowId: job.id };
  const reason = `${CANCELLED}${UNDONE}`;
  await client.workflowService.terminateWorkflowExecution({
    namespace,
    identity,
    workflowExecution: execution,
    reason,
  });
  await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: execution });
}

/** The id is taken. */
async function settle(scope: Scope, job: Job, after: After | undefined, onConflict: OnConflict): Promise<JobId> {
  let [record, workflow] = await read(scope, job.id);
  const youngest = Math.max(record?.description.info.createdAt.getTime() ?? 0, workflow?.startTime.getTime() ?? 0);
  if (Date.now() - youngest < UNSETTLED) {
    // Whoever has just created it may still find that the id was taken, and undo it.
    await sleep(UNSETTLED);
    [record, workflow] = await read(scope, job.id);
  }
  if (!record && !workflow) {
    throw new JobAlreadyExistsError(
      job.id,
      `id: expected one that is free, got "${job.id}", which is taken in the namespace by something that is no job on task queue "${scope.queue}"`,
    );
  }
  if (onConflict === 'keep') return job.id;
  if (record ? isSameRecord(record, job) : workflow && isSameOnce(workflow, job)) {
    // The call was made before, and perhaps cut off.
    if (after && record?.note.kind !== 'ended') await follow(scope, job, record?.definition.after ?? after);
    return job.id;
  }
  if (onConflict === 'error') {
    const isCancelled = record?.note.kind === 'ended' || workflow?.status.name === 'CANCELLED';
    throw new JobAlreadyExistsError(
      job.id,
      `id: expected one that is free, got "${job.id}", which names ${isCancelled ? 'a job that has ended' : 'a job with another definition'}: use another id, or { onConflict: 'replace' } or 'keep'`,
    );
  }
  const anew = after && { ...after, suffix: `-${randomUUID().slice(0, 4)}` };
  await replace(scope, job, anew, record, workflow);
  if (anew) await follow(scope, job, anew);
  return job.id;
}

/** What the id names: a schedule's record, or a workflow, unless that is one that was undone and is still to be deleted. */
async function read(scope: Scope, id: string): Promise<[JobRecord | undefined, WorkflowInfo | undefined]> {
  const [record, workflow] = await Promise.all([readRecord(scope, id), describeRun(scope, id)]);
  const isUndone = workflow?.status.name === 'TERMINATED' && (await readRun(scope.client, workflow)).error === UNDONE;
  return [record, isUndone ? undefined : workflow];
}

function isSameRecord(record: JobRecord, job: Job): boolean {
  const isCancelled = record.note.kind === 'ended' && record.note.state === 'cancelled';
  return !isCancelled && isDeepStrictEqual(plain(toJob(record)), plain(job));
}

function isSameOnce(workflow: WorkflowInfo, job: Job): boolean {
  if (job.schedule.kind !== 'once' || workflow.status.name === 'CANCELLED') return false;
  const { at: _, ...stored } = onceMemo(workflow) ?? { at: '' };
  const { at: _at, ...wanted } = toOnceMemo(job, new Date(0));
  return isDeepStrictEqual(plain(stored), plain(wanted));
}

/** As JSON has it: dates as text, nothing undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
