import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { JobNotChangeableError } from '../job/errors.ts';
import { RUN_JOB } from '../workflows/messages.ts';
import { oneRunQuery, openRunsQuery, runsQuery } from './list-query.ts';
import { ifFound } from './map-error.ts';
import { readRecord, type Scope } from './record.ts';
import { readHistory, readRun, type Run, type WorkflowInfo } from './run.ts';

/** In milliseconds. */
const LISTED_WITHIN = 2_000;
const LOOK_EVERY = 250;

/** Describes a workflow, or undefined if there is none, or it is no run of a job. */
export async function describeRun(
  { client, queue }: Scope,
  workflowId: string,
  runId?: string,
): Promise<WorkflowExecutionDescription | undefined> {
  const description = await describeWorkflow(client, workflowId, runId);
  return description && isRunOf({ queue }, description) ? description : undefined;
}

export function isRunOf({ queue }: Pick<Scope, 'queue'>, { type, taskQueue }: WorkflowInfo): boolean {
  return type === RUN_JOB && taskQueue === queue;
}

/** Whatever workflow it is, a run of ours or not. */
export async function describeWorkflow(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<WorkflowExecutionDescription | undefined> {
  return ifFound(client.workflow.getHandle(workflowId, runId).describe());
}

/** As {@link readRun}, in one round of calls where it is as it is thought to be. */
export async function readRunById(
  scope: Scope,
  workflowId: string,
  expected: 'open' | 'ended',
): Promise<Run | undefined> {
  const [info, history] = await Promise.all([
    describeRun(scope, workflowId),
    expected === 'ended' ? ifFound(readHistory(scope.client, workflowId)) : undefined,
  ]);
  return info && readRun(scope.client, info, history);
}

/** The runs of a job that the lists have, newest first, up to so many. */
export async function newestRuns(
  { client, queue }: Scope,
  jobId: string,
  limit: number,
  query = runsQuery(queue, jobId),
): Promise<WorkflowExecutionInfo[]> {
  const found: WorkflowExecutionInfo[] = [];
  for await (const info of client.workflow.list({ query, pageSize: limit })) {
    if (info.type === RUN_JOB && found.push(info) >= limit) break;
  }
  return found;
}

/** One run of a job. One that has just begun is in the lists a moment later. */
export async function runWithId(
  scope: Scope,
  jobId: string,
  runId: string,
): Promise<WorkflowExecutionInfo | undefined> {
  const query = oneRunQuery(scope.queue, jobId, runId);
  for (const deadline = Date.now() + LISTED_WITHIN; ; await sleep(LOOK_EVERY)) {
    const [run] = await newestRuns(scope, jobId, 1, query);
    if (run || Date.now() > deadline) return run;
  }
}

export function noSuchRun(jobId: string, runId: string): JobNotChangeableError {
  return new JobNotChangeableError(
    jobId,
    `expected the id of a run of job "${jobId}", got "${runId}": it has no such run`,
  );
}

/** The open runs of a job: those in the lists, and those that its record has just started. */
export async function openRuns(scope: Scope, { id }: { readonly id: string }): Promise<WorkflowExecutionDescription[]> {
  return (await openAndTaken(scope, id)).open;
}

/** And how many its record has taken in, to start when the run before them has ended. */
export async function openAndTaken(
  scope: Scope,
  id: string,
): Promise<{ readonly open: WorkflowExecutionDescription[]; readonly taken: number }> {
  const [record, listed] = await Promise.all([readRecord(scope, id), listOpenRuns(scope, id)]);
  const { recentActions = [], runningActions = [] } = record?.description.info ?? {};
  const started = [...recentActions.map(({ action }) => action), ...runningActions].map(({ workflow }) => workflow);
  const unlisted = started.filter(({ workflowId }) => !listed.some((info) => info.workflowId === workflowId));
  const ids = new Set(unlisted.map(({ workflowId }) => workflowId));
  const described = await Promise.all([...ids].map((workflowId) => describeRun(scope, workflowId)));
  // Lists are a little behind: of what they call open, only what still is.
  const current = await Promise.all(listed.map(({ workflowId, runId }) => describeRun(scope, workflowId, runId)));
  const open = [...current, ...described]
    .filter((info) => info !== undefined)
    .filter(({ status }) => status.name === 'RUNNING');
  return { open, taken: Number(record?.description.raw.info?.bufferSize ?? 0) };
}

async function listOpenRuns({ client, queue }: Scope, jobId: string): Promise<WorkflowExecutionInfo[]> {
  const found: WorkflowExecutionInfo[] = [];
  for await (const info of client.workflow.list({ query: openRunsQuery(queue, jobId) })) {
    if (info.type === RUN_JOB) found.push(info);
  }
  return found;
}

/** The newest run of a job whose record is gone. */
export async function latestRun(scope: Scope, jobId: string): Promise<WorkflowInfo | undefined> {
  const [newest] = await newestRuns(scope, jobId, 1);
  return newest;
}
