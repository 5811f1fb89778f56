import type { JobFilter } from '../job/filter.ts';
import type { Priority } from '../job/job.ts';
import type { JobKind } from '../job/schedule.ts';

// Temporal's query language, built only from words that are checked or quoted here.

/** A value as a query takes it. It has no backslash (see parse-job.ts), so that doubling its quotes is all there is. */
export function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** The once jobs that may pass the filter, or undefined if none can. */
export function onceQuery(queue: string, filter: JobFilter): string | undefined {
  if ((filter.kind && filter.kind !== 'once') || filter.state === 'waiting') return undefined;
  const prefix = filter.idPrefix && `WorkflowId STARTS_WITH ${quote(filter.idPrefix)}`;
  return all([...common(queue, filter), `JobKind = 'once'`, prefix, statusOfOnce(filter)]);
}

function statusOfOnce({ state }: JobFilter): string | undefined {
  switch (state) {
    case 'completed':
      return `ExecutionStatus = 'Completed'`;
    // A run that was terminated is cancelled or failed: its reason tells.
    case 'failed':
      return `ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')`;
    case 'cancelled':
      return `ExecutionStatus IN ('Canceled', 'Terminated')`;
    // Its time may have been changed since it was scheduled, which the server's ExecutionTime does not show.
    case 'scheduled':
    case 'queued':
    case 'running':
    case 'paused':
      return `ExecutionStatus = 'Running'`;
    case 'waiting':
    case undefined:
      return undefined;
  }
}

/** All runs of these once jobs. */
export function onceRunsQuery(queue: string, ids: readonly string[]): string {
  return all([`JobQueue = ${quote(queue)}`, `JobKind = 'once'`, `WorkflowId IN (${ids.map(quote).join(', ')})`]);
}

/** The jobs that are schedules and may pass the filter, or undefined if none can. */
export function recordQuery(queue: string, filter: JobFilter): string | undefined {
  if (filter.kind === 'once') return undefined;
  const kind = filter.kind && `JobKind = ${quote(filter.kind)}`;
  const prefix = filter.idPrefix && `ScheduleId STARTS_WITH ${quote(filter.idPrefix)}`;
  return all([...common(queue, filter), kind, prefix]);
}

/** The open runs of the jobs that are schedules. */
export function openRunsQuery(queue: string, jobId?: string): string {
  const kinds: JobKind[] = ['interval', 'cron', 'afterJob'];
  // A schedule that other tools made may start runs without our attributes.
  const any = `(JobKind IN (${kinds.map(quote).join(', ')}) OR TemporalScheduledById IS NOT NULL)`;
  const which = jobId === undefined ? any : runsOf(jobId);
  return all([`TaskQueue = ${quote(queue)}`, `ExecutionStatus = 'Running'`, which]);
}

/** All runs of a job, those that the CLI or the Web UI started without our attributes included. */
export function runsQuery(queue: string, jobId: string): string {
  return all([`TaskQueue = ${quote(queue)}`, runsOf(jobId)]);
}

/**
 * As {@link runsQuery}, for a job whose runs all carry our attributes, or else all its schedule's mark. A server on SQLite
 * goes through all its runs for "one or the other".
 */
export function markedRunsQuery(queue: string, jobId: string, hasAttributes: boolean): string {
  return all([`TaskQueue = ${quote(queue)}`, `${hasAttributes ? 'JobId' : 'TemporalScheduledById'} = ${quote(jobId)}`]);
}

/** One run of a job. */
export function oneRunQuery(queue: string, jobId: string, runId: string): string {
  return all([runsQuery(queue, jobId), `RunId = ${quote(runId)}`]);
}

function runsOf(jobId: string): string {
  return `(JobId = ${quote(jobId)} OR TemporalScheduledById = ${quote(jobId)})`;
}

function common(queue: string, { jobType, priority, tag }: JobFilter): (string | undefined)[] {
  return [
    `JobQueue = ${quote(queue)}`,
    jobType && `JobType = ${quote(jobType)}`,
    priority && priorityIs(priority),
    tag && `JobTags = ${quote(tag)}`,
  ];
}

/** Jobs that other tools made may lack the attribute: then they are normal. */
function priorityIs(priority: Priority): string {
  const isSo = `JobPriority = ${quote(priority)}`;
  return priority === 'normal' ? `(${isSo} OR JobPriority IS NULL)` : isSo;
}

function all(conditions: readonly (string | undefined)[]): string {
  return conditions.filter(Boolean).join(' AND ');
}
