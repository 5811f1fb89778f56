import { checkKeys } from './check.ts';
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
  checkKeys('explainSchedule', options, ['from', 'count', 'createdAt']);
  const checked = parseSchedule(schedule);
  const words = scheduleInWords(checked);
  if (checked.kind === 'once') return lines(...words, ...onceAsItIsNow(checked, options));
  if (checked.kind === 'afterJob') return lines(...words);
  if (checked.kind === 'interval') return explainRecurring(checked, words, options, 'UTC', intervalWarnings(checked));
  const changes = clockChanges(checked, options.from ?? new Date());
  return explainRecurring(checked, words, options, checked.timezone, cronWarnings(checked), changes);
}

/** What a schedule says, and then what limits it. */
export function scheduleInWords(schedule: Schedule): readonly [title: string, ...limits: string[]] {
  switch (schedule.kind) {
    case 'once':
      if (!('in' in schedule)) return ['Once', formatUtc(schedule.at)];
      return [
        'Once',
        schedule.in === 0 ? 'as soon as it is scheduled' : `${formatDuration(schedule.in)} after it is scheduled`,
      ];
    case 'afterJob':
      return [afterJobInWords(schedule)];
    case 'cron':
      return [
        `${cronInWords(schedule)} (\`${schedule.expression}\`, ${schedule.timezone})`,
        ...(schedule.startAt ? [`not before ${formatUtc(schedule.startAt)}`] : []),
        ...limitsInWords(schedule),
      ];
    case 'interval': {
      const start = schedule.startAt ? `${formatUtc(schedule.startAt)} on` : "one interval after the job's creation on";
      return [`Every ${formatDuration(schedule.every)}, from ${start}`, ...limitsInWords(schedule)];
    }
  }
}

function limitsInWords({ endAt, maxRuns, jitter }: RecurringSchedule): string[] {
  return [
    ...(endAt ? [`not after ${formatUtc(endAt)}`] : []),
    ...(maxRuns === undefined ? [] : [`at most ${maxRuns} ${maxRuns === 1 ? 'run' : 'runs'}`]),
    ...(jitter ? [`each run up to ${formatDuration(jitter)} late, at random`] : []),
  ];
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

function onceAsItIsNow(schedule: OnceSchedule, options: NextRunTimesOptions): string[] {
  if ('in' in schedule) {
    const [due] = nextRunTimes(schedule, { ...options, count: 1 });
    return due ? [`that is ${formatUtc(due)} if scheduled now`] : [];
  }
  const isPast = schedule.at.getTime() <= (options.createdAt ?? options.from ?? new Date()).getTime();
  return isPast ? ['that is past: it runs at once when scheduled'] : [];
}

function afterJobInWords({ jobIds, delay, on }: AfterJobSchedule): string {
  const names = jobIds.map((id) => `\`${id}\``).join(', ');
  const ends = { success: 'succeeds', failure: 'fails', completion: 'succeeds or fails' }[on];
  const after = delay > 0 ? `${formatDuration(delay)} after` : 'As soon as';
  return jobIds.length === 1
    ? `${after} job ${names} ${ends}, each time it does`
    : `Once, ${after.toLowerCase()} the last of the jobs ${names} ${ends}`;
}

function explainRecurring(
  schedule: RecurringSchedule,
  words: readonly [string, ...string[]],
  options: NextRunTimesOptions,
  timezone: string,
  warnings: readonly string[],
  changes: readonly string[] = [],
): string {
  const times = nextRunTimes(schedule, { count: 5, ...options });
  return [
    lines(...words),
    lines('Next runs', ...(times.length === 0 ? ['none'] : times.map((time) => formatBoth(time, timezone)))),
    ...(changes.length > 0 ? [lines('Clock changes ahead', ...changes)] : []),
    ...(warnings.length > 0 ? [lines('Mind', ...warnings)] : []),
  ].join('\n');
}

function intervalWarnings({ every, startAt }: IntervalSchedule): string[] {
  return [
    ...(startAt ? [] : ["the times depend on the moment of the job's creation; startAt fixes them"]),
    ...(every % (DAY / 2) === 0 ? ['an interval knows no time zone: clock changes move it to another local time'] : []),
  ];
}

function lines(title: string, ...items: readonly string[]): string {
  return [title, ...items.map((item) => `  ${item}`)].join('\n');
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
