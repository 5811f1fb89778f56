import { toCivil } from './civil.ts';
import { compileCron } from './compile-cron.ts';
import { type Cron, parseCron } from './cron.ts';
import { isCronDate } from './cron-days.ts';
import { dueTimes } from './evaluate-spec.ts';
import type { CronSchedule } from './schedule.ts';
import { type TimeZone, type Transition, timeZone } from './time-zone.ts';

const DAY = 86_400;
const THIRTEEN_MONTHS = 396 * DAY;

/** What the clock changes of the 13 months after an instant do to a schedule; those that do nothing are left out. */
export function clockChanges(schedule: CronSchedule, from: Date): string[] {
  const zone = timeZone(schedule.timezone);
  const { cron } = parseCron(schedule.expression);
  const start = Math.floor(from.getTime() / 1000);
  return zone.transitions(start, start + THIRTEEN_MONTHS).flatMap((change) => {
    const effect = change.after > change.before ? skipped(cron, change) : repeated(schedule, cron, zone, change);
    const [before, after] = [change.at + change.before, change.at + change.after];
    return effect ? [`${formatDate(before)}, ${formatTime(before)} becomes ${formatTime(after)}: ${effect}`] : [];
  });
}

function skipped(cron: Cron, { at, before, after }: Transition): string | undefined {
  const missing = namedReadings(cron, at + before, at + after);
  if (missing.length === 0) return undefined;
  return `no run at ${formatTimes(missing)}, which that day does not have`;
}

function repeated(
  schedule: CronSchedule,
  cron: Cron,
  zone: TimeZone,
  { at, before, after }: Transition,
): string | undefined {
  const named = namedReadings(cron, at + after, at + before);
  if (named.length === 0) return undefined;
  const runs: number[] = [];
  for (const due of dueTimes(compileCron(schedule), (at - (before - after) - 1) * 1000)) {
    if (due / 1000 >= at + (before - after)) break;
    runs.push(due / 1000 + zone.offsetAt(due / 1000));
  }
  if (runs.length === 2 * named.length)
    return `what is due from ${formatTimes(named)} runs twice, as the clock reads it twice`;
  if (runs.length === named.length && new Set(runs).size === named.length && !cron.isPeriodic) {
    return `${formatTimes(named)} comes twice, and runs once`;
  }
  return `of ${2 * named.length} due times in the hour that comes twice ${runs.length} run`;
}

/** The clock readings of a span that the expression names, as seconds of the wall clock. */
function namedReadings(cron: Cron, from: number, to: number): number[] {
  const found = [];
  for (let reading = from; reading < to; reading++) {
    const civil = toCivil(reading);
    const isNamed =
      cron.hour.includes(civil.hour) && cron.minute.includes(civil.minute) && cron.second.includes(civil.second);
    if (isNamed && isCronDate(cron, civil)) found.push(reading);
  }
  return found;
}

function formatTimes(readings: readonly number[]): string {
  const [first, last] = [readings[0]!, readings.at(-1)!];
  return readings.length === 1 ? formatTime(first) : `${formatTime(first)} to ${formatTime(last)}`;
}

function formatDate(reading: number): string {
  return new Date(reading * 1000).toISOString().slice(0, 10);
}

function formatTime(reading: number): string {
  const text = new Date(reading * 1000).toISOString();
  return text.slice(11, reading % 60 === 0 ? 16 : 19);
}
