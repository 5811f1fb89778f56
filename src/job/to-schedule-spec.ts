import type { ScheduleSpec } from '@temporalio/client';
import { checkDate, checkKeys } from './check.ts';
import { compileCron } from './compile-cron.ts';
import { LAST_YEAR } from './cron.ts';
import { invalid, parseSchedule } from './parse-schedule.ts';
import type { AfterJobSchedule, IntervalSchedule, Schedule } from './schedule.ts';

const SECOND = 1000;

/**
 * What Temporal gets for a schedule, apart from `maxRuns` (the schedule's remaining actions). Pure.
 * - cron: structured calendars in the schedule's time zone, with the expression in the first one's comment
 * - interval: an interval with an offset, so that it counts from `createdAt` or `startAt` and not from 1970
 * - afterJob: the last day of 2100, which keeps the record alive without ever running it
 * @param options.createdAt the job's creation, rounded up to a whole second; used by an interval without `startAt`.
 *   @default now
 * @throws InvalidScheduleError for a once schedule, which is a workflow and no Temporal Schedule, and for a value that is
 *   no schedule; InvalidArgumentError for the options
 */
export function toScheduleSpec(schedule: Schedule, options: { readonly createdAt?: Date } = {}): ScheduleSpec {
  checkKeys('toScheduleSpec', options, ['createdAt']);
  const createdAt = checkDate('createdAt', options.createdAt ?? new Date());
  const checked = parseSchedule(schedule);
  if (checked.kind === 'once') {
    throw invalid('kind', 'interval, cron or afterJob: a once job is no Temporal Schedule', checked.kind);
  }
  if (checked.kind === 'interval') return compileInterval(checked, createdAt);
  return checked.kind === 'cron' ? compileCron(checked) : compileAfterJob(checked);
}

function compileInterval(schedule: IntervalSchedule, createdAt: Date): ScheduleSpec {
  const { every, startAt, endAt, jitter } = schedule;
  const first = startAt?.getTime() ?? Math.ceil(createdAt.getTime() / SECOND) * SECOND + every;
  // Just before the first run: a clock of the server that is behind ours would otherwise make one at the creation. A
  // second apart from a due time, it cannot be taken for a `startAt` of the user's.
  const guard = every > SECOND ? new Date(first - SECOND) : undefined;
  const notBefore = startAt ?? guard;
  return {
    intervals: [{ every, offset: first % every }],
    ...(notBefore && { startAt: notBefore }),
    ...(endAt && { endAt }),
    ...(jitter !== undefined && { jitter }),
  };
}

function compileAfterJob({ jobIds, on, delay }: AfterJobSchedule): ScheduleSpec {
  const comment = `after ${JSON.stringify(jobIds)} on ${on}${delay > 0 ? `, ${delay} ms later` : ''}`;
  return {
    calendars: [{ year: LAST_YEAR, month: 'DECEMBER', dayOfMonth: 31, comment: shorten(comment) }],
    timezone: 'UTC',
  };
}

/** The server takes at most 200 bytes. */
function shorten(comment: string): string {
  let short = comment;
  while (new TextEncoder().encode(short).length > 200) short = `${Array.from(short).slice(0, -2).join('')}…`;
  return short;
}
