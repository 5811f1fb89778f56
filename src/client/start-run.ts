import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { describeJob } from './describe-job.ts';
import { PRIORITY_KEYS, RUN_JOB, type RunInput } from '../workflows/messages.ts';
import { toJob } from './from-temporal.ts';
import type { JobRecord, Scope } from './record.ts';
import { toAttributes } from './to-temporal.ts';

const SCHEDULED_BY = defineSearchAttributeKey('TemporalScheduledById', SearchAttributeType.KEYWORD);
const SCHEDULED_START = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/** What tells one run of a job from another. */
interface Start {
  readonly workflowId: string;
  readonly staticSummary: string;
  readonly workflowIdReusePolicy?: 'REJECT_DUPLICATE';
  /** The due time that the run is for. */
  readonly scheduledAt?: Date;
}

/** Starts a run as the schedule would. */
export async function startRun({ client, queue }: Scope, record: JobRecord, start: Start): Promise<void> {
  const { scheduledAt, ...options } = start;
  const job = toJob(record);
  const input: RunInput = { ...record.definition, jobId: record.id };
  await client.workflow.start(RUN_JOB, {
    ...options,
    taskQueue: queue,
    args: [input],
    staticDetails: describeJob(job),
    typedSearchAttributes: [
      ...toAttributes(job, queue),
      { key: SCHEDULED_BY, value: record.id },
      ...(scheduledAt ? [{ key: SCHEDULED_START, value: scheduledAt }] : []),
    ],
    priority: { priorityKey: PRIORITY_KEYS[job.priority] },
  });
}
