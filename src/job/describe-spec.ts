import type { ScheduleSpec, ScheduleSpecDescription } from '@temporalio/client';
import { MONTHS, WEEKDAYS } from './calendar.ts';
import { values } from './evaluate-spec.ts';
import type { CronSchedule } from './schedule.ts';

type Spec = ScheduleSpec | ScheduleSpecDescription;
type Calendar = NonNullable<Spec['calendars']>[number];

/** What a calendar's fields are as those of a cron expression. */
interface Fields {
  readonly time: string;
  readonly dayOfMonth: string;
  readonly month: string;
  readonly dayOfWeek: string;
  readonly year: string;
}

/** The cron schedule that means the same as a spec of any origin, or the best words there are for it. */
export function describeSpec(spec: Spec): CronSchedule {
  const calendars = (spec.calendars ?? []).map(toFields);
  const cron = joinDays(calendars) ?? (calendars.length === 1 ? toExpression(calendars[0]!) : undefined);
  const isWhole = cron !== undefined && !spec.intervals?.length && !spec.skip?.length;
  return {
    kind: 'cron',
    expression: isWhole ? cron : inWords(spec, calendars),
    timezone: spec.timezone || 'UTC',
    ...(spec.startAt && { startAt: spec.startAt }),
    ...(spec.endAt && { endAt: spec.endAt }),
    ...(spec.jitter && { jitter: Number(spec.jitter) }),
  };
}

function toFields(calendar: Calendar): Fields {
  const second = toField(values(calendar.second ?? 0, [], range(0, 59)), range(0, 59));
  const minute = toField(values(calendar.minute ?? 0, [], range(0, 59)), range(0, 59));
  const hour = toField(values(calendar.hour ?? 0, [], range(0, 23)), range(0, 23));
  const year = toField(values(calendar.year, [], []), []);
  return {
    time: second === '0' && year === '*' ? `${minute} ${hour}` : `${second} ${minute} ${hour}`,
    dayOfMonth: toField(values(calendar.dayOfMonth, [], range(1, 31)), range(1, 31)),
    month: toField(values(calendar.month, MONTHS, range(1, 12)), range(1, 12)),
    dayOfWeek: toField(values(calendar.dayOfWeek, WEEKDAYS, range(0, 6)), range(0, 6)),
    year,
  };
}

/** Cron wants either of two restricted day fields, Temporal both: only the nth weekday of a month can be said. */
function toExpression(fields: Fields): string | undefined {
  const { time, dayOfMonth, month, dayOfWeek, year } = fields;
  const end = year === '*' ? '' : ` ${year}`;
  if (dayOfMonth === '*' || dayOfWeek === '*') return `${time} ${dayOfMonth} ${month} ${dayOfWeek}${end}`;
  const nth = ['1-7', '8-14', '15-21', '22-28', '29-31'].indexOf(dayOfMonth) + 1;
  return nth > 0 && /^[0-6]$/.test(dayOfWeek) ? `${time} * ${month} ${dayOfWeek}#${nth}${end}` : undefined;
}

/** Two calendars that differ in the day only, one by the month and one by the week: cron's either-or. */
function joinDays([first, second, ...more]: readonly Fields[]): string | undefined {
  if (!first || !second || more.length > 0) return undefined;
  const isAlike = (['time', 'month', 'year'] as const).every((field) => first[field] === second[field]);
  const [byMonth, byWeek] = first.dayOfWeek === '*' ? [first, second] : [second, first];
  if (!isAlike || byMonth.dayOfWeek !== '*' || byWeek.dayOfMonth !== '*') return undefined;
  if (byMonth.dayOfMonth === '*' || byWeek.dayOfWeek === '*') return undefined;
  const end = first.year === '*' ? '' : ` ${first.year}`;
  return `${first.time} ${byMonth.dayOfMonth} ${first.month} ${byWeek.dayOfWeek}${end}`;
}

function inWords(spec: Spec, calendars: readonly Fields[]): string {
  const parts = [
    ...calendars.map((fields) => {
      const { time, dayOfMonth, month, dayOfWeek } = fields;
      return toExpression(fields) ?? `${time} ${dayOfMonth} ${month} ${dayOfWeek} (on both days at once)`;
    }),
    ...(spec.intervals ?? []).map(({ every }) => `every ${Number(every) / 1000} s`),
  ];
  const except = spec.skip?.length
    ? `, except ${spec.skip
        .map(toFields)
        .map((f) => toExpression(f) ?? '...')
        .join(' or ')}`
    : '';
  return parts.length === 0 ? 'never' : `${parts.join(' or ')}${except}`;
}

function toField(numbers: readonly number[], all: readonly number[]): string {
  const sorted = [...new Set(numbers)].toSorted((a, b) => a - b);
  if (sorted.length === all.length) return '*';
  const step = sorted.length > 2 ? sorted[1]! - sorted[0]! : 0;
  if (step > 1 && sorted.every((value, index) => value === sorted[0]! + index * step)) {
    const isOpen = sorted.at(-1)! + step > (all.at(-1) ?? Infinity);
    if (isOpen && sorted[0] === all[0]) return `*/${step}`;
    return `${sorted[0]}-${sorted.at(-1)}/${step}`;
  }
  const runs: number[][] = [];
  for (const value of sorted) {
    const run = runs.at(-1);
    if (run && run.at(-1) === value - 1) run.push(value);
    else runs.push([value]);
  }
  return runs.map((run) => (run.length > 2 ? `${run[0]}-${run.at(-1)}` : run.join())).join();
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
