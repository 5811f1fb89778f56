// A second reading of the dialect, made without the library's code and as naive as can be: is this second named?

const NAMES: Readonly<Record<string, number>> = {
  JAN: 1,
  FEB: 2,
  MAR: 3,
  APR: 4,
  MAY: 5,
  JUN: 6,
  JUL: 7,
  AUG: 8,
  SEP: 9,
  OCT: 10,
  NOV: 11,
  DEC: 12,
  SUN: 0,
  MON: 1,
  TUE: 2,
  WED: 3,
  THU: 4,
  FRI: 5,
  SAT: 6,
};

const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Whether an expression names a reading of the wall clock, given as a Date whose UTC fields are that reading. */
export function isNamed(expression: string, reading: Date): boolean {
  const fields = (MACROS[expression] ?? expression).toUpperCase().split(' ');
  if (fields.length === 5) fields.unshift('0');
  const [second = '', minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = '', year = '*'] = fields;
  return (
    isIn(second, reading.getUTCSeconds(), 0, 59) &&
    isIn(minute, reading.getUTCMinutes(), 0, 59) &&
    isIn(hour, reading.getUTCHours(), 0, 23) &&
    isIn(month, reading.getUTCMonth() + 1, 1, 12) &&
    isIn(year, reading.getUTCFullYear(), 0, 2100) &&
    isNamedDate(dayOfMonth, dayOfWeek, reading)
  );
}

function isNamedDate(dayOfMonth: string, dayOfWeek: string, reading: Date): boolean {
  const byMonth = (): boolean => dayOfMonth.split(',').some((item) => isMonthDay(item, reading));
  const byWeek = (): boolean => dayOfWeek.split(',').some((item) => isWeekDay(item, reading));
  if (isOpen(dayOfMonth)) return isOpen(dayOfWeek) || byWeek();
  return byMonth() || (!isOpen(dayOfWeek) && byWeek());
}

function isOpen(field: string): boolean {
  return field === '*' || field === '?';
}

function isMonthDay(item: string, reading: Date): boolean {
  const [day, last] = [reading.getUTCDate(), lastDay(reading)];
  const nearest = /^(?:(\d+)|L(?:-(\d+))?)W$/.exec(item);
  if (nearest) return day === nearestWeekday(reading, nearest[1] ? Number(nearest[1]) : last - Number(nearest[2] ?? 0));
  const fromLast = /^L(?:-(\d+))?$/.exec(item);
  if (fromLast) return day === last - Number(fromLast[1] ?? 0);
  return isIn(item, day, 1, 31);
}

function nearestWeekday(reading: Date, target: number): number | undefined {
  if (target < 1 || target > lastDay(reading)) return undefined;
  for (const distance of [0, -1, 1, -2, 2]) {
    const date = new Date(Date.UTC(reading.getUTCFullYear(), reading.getUTCMonth(), target + distance));
    const isSameMonth = date.getUTCMonth() === reading.getUTCMonth();
    if (isSameMonth && date.getUTCDay() !== 0 && date.getUTCDay() !== 6) return date.getUTCDate();
  }
  return undefined;
}

function isWeekDay(item: string, reading: Date): boolean {
  const [day, weekday] = [reading.getUTCDate(), reading.getUTCDay()];
  const [, name, which] = /^(\w+?)(L|#\d|#L)$/.exec(item) ?? [];
  if (which === undefined) return isIn(item, weekday, 0, 6) || (weekday === 0 && isIn(item, 7, 0, 6));
  if (value(name!) % 7 !== weekday) return false;
  return which.endsWith('L') ? day > lastDay(reading) - 7 : Math.floor((day + 6) / 7) === Number(which[1]);
}

function lastDay(reading: Date): number {
  return new Date(Date.UTC(reading.getUTCFullYear(), reading.getUTCMonth() + 1, 0)).getUTCDate();
}

/** Walks along a field from where each item starts, as one would on a clock face. */
function isIn(field: string, wanted: number, first: number, last: number): boolean {
  return field.split(',').some((item) => {
    const [range, step = '1'] = item.split('/');
    let from = first;
    let to = last;
    if (range !== '*' && range !== '?') {
      const ends = range!.split('-').map(value);
      from = ends[0]!;
      to = ends[1] ?? (item.includes('/') ? Math.max(from, last) : from);
    }
    const size = last - first + 1;
    const isWrapping = to < from;
    for (let at = from; at <= (isWrapping ? to + size : to); at += Number(step)) {
      if ((at > last && isWrapping ? at - size : at) === wanted) return true;
    }
    return false;
  });
}

function value(token: string): number {
  return NAMES[token] ?? Number(token);
}
