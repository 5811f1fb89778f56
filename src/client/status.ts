import { TypedSearchAttributes } from '@temporalio/common';
import type { JobStatus, RunInfo } from '../job/status.ts';
import { JOB_ID } from '../workflows/attributes.ts';
import { RUN_JOB } from '../workflows/messages.ts';
import { notFound } from './cancel.ts';
import { statusOfGone, statusOfOnce, statusOfRecord, withoutExtras } from './from-temporal.ts';
import type { QueueHold } from './hold.ts';
import { markedRunsQuery, runsQuery } from './list-query.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { identityOf, readRun, type Run, type WorkflowInfo } from './run.ts';
import { describeRun, newestRuns, readRunById } from './runs.ts';

// More than a status needs, so that the open ones among them are not cut off by some that closed since.
const NEWEST = 10;
const RUNS_AT_A_TIME = 20;

/**
 * Two rounds of parallel calls: what there is of the job, and then its runs. A once job's status needs none of the lists,
 * of which a server gives only so many a second.
 */
export async function readStatus(scope: Scope, hold: QueueHold, id: string): Promise<JobStatus> {
  const [record, workflow, held] = await Promise.all([readRecord(scope, id), describeRun(scope, id), hold.read()]);
  if (record) return statusOfRecord(record, await runsOfRecord(scope, record), held);
  if (workflow && identityOf(workflow).jobId === id)
    return statusOfOnce(workflow, await readRun(scope.client, workflow), held);
  const listed = await newestRuns(scope, id, NEWEST);
  const [newest] = listed;
  if (!newest) throw notFound(scope, id);
  return statusOfGone(id, newest, await Promise.all(listed.map((info) => readRun(scope.client, info))));
}

/**
 * The open runs of a job and its last closed one. The record knows runs that the lists do not have yet, and the lists
 * those that the schedule did not start.
 */
async function runsOfRecord(scope: Scope, record: JobRecord): Promise<Run[]> {
  const { recentActions, runningActions } = record.description.info;
  const open = new Set(runningActions.map(({ workflow }) => workflow.workflowId));
  const last = recentActions.at(-1)?.action.workflow;
  const lastOfChain = record.note.kind === 'ended' ? record.note.run : undefined;
  const ended = new Set([last, lastOfChain].flatMap((run) => run?.workflowId ?? []).filter((id) => !open.has(id)));
  // A schedule that other tools made, or changed, may start runs without our attributes.
  const { typedSearchAttributes: marks } = record.description.action;
  const hasAttributes = marks instanceof TypedSearchAttributes && marks.get(JOB_ID) === record.id;
  const [listed, ...known] = await Promise.all([
    newestRuns(scope, record.id, NEWEST, markedRunsQuery(scope.queue, record.id, hasAttributes)),
    ...[...open].map((workflowId) => readRunById(scope, workflowId, 'open')),
    ...[...ended].map((workflowId) => readRunById(scope, workflowId, 'ended')),
  ]);
  const lastListed = listed.find(({ status }) => status.name !== 'RUNNING');
  const unknown = listed
    .filter((info) => info === lastListed || info.status.name === 'RUNNING')
    .filter(({ workflowId }) => !open.has(workflowId) && !ended.has(workflowId));
  const others = await Promise.all(unknown.map((info) => readRun(scope.client, info)));
  return [...known, ...others].filter((run) => run !== undefined);
}

/** All runs of a job that the server still has, newest first. */
export async function* iterateRuns(scope: Scope, id: string, limit = Infinity): AsyncGenerator<RunInfo> {
  const [record, workflow] = await Promise.all([readRecord(scope, id), describeRun(scope, id)]);
  let found = 0;
  for await (const runs of pagesOfRuns(scope, id)) {
    for (const run of runs) {
      if (found++ >= limit) return;
      yield withoutExtras(run);
    }
  }
  if (!record && !workflow && found === 0) throw notFound(scope, id);
}

/** Each run costs a call: a few are read at a time. */
async function* pagesOfRuns({ client, queue }: Scope, id: string): AsyncGenerator<Run[]> {
  let page: WorkflowInfo[] = [];
  const readPage = () => Promise.all(page.map((info) => readRun(client, info)));
  for await (const info of client.workflow.list({ query: runsQuery(queue, id) })) {
    if (info.type !== RUN_JOB) continue;
    page.push(info);
    if (page.length < RUNS_AT_A_TIME) continue;
    yield await readPage();
    page = [];
  }
  yield await readPage();
}
