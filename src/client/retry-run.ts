import { randomUUID } from 'node:crypto';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { InvalidArgumentError, JobNotChangeableError } from '../job/errors.ts';
import type { RunInfo } from '../job/status.ts';
import { show } from '../job/show.ts';
import { RUN_JOB } from '../workflows/messages.ts';
import { notFound } from './cancel.ts';
import { withoutExtras } from './from-temporal.ts';
import { runsQuery } from './list-query.ts';
import { isCancelled } from './notes.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { reopen } from './reopen.ts';
import { closed } from './wait.ts';
import { readRun, type HistoryPage, type WorkflowInfo } from './run.ts';
import { describeRun, noSuchRun, runWithId } from './runs.ts';

const RUN_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const FAILED = `ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')`;
const ENDED = `ExecutionStatus != 'Running'`;

export function checkRunId(runId: unknown): string | undefined {
  if (runId === undefined || (typeof runId === 'string' && RUN_ID.test(runId))) return runId;
  throw new InvalidArgumentError(`runId: expected a run's id, as listRuns() tells it, got ${show(runId)}`);
}

type ResetRequest = Parameters<Scope['client']['workflowService']['resetWorkflowExecution']>[0];
type EventId = NonNullable<ResetRequest['workflowTaskFinishEventId']>;

/** A job, and those of its runs that the lists may not have yet. */
interface Job {
  readonly id: string;
  readonly record: JobRecord | undefined;
  readonly known: readonly WorkflowExecutionDescription[];
}

/** Runs a failed run again: the one asked for, or the last that has failed. May be called again while that goes on. */
export async function retryRun(scope: Scope, id: string, runId: string | undefined): Promise<RunInfo> {
  const job = await look(scope, id);
  if (job.record && isCancelled(job.record.note))
    throw new JobNotChangeableError(id, `job "${id}" is cancelled: no run of it can be retried`);
  const run = runId === undefined ? await lastFailed(scope, job) : await theRunOrItsRetry(scope, job, runId);
  return retry(scope, job, run);
}

/** Runs a job's last run again if it has failed; undefined if it has not, or the job is cancelled. */
export async function retryIfFailed(scope: Scope, id: string): Promise<RunInfo | undefined> {
  const job = await look(scope, id);
  if (job.record && isCancelled(job.record.note)) return undefined;
  const listed = isOnce(job) ? undefined : await firstListed(scope, `${runsQuery(scope.queue, id)} AND ${ENDED}`);
  const last = newest([...job.known, ...(listed ? [listed] : [])].filter(({ closeTime }) => closeTime));
  const current = last && (await describeRun(scope, last.workflowId));
  return current && (await isFailed(scope, current)) ? retry(scope, job, current) : undefined;
}

async function look(scope: Scope, id: string): Promise<Job> {
  const [record, workflow] = await Promise.all([readRecord(scope, id), describeRun(scope, id)]);
  if (!record) return { id, record, known: workflow ? [workflow] : [] };
  const { note, description } = record;
  const last = description.info.recentActions.at(-1)?.action.workflow.workflowId;
  const ended = note.kind === 'ended' ? note.run?.workflowId : undefined;
  // Its end is told a moment before.
  if (note.kind === 'ended' && note.run) await closed(scope, note.run.workflowId, note.run.runId);
  const ids = [...new Set([last, ended])].filter((workflowId) => workflowId !== undefined);
  const known = await Promise.all(ids.map((workflowId) => describeRun(scope, workflowId)));
  return { id, record, known: known.filter((run) => run !== undefined) };
}

function isOnce({ record, known }: Job): boolean {
  return !record && known.length > 0;
}

/** The newest run that has failed and was not made good by a retry: failed still, or being retried. */
async function lastFailed(scope: Scope, job: Job): Promise<WorkflowExecutionDescription> {
  const { id, known } = job;
  const found: WorkflowExecutionDescription[] = [];
  for (const run of known) if (await isToRetry(scope, run)) found.push(run);
  let isKnown = known.length > 0 || job.record !== undefined;
  if (!isOnce(job)) {
    for await (const { type, workflowId } of scope.client.workflow.list({
      query: `${runsQuery(scope.queue, id)} AND ${FAILED}`,
    })) {
      if (type !== RUN_JOB) continue;
      isKnown = true;
      const current = await describeRun(scope, workflowId);
      if (!current || !(await isToRetry(scope, current))) continue;
      found.push(current);
      break;
    }
  }
  const run = newest(found);
  if (run) return run;
  if (!isKnown && !(await firstListed(scope, runsQuery(scope.queue, id)))) throw notFound(scope, id);
  throw new JobNotChangeableError(
    id,
    `expected a job with a run that has failed, got "${id}", which has none: triggerJob() starts a run of a job that has not ended`,
  );
}

/** The run asked for, or, where that was retried already and may not be again, the retry that is under way. */
async function theRunOrItsRetry(scope: Scope, job: Job, runId: string): Promise<WorkflowExecutionDescription> {
  const { id } = job;
  const run =
    job.known.find((known) => known.runId === runId) ??
    (isOnce(job) ? await describeRun(scope, id, runId) : await runWithId(scope, id, runId));
  if (!run) {
    if (!job.record && job.known.length === 0) throw notFound(scope, id);
    throw noSuchRun(id, runId);
  }
  const current = await describeRun(scope, run.workflowId);
  if (!current) throw notFound(scope, id);
  const { state } = await readRun(scope.client, run);
  if (state !== 'failed')
    throw new JobNotChangeableError(id, `expected a failed run of job "${id}", got "${runId}", which is ${state}`);
  if (current.runId === runId || isRetryUnderWay(current)) return current;
  throw new JobNotChangeableError(
    id,
    `expected a failed run of job "${id}", got "${runId}", which was retried already: its retry is "${current.runId}"`,
  );
}

/** Back to the workflow task before the handler's first activity, from where the workflow goes on as a new run. */
async function retry(scope: Scope, job: Job, run: WorkflowExecutionDescription): Promise<RunInfo> {
  const { client } = scope;
  const { workflowId, runId } = run;
  if (run.status.name === 'RUNNING') return infoOf(scope, run);
  const { namespace, identity } = client.options;
  const execution = { workflowId, runId };
  const workflowTaskFinishEventId = await taskBeforeHandler(scope, execution);
  if (!workflowTaskFinishEventId) {
    throw new JobNotChangeableError(
      job.id,
      `expected a run of job "${job.id}" that had begun, got "${runId}", which ended before its handler was called: triggerJob() or scheduleJob() starts another`,
    );
  }
  // First: the run may end, and start what follows it, at once.
  await reopen(scope, job.id, job.record, workflowId);
  const { runId: newRunId } = await client.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: execution,
    reason: 'retried by retryRun()',
    workflowTaskFinishEventId,
    requestId: randomUUID(),
    identity,
  });
  const started = await describeRun(scope, workflowId, newRunId ?? undefined);
  if (!started) throw notFound(scope, job.id);
  return infoOf(scope, started);
}

async function taskBeforeHandler(
  { client }: Scope,
  execution: { workflowId: string; runId: string },
): Promise<EventId | undefined> {
  let nextPageToken: Uint8Array | null | undefined;
  do {
    const { namespace } = client.options;
    const page: HistoryPage = await client.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution,
      nextPageToken,
    });
    for (const { activityTaskScheduledEventAttributes: scheduled } of page.history?.events ?? [])
      if (scheduled?.workflowTaskCompletedEventId) return scheduled.workflowTaskCompletedEventId;
    nextPageToken = page.nextPageToken;
  } while (nextPageToken?.length);
  return undefined;
}
async function infoOf({ client }: Scope, run: WorkflowInfo): Promise<RunInfo> {
  return withoutExtras(await readRun(client, run));
}

async function isToRetry(scope: Scope, run: WorkflowExecutionDescription): Promise<boolean> {
  return isRetryUnderWay(run) || isFailed(scope, run);
}

function isRetryUnderWay({ status, runId, raw }: WorkflowExecutionDescription): boolean {
  const { firstRunId } = raw.workflowExecutionInfo ?? {};
  return status.name === 'RUNNING' && Boolean(firstRunId) && firstRunId !== runId;
}

/** Terminated by cancelJob, or by a person: only its history tells. */
async function isFailed({ client }: Scope, run: WorkflowInfo): Promise<boolean> {
  const { name } = run.status;
  if (name === 'TERMINATED') return (await readRun(client, run)).state === 'failed';
  return name === 'FAILED' || name === 'TIMED_OUT';
}

async function firstListed({ client }: Scope, query: string): Promise<WorkflowInfo | undefined> {
  for await (const info of client.workflow.list({ query })) if (info.type === RUN_JOB) return info;
  return undefined;
}

function newest<Info extends WorkflowInfo>(runs: readonly Info[]): Info | undefined {
  // One that is open is the newest.
  const endOf = (run: Info) => run.closeTime?.getTime() ?? Infinity;
  return runs.toSorted((a, b) => endOf(b) - endOf(a))[0];
}
