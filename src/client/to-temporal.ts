import { createHash } from 'node:crypto';
import {
  ScheduleOverlapPolicy,
  type ScheduleOptions,
  type ScheduleOptionsAction,
  type WorkflowStartOptions,
} from '@temporalio/client';
import type { Priority } from '@temporalio/common';
import { describeJob } from './describe-job.ts';
import type { Job, OverlapPolicy } from '../job/job.ts';
import type { OnceSchedule, Schedule } from '../job/schedule.ts';
import { toScheduleSpec } from '../job/to-schedule-spec.ts';
import { runAttributes } from '../workflows/attributes.ts';
import {
  PRIORITY_KEYS,
  RUN_JOB,
  type After,
  type Definition,
  type OnceMemo,
  type RunInput,
} from '../workflows/messages.ts';

const OVERLAP: Record<OverlapPolicy, ScheduleOverlapPolicy> = {
  skip: ScheduleOverlapPolicy.SKIP,
  bufferOne: ScheduleOverlapPolicy.BUFFER_ONE,
  bufferAll: ScheduleOverlapPolicy.BUFFER_ALL,
  allowAll: ScheduleOverlapPolicy.ALLOW_ALL,
  cancelOther: ScheduleOverlapPolicy.CANCEL_OTHER,
  terminateOther: ScheduleOverlapPolicy.TERMINATE_OTHER,
};

/** What a job's runs need of it. */
export function toDefinition(job: Job, after?: After): Definition {
  const { jobType, payload, priority, retryPolicy, timeout, totalTimeout, heartbeatTimeout, tags, schedule, applied } =
    job;
  const maxRuns = 'maxRuns' in schedule ? schedule.maxRuns : undefined;
  return {
    jobType,
    payload,
    priority,
    retryPolicy,
    heartbeatTimeout,
    tags,
    ...(timeout !== undefined && { timeout }),
    ...(totalTimeout !== undefined && { totalTimeout }),
    ...(maxRuns !== undefined && { maxRuns }),
    ...(after && { after }),
    ...(applied && { applied }),
  };
}

/** The search attributes of a job: its schedule and its runs carry the same. */
export function toAttributes(job: Job, queue: string) {
  return runAttributes({ ...job, jobId: job.id, kind: job.schedule.kind, queue });
}

/** The Temporal Schedule that is an interval, cron or afterJob job. */
export function toScheduleOptions(
  job: Job,
  queue: string,
  createdAt: Date,
  { after, owed }: Pick<Definition, 'after' | 'owed'> = {},
) {
  const { schedule } = job;
  const maxRuns = 'maxRuns' in schedule ? schedule.maxRuns : undefined;
  const attributes = toAttributes(job, queue);
  const input: RunInput = { jobId: job.id, ...toDefinition(job, after), ...(owed && { owed }) };
  return {
    scheduleId: job.id,
    spec: toScheduleSpec(schedule, { createdAt }),
    action: {
      type: 'startWorkflow' as const,
      workflowType: RUN_JOB,
      workflowId: job.id,
      taskQueue: queue,
      args: [input],
      typedSearchAttributes: attributes,
      staticSummary: `${job.jobType}: ${job.id}`,
      staticDetails: describeJob(job),
      // The SDK's type lacks it, its encoder and the server know it.
      priority: { priorityKey: PRIORITY_KEYS[job.priority] },
    },
    policies: { overlap: OVERLAP[job.overlap], catchupWindow: job.catchupWindow },
    state: {
      note: `${job.jobType}, ${job.priority} priority`,
      ...(maxRuns !== undefined && { remainingActions: maxRuns }),
    },
    typedSearchAttributes: attributes,
    // A memo can't be changed later on, and neither can what a job follows.
    ...(schedule.kind === 'afterJob' && { memo: { schedule } }),
  } satisfies ScheduleOptions<ScheduleOptionsAction & { priority: Priority }>;
}

/** The delayed workflow that is a once job. */
export function toStartOptions(job: Job, queue: string, now: Date): WorkflowStartOptions {
  const at = dueTime(job.schedule, now);
  const memo: OnceMemo = toOnceMemo(job, at);
  const input: RunInput = { jobId: job.id, at: at.toISOString(), ...toDefinition(job) };
  return {
    workflowId: job.id,
    taskQueue: queue,
    args: [input],
    ...startDelay(at, now),
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    typedSearchAttributes: toAttributes(job, queue),
    memo: { job: memo },
    staticSummary: `${job.jobType}: ${job.id}`,
    staticDetails: describeJob(job),
    priority: { priorityKey: PRIORITY_KEYS[job.priority] },
  };
}

/** What keeps a run back at the server until it is due. */
export function startDelay(dueAt: Date, now = new Date()): { startDelay?: number } {
  const delay = dueAt.getTime() - now.getTime();
  return delay > 0 ? { startDelay: delay } : {};
}

/** A once job's memo has what a list shows and what a repeated call is compared with: all but the payload itself. */
export function toOnceMemo(job: Job, at: Date): OnceMemo {
  const { payload, ...definition } = toDefinition(job);
  const source = job.schedule as OnceSchedule;
  const schedule = 'in' in source ? { in: source.in } : { at: source.at.toISOString() };
  return { ...definition, schedule, at: at.toISOString(), payloadHash: hash(payload) };
}

export function dueTime(schedule: Schedule, now: Date): Date {
  if (schedule.kind !== 'once') throw new TypeError(`expected a once schedule, got ${schedule.kind}`);
  return 'in' in schedule ? new Date(now.getTime() + schedule.in) : schedule.at;
}

/** Equal for equal JSON values, whatever the order of their keys. */
export function hash(payload: unknown): string {
  const json = JSON.stringify(payload, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256')
    .update(json ?? '')
    .digest('hex');
}
