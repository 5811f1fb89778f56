import { type Cron, type DayOfMonthField, FIRST_YEAR, LAST_YEAR } from './cron.ts';

/** A set of dates as one calendar says it: all its restrictions hold. An absent one is none. */
export interface DateBox {
  readonly year?: readonly number[];
  /** 1 to 12 */
  readonly month?: readonly number[];
  readonly dayOfMonth?: readonly number[];
  /** 0 (Sunday) to 6 */
  readonly dayOfWeek?: readonly number[];
}

/** Whether a day is meant, told by its month's length, its day of the month and its weekday. */
type DayTest = (length: number, day: number, weekday: number) => boolean;

const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const ALL_YEARS = Array.from({ length: LAST_YEAR - FIRST_YEAR + 1 }, (_, index) => FIRST_YEAR + index);
const WEEK = [0, 1, 2, 3, 4, 5, 6];
const ALL_WEEKDAYS = 0b111_1111;
const LAST_IN_MONTH = 1 << 5;

/** The dates of an expression: the union of the boxes. Both day fields restricted: either is enough, as in cron. */
export function dateBoxes(cron: Cron): DateBox[] {
  const tests = dayTests(cron);
  const boxes = tests.length === 0 ? [{}] : tests.flatMap((test) => decompose(test, cron.month));
  return boxes.flatMap((box) => restrict(box, cron));
}

/** The dates that an expression does not name, as a union of boxes: what must be excluded to leave only its own. */
export function otherDateBoxes(cron: Cron): DateBox[] {
  const months = range(1, 12).filter((month) => !cron.month.includes(month));
  const tests = dayTests(cron);
  const others = tests.length === 0 ? [] : decompose((...day) => !tests.some((test) => test(...day)), cron.month);
  return [...(months.length > 0 ? [{ month: months }] : []), ...others];
}

/** Whether a date, of any year that the calendars know, is one of the expression's. */
export function isCronDate(cron: Cron, date: { year: number; month: number; day: number; weekday: number }): boolean {
  if (!cron.month.includes(date.month) || (cron.year && !cron.year.includes(date.year))) return false;
  const tests = dayTests(cron);
  return tests.length === 0 || tests.some((test) => test(monthLength(date.year, date.month), date.day, date.weekday));
}

export function monthLength(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : MONTH_LENGTHS[month - 1]!;
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function dayTests({ dayOfMonth, dayOfWeek }: Cron): DayTest[] {
  return [
    ...(dayOfMonth ? [dayOfMonthTest(dayOfMonth)] : []),
    ...(dayOfWeek
      ? [(...[length, day, weekday]: Parameters<DayTest>) => isMarked(dayOfWeek[weekday]!, length, day)]
      : []),
  ];
}

function isMarked(marks: number, length: number, day: number): boolean {
  return (marks & (1 << (Math.ceil(day / 7) - 1))) !== 0 || ((marks & LAST_IN_MONTH) !== 0 && day + 7 > length);
}

function dayOfMonthTest(field: DayOfMonthField): DayTest {
  return (length, day, weekday) =>
    field.days.includes(day) ||
    field.fromLast.includes(length - day) ||
    [...field.nearestWeekday, ...field.nearestWeekdayFromLast.map((distance) => length - distance)].some(
      (target) => target >= 1 && target <= length && isNearestWeekday(target, length, day, weekday),
    );
}

/** Whether a day is the weekday (Monday to Friday) nearest to the target, without leaving the month. */
function isNearestWeekday(target: number, length: number, day: number, weekday: number): boolean {
  if (weekday === 0 || weekday === 6) return false;
  if (day === target) return true;
  const isMonday = weekday === 1;
  const isFriday = weekday === 5;
  return (
    (isFriday && day === target - 1) ||
    (isMonday && day === target + 1) ||
    (isMonday && target === 1 && day === 3) ||
    (isFriday && target === length && day === target - 2)
  );
}

/** Calendars know no month's length: what depends on it is split by the months of each length, February by year. */
function decompose(test: DayTest, months: readonly number[]): DateBox[] {
  const groups: { readonly lengths: number[]; readonly weekdaysOf: number[] }[] = [];
  for (const length of [31, 30, 29, 28]) {
    const weekdaysOf = range(1, length).map((day) => weekdayMarks((weekday) => test(length, day, weekday)));
    const same = groups.find((group) => weekdaysOf.every((marks, index) => marks === group.weekdaysOf[index]));
    if (same) same.lengths.push(length);
    else groups.push({ lengths: [length], weekdaysOf });
  }
  return groups.flatMap(({ lengths, weekdaysOf }) => {
    const days = daysByWeekdays(weekdaysOf);
    return monthsOfLengths(lengths, months, days).flatMap((when) => days.map((day) => ({ ...when, ...day })));
  });
}

function daysByWeekdays(weekdaysOf: readonly number[]): DateBox[] {
  return [...new Set(weekdaysOf)]
    .filter((marks) => marks !== 0)
    .map((marks) => {
      const days = weekdaysOf.flatMap((other, index) => (other === marks ? [index + 1] : []));
      return {
        ...(days.length < weekdaysOf.length && { dayOfMonth: days }),
        ...(marks !== ALL_WEEKDAYS && { dayOfWeek: WEEK.filter((weekday) => marks & (1 << weekday)) }),
      };
    });
}

function monthsOfLengths(lengths: readonly number[], months: readonly number[], days: DateBox[]): DateBox[] {
  const hasMonth = (month: number): boolean =>
    months.includes(month) && (month !== 2 ? lengths.includes(MONTH_LENGTHS[month - 1]!) : hasFebruary);
  const hasFebruary = lengths.includes(28) && lengths.includes(29);
  const whole = range(1, 12).filter(hasMonth);
  const boxes: DateBox[] = whole.length === 12 ? [{}] : whole.length > 0 ? [{ month: whole }] : [];
  if (hasFebruary || !months.includes(2)) return boxes;
  // February 29 exists in leap years only: no need to name them.
  const isLeapDay = days.every(({ dayOfMonth }) => dayOfMonth?.every((day) => day === 29));
  if (lengths.includes(29)) {
    boxes.push({ month: [2], ...(!isLeapDay && { year: ALL_YEARS.filter(isLeapYear) }) });
  } else if (lengths.includes(28)) {
    boxes.push({ month: [2], year: ALL_YEARS.filter((year) => !isLeapYear(year)) });
  }
  return boxes;
}

function restrict(box: DateBox, { month, year }: Cron): DateBox[] {
  const years = year && (box.year ?? ALL_YEARS).filter((one) => year.includes(one));
  if (years?.length === 0) return [];
  return [{ ...(month.length < 12 && { month }), ...box, ...(years && { year: years }) }];
}

function weekdayMarks(test: (weekday: number) => boolean): number {
  return WEEK.reduce((marks, weekday) => marks | (test(weekday) ? 1 << weekday : 0), 0);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
