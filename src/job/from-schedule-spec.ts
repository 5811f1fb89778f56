import type { ScheduleSpec, ScheduleSpecDescription } from '@temporalio/client';
import { MONTHS, WEEKDAYS } from './calendar.ts';
import { compileCron, readSourceComment } from './compile-cron.ts';
import { LAST_YEAR, parseCron } from './cron.ts';
import { describeSpec } from './describe-spec.ts';
import { values } from './evaluate-spec.ts';
import type { AfterJobSchedule, CronSchedule, IntervalSchedule, Schedule } from './schedule.ts';
import { isTimeZone } from './time-zone.ts';

type Spec = ScheduleSpec | ScheduleSpecDescription;
type Calendar = NonNullable<Spec['calendars']>[number];

const SECOND = 1000;
/** A list of schedules shows so many calendars, intervals and exclusions of each, and no more. */
const LISTED = 10;
const SIXTY = range(0, 59);
const HOURS = range(0, 23);
const MONTH_DAYS = range(1, 31);
const ALL_MONTHS = range(1, 12);
const WEEK = range(0, 6);
const AFTER_JOB = /^after (\[.*\]) on (success|failure|completion)(?:, (\d+) ms later)?$/;

/**
 * The schedule that a Temporal Schedule's spec says, from what `describe` or `list` answer; `maxRuns` is no part of it.
 * What `toScheduleSpec` made comes back exactly (of `skip`, a list shows ten months; of an afterJob schedule's ids, as
 * many as 200 characters hold, else none). A spec made by other means comes back as the interval or the cron schedule
 * that means the same; where there is none, `expression` is a description in words, which no builder accepts.
 */
export function fromScheduleSpec(spec: Spec): Schedule {
  return readAfterJob(spec) ?? readOwnCron(spec) ?? readInterval(spec) ?? describeSpec(spec);
}

function readAfterJob(spec: Spec): AfterJobSchedule | undefined {
  const calendar = spec.calendars?.[0];
  if (!calendar?.comment?.startsWith('after ') || !values(calendar.year, [], []).includes(LAST_YEAR)) return undefined;
  const [, ids = '[]', end, delay = '0'] = AFTER_JOB.exec(calendar.comment) ?? [];
  const on = end === 'failure' || end === 'completion' ? end : 'success';
  return { kind: 'afterJob', jobIds: parseIds(ids), delay: Number(delay), on };
}

function parseIds(json: string): string[] {
  try {
    const ids: unknown = JSON.parse(json);
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/** The comment is believed only if it compiles to the very spec: somebody may have changed the times beside it. */
function readOwnCron(spec: Spec): CronSchedule | undefined {
  const source = readSourceComment((spec.calendars ?? []).map(({ comment }) => comment ?? '').join(''));
  if (!source || !isTimeZone(source.timezone)) return undefined;
  const skip = (spec.skip ?? []).flatMap(skippedDates);
  const schedule: CronSchedule = { kind: 'cron', ...source, ...toTiming(spec), ...(skip.length > 0 && { skip }) };
  try {
    parseCron(source.expression);
  } catch {
    return undefined;
  }
  const { endAt, ...endless } = schedule;
  const isOurEnd = endAt && compileCron(endless).endAt?.getTime() === endAt.getTime();
  return isSame(compileCron(schedule), spec) ? (isOurEnd ? endless : schedule) : undefined;
}

function isSame(own: ScheduleSpec, other: Spec): boolean {
  return (
    (own.timezone || 'UTC') === (other.timezone || 'UTC') &&
    isSameList(own.calendars?.map(fingerprint), other.calendars?.map(fingerprint)) &&
    isSameList(own.skip?.map(fingerprint), other.skip?.map(fingerprint)) &&
    isSameList(own.intervals?.map(intervalPrint), other.intervals?.map(intervalPrint))
  );
}

function isSameList(own: readonly string[] = [], other: readonly string[] = []): boolean {
  const isListed = other.length === LISTED && own.length > LISTED;
  return (isListed || own.length === other.length) && other.every((part, index) => part === own[index]);
}

function intervalPrint({ every, offset }: NonNullable<Spec['intervals']>[number]): string {
  return `${Number(every)}+${Number(offset ?? 0)}`;
}

function fingerprint(calendar: Calendar): string {
  return [
    values(calendar.second ?? 0, [], SIXTY),
    values(calendar.minute ?? 0, [], SIXTY),
    values(calendar.hour ?? 0, [], HOURS),
    values(calendar.dayOfMonth, [], MONTH_DAYS),
    values(calendar.month, MONTHS, ALL_MONTHS),
    values(calendar.dayOfWeek, WEEKDAYS, WEEK),
    values(calendar.year, [], []).toSorted((a, b) => a - b),
  ].join(';');
}

function skippedDates(calendar: Calendar): string[] {
  const [year, ...moreYears] = values(calendar.year, [], []);
  const months = values(calendar.month, MONTHS, ALL_MONTHS);
  if (year === undefined || moreYears.length > 0 || months.length !== 1) return [];
  const days = values(calendar.dayOfMonth, [], MONTH_DAYS);
  return days.map((day) => `${year}-${String(months[0]).padStart(2, '0')}-${String(day).padStart(2, '0')}`);
}

function readInterval(spec: Spec): IntervalSchedule | undefined {
  const [interval, ...more] = spec.intervals ?? [];
  if (!interval || more.length > 0 || spec.calendars?.length || spec.skip?.length) return undefined;
  const { startAt, ...timing } = toTiming(spec);
  const every = Math.max(1, Math.floor(Number(interval.every) / SECOND)) * SECOND;
  // Ours has its `startAt` a second before the first run, unless the user gave one: see toScheduleSpec.
  const late = startAt && (((Number(interval.offset ?? 0) - startAt.getTime()) % every) + every) % every;
  const isOurs = late === SECOND % every && every > SECOND;
  const first = startAt && !isOurs ? { startAt: new Date(startAt.getTime() + late!) } : {};
  return { kind: 'interval', every, ...first, ...timing };
}

function toTiming({ startAt, endAt, jitter }: Spec): Pick<CronSchedule, 'startAt' | 'endAt' | 'jitter'> {
  return {
    ...(startAt && { startAt }),
    ...(endAt && { endAt }),
    ...(jitter && { jitter: Number(jitter) }),
  };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
