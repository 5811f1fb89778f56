import type { JobStatus, RunInfo } from '../job/status.ts';
import { RUN_JOB } from '../workflows/messages.ts';
import { notFound } from './cancel.ts';
import { statusOfGone, statusOfOnce, statusOfRecord, withoutExtras } from './from-temporal.ts';
import type { QueueHold } from './hold.ts';
import { runsQuery } from './list-query.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { describeRun, identityOf, newestRuns, readRun, type Run, type WorkflowInfo } from './runs.ts';

// More than a status needs, so that the open ones among them are not cut off by some that closed since.
const NEWEST = 10;
// The server's record of a schedule has its last ten runs; the last of them is read, and the open ones.
const CLOSED_RUNS_READ = 1;
const RUNS_AT_A_TIME = 20;

/** Two rounds of parallel calls: what there is of the job, and then its runs. */
export async function readStatus(scope: Scope, hold: QueueHold, id: string): Promise<JobStatus> {
  const [record, workflow, held, listed] = await Promise.all([
    readRecord(scope, id),
    describeRun(scope, id),
    hold.read(),
    newestRuns(scope, id, NEWEST),
  ]);
  if (record) return statusOfRecord(record, await runsOfRecord(scope, record, listed), held);
  if (workflow && identityOf(workflow).jobId === id)
    return statusOfOnce(workflow, await readRun(scope.client, workflow), held);
  const [newest] = listed;
  if (!newest) throw notFound(scope, id);
  return statusOfGone(id, newest, await Promise.all(listed.map((info) => readRun(scope.client, info))));
}

/** The open runs of a job and its last closed one. The record knows runs that the lists do not have yet. */
async function runsOfRecord(scope: Scope, record: JobRecord, listed: readonly WorkflowInfo[]): Promise<Run[]> {
  const { recentActions, runningActions } = record.description.info;
  const last = recentActions.at(-1)?.action.workflow;
  const lastOfChain = record.note.kind === 'ended' ? record.note.run : undefined;
  const known = [
    ...runningActions.map(({ workflow }) => workflow),
    ...(last ? [last] : []),
    ...(lastOfChain ? [lastOfChain] : []),
  ];
  const isListed = (workflowId: string) => listed.some((info) => info.workflowId === workflowId);
  const unlisted = [...new Set(known.map(({ workflowId }) => workflowId))].filter(
    (workflowId) => !isListed(workflowId),
  );
  const open = listed.filter(({ status }) => status.name === 'RUNNING');
  const closed = listed.filter(({ status }) => status.name !== 'RUNNING').slice(0, CLOSED_RUNS_READ);
  const runs = await Promise.all([
    ...[...open, ...closed].map((info) => readRun(scope.client, info)),
    ...unlisted.map(async (workflowId) => {
      const info = await describeRun(scope, workflowId);
      return info && readRun(scope.client, info);
    }),
  ]);
  return runs.filter((run) => run !== undefined);
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
