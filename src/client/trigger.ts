import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { InvalidArgumentError, JobFailedError, JobNotChangeableError } from '../job/errors.ts';
import { dueTimes } from '../job/evaluate-spec.ts';
import { show } from '../job/show.ts';
import type { RunInfo } from '../job/status.ts';
import { CHANGE, PRIORITY_KEYS, RUN_JOB, type OnceChange, type RunInput } from '../workflows/messages.ts';
import { notFound } from './cancel.ts';
import { toJob, withoutExtras } from './from-temporal.ts';
import { inParallel } from './in-parallel.ts';
import { isAlreadyExists } from './map-error.ts';
import { updateOnce } from './pause-job.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { describeRun, newestRuns, openRuns, readRun } from './runs.ts';
import { toAttributes } from './to-temporal.ts';

const LOOK_EVERY = 250;
const SCHEDULED_BY = defineSearchAttributeKey('TemporalScheduledById', SearchAttributeType.KEYWORD);
const SCHEDULED_START = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/** Starts a run of a job now, beside any other. */
export async function trigger(scope: Scope, id: string): Promise<RunInfo> {
  const [record, workflow] = await Promise.all([readRecord(scope, id), describeRun(scope, id)]);
  if (record) return triggerScheduled(scope, record);
  if (!workflow) throw notFound(scope, id);
  if (workflow.status.name !== 'RUNNING')
    throw new JobNotChangeableError(id, `expected a job to run, got the once job "${id}", which has ended`);
  const at = new Date().toISOString();
  const change: OnceChange = { input: { at }, memo: { at } };
  await updateOnce(scope.client, id, CHANGE, change);
  return withoutExtras(await readRun(scope.client, (await describeRun(scope, id)) ?? workflow));
}

/**
 * A start of our own rather than the schedule's trigger: that one drops the second of two in the same second, and does
 * not say which run it was.
 */
async function triggerScheduled(scope: Scope, record: JobRecord): Promise<RunInfo> {
  const { id, note, definition } = record;
  if (note.kind === 'ended' && note.state === 'cancelled')
    throw new JobNotChangeableError(id, `job "${id}" is cancelled: it can't be triggered`);
  const workflowId = `${id}/run/${new Date().toISOString()}-${randomUUID().slice(0, 4)}`;
  await startRun(scope, record, { workflowId, staticSummary: `${definition.jobType}: ${id}, triggered` });
  const info = await describeRun(scope, workflowId);
  if (!info) throw notFound(scope, workflowId);
  return withoutExtras(await readRun(scope.client, info));
}

/** How many due times one call makes up for: each is a run of its own. */
const LONGEST_BACKFILL = 1_000;

export function parseRange(range: unknown): { readonly from: Date; readonly to: Date } {
  const { from, to } = (range ?? {}) as { from?: unknown; to?: unknown };
  const isDate = (date: unknown): date is Date => date instanceof Date && !Number.isNaN(date.getTime());
  if (isDate(from) && isDate(to) && from <= to) return { from, to };
  throw new InvalidArgumentError(
    `backfillJob: expected { from, to } with two dates in order, got from ${show(from)} to ${show(to)}`,
  );
}

/**
 * Makes up for due times of the past: each that has no run yet. Starts of our own under the ids that the schedule gives
 * its runs, so that the server refuses what has run already; the schedule's own back-fill runs it a second time.
 */
export async function backfill(scope: Scope, id: string, { from, to }: { from: Date; to: Date }): Promise<void> {
  const record = await readRecord(scope, id);
  if (!record || record.definition.after) {
    if (!record && !(await describeRun(scope, id))) throw notFound(scope, id);
    throw new JobNotChangeableError(
      id,
      `expected an interval or cron job, got "${id}", which has no due times of its own`,
    );
  }
  const due: Date[] = [];
  for (const time of dueTimes(record.description.spec, from.getTime() - 1)) {
    if (time > to.getTime()) break;
    if (due.push(new Date(time)) <= LONGEST_BACKFILL) continue;
    throw new InvalidArgumentError(
      `backfillJob: expected a range with at most ${LONGEST_BACKFILL} due times, got more: make up for them in parts`,
    );
  }
  await inParallel(due, async (time) => {
    try {
      await startRun(scope, record, {
        workflowId: `${record.description.action.workflowId}-${time.toISOString().replace('.000Z', 'Z')}`,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: `${record.definition.jobType}: ${id}, made up for`,
        scheduledAt: time,
      });
    } catch (error) {
      const isTaken = error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError';
      if (!isTaken && !isAlreadyExists(error)) throw error;
    }
  });
}

interface Start {
  readonly workflowId: string;
  readonly staticSummary: string;
  readonly workflowIdReusePolicy?: 'REJECT_DUPLICATE';
  /** The due time that the run is for. */
  readonly scheduledAt?: Date;
}

/** Starts a run as the schedule would. */
async function startRun({ client, queue }: Scope, record: JobRecord, start: Start): Promise<void> {
  const { scheduledAt, ...options } = start;
  const job = toJob(record);
  const input: RunInput = { ...record.definition, jobId: record.id };
  await client.workflow.start(RUN_JOB, {
    ...options,
    taskQueue: queue,
    args: [input],
    typedSearchAttributes: [
      ...toAttributes(job, queue),
      { key: SCHEDULED_BY, value: record.id },
      ...(scheduledAt ? [{ key: SCHEDULED_START, value: scheduledAt }] : []),
    ],
    priority: { priorityKey: PRIORITY_KEYS[job.priority] },
  });
}

/** The result of a once job's run, of the run in progress, or of a chained job's one run. */
export async function waitFor(scope: Scope, id: string): Promise<unknown> {
  const [record, workflow] = await Promise.all([readRecord(scope, id), describeRun(scope, id)]);
  const run = record ? await runOf(scope, record) : workflow;
  if (!run && !record) throw notFound(scope, id);
  const ended = run ? undefined : (await readRecord(scope, id))?.note;
  if (ended?.kind === 'ended' && ended.state === 'cancelled')
    throw new JobFailedError(id, `job "${id}" cancelled: ${ended.reason}`);
  if (!run)
    throw new JobNotChangeableError(
      id,
      `expected a job with a run in progress, got "${id}", which has none: triggerJob() starts one`,
    );
  await closed(scope, run.workflowId, run.runId);
  const info = await describeRun(scope, run.workflowId, run.runId);
  if (!info) throw notFound(scope, id);
  const { state, result, error } = await readRun(scope.client, info);
  if (state === 'completed') return result;
  throw new JobFailedError(id, `job "${id}" ${state}: ${error ?? 'no reason given'}`);
}

/** Of a job that has one run at most it may still be to come. */
async function runOf(scope: Scope, first: JobRecord): Promise<{ workflowId: string; runId: string } | undefined> {
  for (let record: JobRecord | undefined = first; record; record = await readRecord(scope, first.id)) {
    const run = await currentRun(scope, record);
    if (run || record.note.kind === 'ended' || record.definition.after?.repeats !== false) return run;
    await sleep(LOOK_EVERY);
  }
  return undefined;
}

async function currentRun(scope: Scope, record: JobRecord) {
  const [open] = await openRuns(scope, record);
  if (open) return open;
  if (record.note.kind === 'ended' && record.note.run) return record.note.run;
  return record.note.kind === 'ended' ? (await newestRuns(scope, record.id, 1))[0] : undefined;
}

async function closed({ client }: Scope, workflowId: string, runId: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId, runId).result();
  } catch (error) {
    if (!(error instanceof Error && error.name === 'WorkflowFailedError')) throw error;
  }
}
