import { formatDuration, scheduleInWords } from '../job/explain-schedule.ts';
import type { CompleteRetryPolicy, Job } from '../job/job.ts';
import { code } from '../workflows/markdown.ts';

/** A job in Markdown, as the Web UI and the CLI show it beside each of its runs. Nothing of its payload: it may be secret. */
export function describeJob(job: Job): string {
  const { id, jobType, priority, retryPolicy, tags, schedule } = job;
  return [
    `**${jobType}**, job ${code(id)}, ${priority} priority`,
    '',
    ...scheduleInWords(schedule).map((words) => `- ${words}`),
    `- ${retriesInWords(retryPolicy)}`,
    ...timeLimits(job),
    ...(tags.length > 0 ? [`- Tags: ${tags.map(code).join(', ')}`] : []),
  ].join('\n');
}

function retriesInWords({
  maximumAttempts,
  initialInterval,
  backoffCoefficient,
  maximumInterval,
}: CompleteRetryPolicy) {
  if (maximumAttempts === 1) return 'One attempt';
  const attempts =
    Number.isFinite(maximumAttempts) && maximumAttempts > 0 ? `Up to ${maximumAttempts}` : 'Any number of';
  const growing = backoffCoefficient === 1 ? '' : `, then ${backoffCoefficient} times as long each time`;
  const most = backoffCoefficient === 1 ? '' : `, at most ${formatDuration(maximumInterval)}`;
  return `${attempts} attempts, ${formatDuration(initialInterval)} apart${growing}${most}`;
}

function timeLimits({ timeout, totalTimeout }: Job): string[] {
  return [
    ...(timeout === undefined ? [] : [`- Each attempt may take ${formatDuration(timeout)}`]),
    ...(totalTimeout === undefined ? [] : [`- All attempts together may take ${formatDuration(totalTimeout)}`]),
  ];
}
