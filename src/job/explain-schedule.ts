import { clockChanges } from './explain-clock-changes.ts';
import { cronInWords, cronWarnings } from './explain-cron.ts';
import { nextRunTimes, type NextRunTimesOptions } from './next-run-times.ts';
import { parseSchedule } from './parse-schedule.ts';
import type { AfterJobSchedule, IntervalSchedule, OnceSchedule, RecurringSchedule, Schedule } from './schedule.ts';
import { timeZone } from './time-zone.ts';

const DAY = 86_400_000;
const UNITS = [
  ['day', DAY],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
  ['millisecond', 1],
] as const;

/**
 * A schedule in a few lines for people: in words, its next runs in local time and UTC, the clock changes of the coming
 * 13 months that touch it, and what commonly surprises about such a schedule. For reading, not for parsing.
 * @param options as for `nextRunTimes`, with a `count` of 5
 * @throws InvalidScheduleError for a value that is no schedule; InvalidArgumentError for the options
 */
export function explainSchedule(schedule: Schedule, options: NextRunTimesOptions = {}): string {
  const checked = parseSchedule(schedule);
  if (checked.kind === 'once') return explainOnce(checked, options);
  if (checked.kind === 'afterJob') return explainAfterJob(checked);
  if (checked.kind === 'cron') {
    return explainRecurring(checked, options, {
      title: `${cronInWords(checked)} (\`${checked.expression}\`, ${checked.timezone})`,
      timezone: checked.timezone,
      changes: clockChanges(checked, options.from ?? new Date()),
      warnings: cronWarnings(checked),
    });
  }
  const start = checked.startAt ? `${formatUtc(checked.startAt)} on` : "one interval after the job's creation on";
  return explainRecurring(checked, options, {
    title: `Every ${formatDuration(checked.every)}, from ${start}`,
    timezone: 'UTC',
    changes: [],
    warnings: intervalWarnings(checked),
  });
}

/** Such as `1 day 2 hours`: exact, unlike most abbreviations. */
export function formatDuration(milliseconds: number): string {
  let rest = milliseconds;
  const parts = [];
  for (const [name, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`);
    rest -= count * size;
  }
  return parts.join(' ') || 'no time';
}

function explainOnce(schedule: OnceSchedule, options: NextRunTimesOptions): string {
  const [due] = nextRunTimes(schedule, { ...options, count: 1 });
  if ('in' in schedule) {
    return lines('Once', [
      schedule.in === 0 ? 'as soon as it is scheduled' : `${formatDuration(schedule.in)} after it is scheduled`,
      due && `that is ${formatUtc(due)} if scheduled now`,
    ]);
  }
  const isPast = schedule.at.getTime() <= (options.createdAt ?? options.from ?? new Date()).getTime();
  return lines('Once', [formatUtc(schedule.at), isPast && 'that is past: it runs at once when scheduled']);
}

function explainAfterJob({ jobIds, delay, on }: AfterJobSchedule): string {
  const names = jobIds.map((id) => `\`${id}\``).join(', ');
  const ends = { success: 'succeeds', failure: 'fails', completion: 'ends, however it ends' }[on];
  const after = delay > 0 ? `${formatDuration(delay)} after` : 'As soon as';
  return jobIds.length === 1
    ? lines(`${after} job ${names} ${ends}, each time it does`, [])
    : lines(`Once, ${after.toLowerCase()} the last of the jobs ${names} ${ends}`, []);
}

function explainRecurring(
  schedule: RecurringSchedule,
  options: NextRunTimesOptions,
  parts: { title: string; timezone: string; changes: readonly string[]; warnings: readonly string[] },
): string {
  const { startAt, endAt, jitter, maxRuns } = schedule;
  const times = nextRunTimes(schedule, { count: 5, ...options });
  return [
    lines(parts.title, [
      startAt && schedule.kind === 'cron' && `not before ${formatUtc(startAt)}`,
      endAt && `not after ${formatUtc(endAt)}`,
      maxRuns !== undefined && `at most ${maxRuns} ${maxRuns === 1 ? 'run' : 'runs'}`,
      jitter && `each run up to ${formatDuration(jitter)} late, at random`,
    ]),
    lines('Next runs', times.length === 0 ? ['none'] : times.map((time) => formatBoth(time, parts.timezone))),
    ...(parts.changes.length > 0 ? [lines('Clock changes ahead', parts.changes)] : []),
    ...(parts.warnings.length > 0 ? [lines('Mind', parts.warnings)] : []),
  ].join('\n');
}

function intervalWarnings({ every, startAt }: IntervalSchedule): string[] {
  return [
    ...(startAt ? [] : ["the times depend on the moment of the job's creation; startAt fixes them"]),
    ...(every % (DAY / 2) === 0 ? ['an interval knows no time zone: clock changes move it to another local time'] : []),
  ];
}

function lines(title: string, items: readonly (string | false | undefined | 0)[]): string {
  return [title, ...items.filter(Boolean).map((item) => `  ${item}`)].join('\n');
}

function formatBoth(time: Date, timezone: string): string {
  if (timezone === 'UTC') return formatUtc(time);
  const offset = timeZone(timezone).offsetAt(Math.floor(time.getTime() / 1000));
  return `${formatClock(time.getTime() + offset * 1000)} ${timezone} = ${formatUtc(time)}`;
}

function formatUtc(time: Date): string {
  return `${formatClock(time.getTime())} UTC`;
}

function formatClock(time: number): string {
  const date = new Date(time);
  const weekday = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getUTCDay()];
  const text = date.toISOString();
  return `${weekday} ${text.slice(0, 10)} ${text.slice(11, text.endsWith('.000Z') ? 19 : 23)}`;
}
