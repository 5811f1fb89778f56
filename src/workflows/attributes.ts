import { SearchAttributeType, defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import type { Priority } from '../job/job.ts';
import type { JobKind } from '../job/schedule.ts';

export const JOB_ID = defineSearchAttributeKey('JobId', SearchAttributeType.KEYWORD);
export const JOB_TYPE = defineSearchAttributeKey('JobType', SearchAttributeType.KEYWORD);
export const JOB_KIND = defineSearchAttributeKey('JobKind', SearchAttributeType.KEYWORD);
export const JOB_PRIORITY = defineSearchAttributeKey('JobPriority', SearchAttributeType.KEYWORD);
const JOB_QUEUE = defineSearchAttributeKey('JobQueue', SearchAttributeType.KEYWORD);
export const JOB_TAGS = defineSearchAttributeKey('JobTags', SearchAttributeType.KEYWORD_LIST);

/** What jobs and runs are found by: in our lists, in the Web UI and with the CLI. */
export interface Attributes {
  readonly jobId: string;
  readonly jobType: string;
  readonly kind: JobKind;
  readonly priority: Priority;
  readonly queue: string;
  readonly tags: readonly string[];
}

export function runAttributes(job: Attributes): SearchAttributePair[] {
  return [
    { key: JOB_ID, value: job.jobId },
    { key: JOB_TYPE, value: job.jobType },
    { key: JOB_KIND, value: job.kind },
    { key: JOB_PRIORITY, value: job.priority },
    { key: JOB_QUEUE, value: job.queue },
    ...(job.tags.length > 0 ? [{ key: JOB_TAGS, value: [...job.tags] }] : []),
  ];
}
