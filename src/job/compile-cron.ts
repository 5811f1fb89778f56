import type { CalendarSpec, ScheduleSpec } from '@temporalio/client';
import { toCalendar } from './calendar.ts';
import { parseCron } from './cron.ts';
import { dateBoxes } from './cron-days.ts';
import { repairClockChanges, toUtc } from './clock-changes.ts';
import type { CronSchedule } from './schedule.ts';

const MAX_COMMENT_LENGTH = 200;

const compiled = new Map<string, ScheduleSpec>();

/** Temporal's spec for a cron schedule that has been checked: all in calendars, nothing left for it to interpret. */
export function compileCron(schedule: CronSchedule): ScheduleSpec {
  const { expression, timezone, startAt, endAt, jitter, skip } = schedule;
  const key = [expression, timezone, ...(skip ?? [])].join();
  const spec = compiled.get(key) ?? compile(schedule);
  if (compiled.size >= 1000) compiled.clear();
  compiled.set(key, spec);
  return {
    ...structuredClone(spec),
    ...(startAt && { startAt }),
    ...(endAt && !(spec.endAt && spec.endAt < endAt) && { endAt }),
    ...(jitter !== undefined && { jitter }),
  };
}

function compile(schedule: CronSchedule): ScheduleSpec {
  const { expression, timezone, skip = [] } = schedule;
  const { cron } = parseCron(expression);
  const utc = skip.length === 0 ? toUtc(cron, timezone) : undefined;
  const repair = utc ? undefined : repairClockChanges(cron, timezone, skip.length);
  const calendars = dateBoxes(utc ?? cron).map((date) => toCalendar(utc ?? cron, date));
  const excluded = [...toSkip(skip), ...(repair?.skip ?? [])];
  return {
    calendars: withComment(calendars, sourceComment(schedule)),
    ...(repair && repair.intervals.length > 0 && { intervals: repair.intervals }),
    ...(excluded.length > 0 && { skip: excluded }),
    ...(repair?.endAt && { endAt: repair.endAt }),
    timezone: utc ? 'UTC' : timezone,
  };
}

/** What a calendar's comment says of the cron expression that it was made from, and how it is found there again. */
function sourceComment({ expression, timezone }: Pick<CronSchedule, 'expression' | 'timezone'>): string {
  return `${expression} (${timezone})`;
}

export function readSourceComment(comment: string): Pick<CronSchedule, 'expression' | 'timezone'> | undefined {
  const [, expression, timezone] = /^(\S.*) \(([\w/+-]+)\)$/.exec(comment) ?? [];
  return expression === undefined || timezone === undefined ? undefined : { expression, timezone };
}

/** A comment too long for one calendar goes on in the next; a calendar said twice means the same as once. */
function withComment(calendars: CalendarSpec[], comment: string): CalendarSpec[] {
  const parts = comment.match(new RegExp(`.{1,${MAX_COMMENT_LENGTH}}`, 'g')) ?? [];
  const all = parts.length > calendars.length ? [...calendars, calendars[0]!] : calendars;
  return all.map((calendar, index) => ({ ...calendar, ...(parts[index] && { comment: parts[index] }) }));
}

/** Whole days left out, one calendar for each month. */
function toSkip(dates: readonly string[]): CalendarSpec[] {
  const wholeDay = { second: '*', minute: '*', hour: '*' } as const;
  const daysOf = new Map<string, number[]>();
  for (const date of dates) {
    const month = date.slice(0, 7);
    daysOf.set(month, [...(daysOf.get(month) ?? []), Number(date.slice(8))]);
  }
  return [...daysOf].map(([month, dayOfMonth]) => {
    const date = { year: [Number(month.slice(0, 4))], month: [Number(month.slice(5))], dayOfMonth };
    return { ...toCalendar({ second: [], minute: [], hour: [] }, date), ...wholeDay };
  });
}
