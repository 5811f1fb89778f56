import { toString as describeCron } from 'cronstrue';
import { type Cron, parseCron } from './cron.ts';
import { isCronDate, isLeapYear } from './cron-days.ts';
import { fromCivil, toCivil } from './civil.ts';
import type { CronSchedule } from './schedule.ts';

/** A cron expression in English. */
export function cronInWords({ expression }: CronSchedule): string {
  const fields = expression.split(' ');
  const [day, , weekday] = fields.length === 5 ? fields.slice(2) : fields.slice(3);
  const { dayOfMonth, dayOfWeek } = parseCron(expression).cron;
  if (!dayOfMonth || !dayOfWeek || !day || !weekday) return inWords(expression);
  // Together the description would read as if both days had to match.
  const at = fields.length === 5 ? 2 : 3;
  const byMonth = inWords(fields.with(at + 2, '*').join(' '));
  const byWeek = inWords(fields.with(at, '*').join(' '));
  return `${byMonth}; or ${byWeek.replace(/^./, (first) => first.toLowerCase())}`;
}

function inWords(expression: string): string {
  try {
    return describeCron(expression, { use24HourTimeFormat: true, verbose: false });
  } catch {
    // It does not know W in lists and the like, which are valid here.
    return 'At the times of the expression';
  }
}

/** What commonly surprises about an expression. */
export function cronWarnings({ expression, skip }: CronSchedule): string[] {
  const { cron } = parseCron(expression);
  return [
    ...(cron.dayOfMonth && cron.dayOfWeek
      ? ['day of month and day of week are both set: either is enough for a run']
      : []),
    ...leapWarning(cron),
    ...shortMonthWarning(cron),
    ...(cron.dayOfWeek?.some((marks) => (marks & 0b11_0000) === 0b1_0000 && marks !== 63)
      ? ['a month has a fifth such weekday only now and then']
      : []),
    ...stepWarnings(expression),
    ...(skip
      ? [
          `no run on ${skip.length > 5 ? `${skip.slice(0, 5).join(', ')} and ${skip.length - 5} more` : skip.join(', ')}`,
        ]
      : []),
  ];
}

function leapWarning(cron: Cron): string[] {
  if (!cron.month.includes(2)) return [];
  const isOnlyLeapDay = ![2025, 2026, 2027, 2029, 2030, 2031].some((year) => hasDate(cron, year));
  return isOnlyLeapDay && !cron.year ? ['February 29 comes in leap years only'] : [];
}

function hasDate(cron: Cron, year: number): boolean {
  const days = isLeapYear(year) ? 366 : 365;
  return Array.from({ length: days }, (_, index) => fromCivil(year, 1, 1 + index)).some((day) =>
    isCronDate(cron, toCivil(day)),
  );
}

function shortMonthWarning({ dayOfMonth, dayOfWeek, month }: Cron): string[] {
  const late = [...(dayOfMonth?.days ?? []), ...(dayOfMonth?.nearestWeekday ?? [])].filter((day) => day > 28);
  const lengths = new Map([
    [2, 28],
    [4, 30],
    [6, 30],
    [9, 30],
    [11, 30],
  ]);
  const isMissing = late.some((day) => month.some((one) => day > (lengths.get(one) ?? 31)));
  const isOnlyFebruary = month.length === 1 && month[0] === 2;
  const isRange = (dayOfMonth?.days.length ?? 0) > 10;
  if (!isMissing || isOnlyFebruary || isRange || dayOfWeek) return [];
  return [`months without day ${late.join(', ')} have no run on it; L is the last day of any month`];
}

function stepWarnings(expression: string): string[] {
  if (expression.startsWith('@')) return [];
  const fields = expression.split(' ');
  const [second, minute, hour, day] = fields.length === 5 ? ['0', ...fields] : fields;
  return [
    ...uneven(second, 60, 'minute'),
    ...uneven(minute, 60, 'hour'),
    ...uneven(hour, 24, 'day'),
    ...(/^\*\/(?!1$)\d+$/.test(day ?? '') ? [`\`${day}\` starts anew on the first of each month`] : []),
  ];
}

function uneven(field: string | undefined, size: number, whole: string): string[] {
  const step = Number(/^\*\/(\d+)$/.exec(field ?? '')?.[1] ?? 1);
  return size % step === 0 ? [] : [`\`${field}\` starts anew each ${whole}, so the last gap of it is shorter`];
}
