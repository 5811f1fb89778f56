import type { ScheduleSummary, WorkflowExecutionInfo } from '@temporalio/client';
import type { JobFilter } from '../job/filter.ts';
import type { JobInfo } from '../job/status.ts';
import { RUN_JOB } from '../workflows/messages.ts';
import { infoOfOnce, infoOfRecord, type OpenRuns } from './job-info.ts';
import type { QueueHold } from './hold.ts';
import { onceQuery, onceRunsQuery, openRunsQuery, recordQuery } from './list-query.ts';
import type { RunRef } from './notes.ts';
import type { Scope } from './record.ts';
import { identityOf, readRun } from './run.ts';

const PAGE = 1_000;
const LOOKED_UP_AT_ONCE = 100;
const MAY_BE_RESET: readonly string[] = ['FAILED', 'TERMINATED', 'TIMED_OUT'];

/** The jobs that pass the filter: recurring and chained ones first, then once jobs, each newest first. */
export async function* iterate(scope: Scope, hold: QueueHold, filter: JobFilter): AsyncGenerator<JobInfo> {
  const { limit = Infinity } = filter;
  let found = 0;
  for await (const job of candidates(scope, hold, filter)) {
    if (filter.state && job.state !== filter.state) continue;
    // Some servers take `%` and `_` of a prefix for wildcards, and capital letters of a tag for small ones.
    if (filter.idPrefix && !job.id.startsWith(filter.idPrefix)) continue;
    if (filter.tag && !job.tags.includes(filter.tag)) continue;
    yield job;
    if (++found >= limit) return;
  }
}

async function* candidates(scope: Scope, hold: QueueHold, filter: JobFilter): AsyncGenerator<JobInfo> {
  const { client, queue } = scope;
  const now = new Date();
  const records = recordQuery(queue, filter);
  const onces = onceQuery(queue, filter);
  const pageSize = Math.min(PAGE, filter.state ? PAGE : (filter.limit ?? PAGE));
  // Both at once, though schedules alone may fill the page: a round of calls takes longer than what it asks for.
  const summaries = records === undefined ? [] : begun(client.schedule.list({ query: records, pageSize }));
  const infos = onces === undefined ? undefined : begun(client.workflow.list({ query: onces, pageSize }));
  const [held, running] = await Promise.all([
    hold.read(),
    records === undefined ? new Map<string, RunRef[]>() : runningJobs(scope, now),
  ]);
  // What a job has replaced comes after it: once jobs after others, and each newest first.
  const replaced = new Set<string>();
  for await (const summary of summaries) {
    if (summary.memo?.['replaces']) replaced.add(summary.scheduleId);
    if (isOurs(summary)) yield infoOfRecord(summary, running, held);
  }
  if (infos === undefined) return;
  for await (const info of newestRuns(scope, infos, pageSize)) {
    if (replaced.has(info.workflowId)) continue;
    if (info.memo?.['replaces']) replaced.add(info.workflowId);
    if (info.type === RUN_JOB && info.taskQueue === queue) yield await infoOf(scope, info, held, now);
  }
}

/**
 * A once job that was reset, by a retry or with the CLI, has several runs under its id, of which the newest is the job.
 * A run that may have been reset is looked up together with others: one call for a hundred.
 */
async function* newestRuns(
  scope: Scope,
  infos: AsyncIterable<WorkflowExecutionInfo>,
  pageSize: number,
): AsyncGenerator<WorkflowExecutionInfo> {
  let batch: WorkflowExecutionInfo[] = [];
  for await (const info of infos) {
    batch.push(info);
    if (batch.length < Math.min(LOOKED_UP_AT_ONCE, pageSize)) continue;
    yield* await withoutReset(scope, batch);
    batch = [];
  }
  yield* await withoutReset(scope, batch);
}

async function withoutReset(
  { client, queue }: Scope,
  infos: readonly WorkflowExecutionInfo[],
): Promise<readonly WorkflowExecutionInfo[]> {
  const ids = infos.filter(({ status }) => MAY_BE_RESET.includes(status.name)).map(({ workflowId }) => workflowId);
  if (ids.length === 0) return infos;
  const newest = new Map<string, WorkflowExecutionInfo>();
  for await (const info of client.workflow.list({ query: onceRunsQuery(queue, ids), pageSize: PAGE })) {
    const other = newest.get(info.workflowId);
    if (!other || isAfter(info, other)) newest.set(info.workflowId, info);
  }
  return infos.filter(({ workflowId, runId }) => (newest.get(workflowId)?.runId ?? runId) === runId);
}

function isAfter(a: WorkflowExecutionInfo, b: WorkflowExecutionInfo): boolean {
  return (a.closeTime?.getTime() ?? Infinity) > (b.closeTime?.getTime() ?? Infinity);
}

/** A list whose first page is under way already. */
function begun<Item>(items: AsyncIterable<Item>): AsyncIterable<Item> {
  const iterator = items[Symbol.asyncIterator]();
  const first = iterator.next();
  // Its failure is told to whoever takes it, if anybody does.
  first.catch(() => {});
  return {
    async *[Symbol.asyncIterator]() {
      for (let next = await first; !next.done; next = await iterator.next()) yield next.value;
    },
  };
}

async function infoOf(
  scope: Scope,
  info: WorkflowExecutionInfo,
  held: Awaited<ReturnType<QueueHold['read']>>,
  now: Date,
) {
  const job = infoOfOnce(info, held, now);
  if (info.status.name !== 'TERMINATED') return job;
  // Terminated by cancelJob, or by a person: only the run itself tells.
  const { state } = await readRun(scope.client, info);
  return { ...job, state };
}

function isOurs({ action }: ScheduleSummary): boolean {
  return action?.workflowType === RUN_JOB;
}

/** The recurring and chained jobs that have an open run, with the runs. */
async function runningJobs({ client, queue }: Scope, now: Date): Promise<OpenRuns> {
  const open = new Map<string, RunRef[]>();
  for await (const info of client.workflow.list({ query: openRunsQuery(queue), pageSize: PAGE })) {
    const { jobId, workflowId, runId, scheduledAt } = identityOf(info);
    // A chained run whose delay is not over only waits.
    if (scheduledAt <= now) open.set(jobId, [...(open.get(jobId) ?? []), { workflowId, runId }]);
  }
  return open;
}
