import { checkDate, checkKeys } from './check.ts';
import { InvalidArgumentError } from './errors.ts';
import { dueTimes } from './evaluate-spec.ts';
import { invalid, parseSchedule } from './parse-schedule.ts';
import type { Schedule } from './schedule.ts';
import { show } from './show.ts';
import { toScheduleSpec } from './to-schedule-spec.ts';

const MAX_COUNT = 10_000;

export interface NextRunTimesOptions {
  /** Times strictly after this instant. @default now */
  readonly from?: Date;
  /** At most so many, 1 to 10,000. @default 10 */
  readonly count?: number;
  /** When the job was, or will be, created: an interval without `startAt` and `{ in }` count from it. @default `from` */
  readonly createdAt?: Date;
}

/**
 * The next due times of a schedule, earliest first, as Temporal's server will have them: its handling of clock changes
 * included, jitter and overlap left out. Pure. A once schedule gives one time, which is its creation if `at` is past by
 * then. `maxRuns` counts from the creation. Fewer than `count`, or none, if the schedule ends.
 * @throws InvalidScheduleError for an afterJob schedule, which has no times of its own, and for a value that is no
 *   schedule; InvalidArgumentError for the options
 */
export function nextRunTimes(schedule: Schedule, options: NextRunTimesOptions = {}): Date[] {
  checkKeys('nextRunTimes', options, ['from', 'count', 'createdAt']);
  const from = checkDate('from', options.from ?? new Date());
  const createdAt = checkDate('createdAt', options.createdAt ?? from);
  const { count = 10 } = options;
  if (!(Number.isSafeInteger(count) && count >= 1 && count <= MAX_COUNT)) {
    throw new InvalidArgumentError(
      `Expected \`count\` to be a whole number from 1 to ${MAX_COUNT}, got ${show(count)}`,
    );
  }
  const checked = parseSchedule(schedule);
  if (checked.kind === 'afterJob') {
    throw invalid('kind', 'once, interval or cron: an afterJob schedule has no times of its own', checked.kind);
  }
  if (checked.kind === 'once') {
    const at = 'at' in checked ? checked.at.getTime() : createdAt.getTime() + checked.in;
    const due = Math.max(at, createdAt.getTime());
    return due > from.getTime() || (due === from.getTime() && !options.createdAt) ? [new Date(due)] : [];
  }
  const spec = toScheduleSpec(checked, { createdAt });
  const { maxRuns = Infinity } = checked;
  const isLimited = maxRuns < Infinity;
  const times: Date[] = [];
  let runs = 0;
  for (const due of dueTimes(spec, (isLimited ? createdAt : from).getTime())) {
    if (due > from.getTime()) times.push(new Date(due));
    if (++runs >= maxRuns || times.length >= count) break;
  }
  return times;
}
