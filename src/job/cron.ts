import { CronPattern } from 'croner';
import { InvalidScheduleError } from './errors.ts';
import { isTimeZone } from './time-zone.ts';

/** What a cron expression says, field by field, as plain numbers. */
export interface Cron {
  readonly second: readonly number[];
  readonly minute: readonly number[];
  readonly hour: readonly number[];
  /** 1 to 12 */
  readonly month: readonly number[];
  /** Only where the expression names years. */
  readonly year?: readonly number[];
  /** Absent where the field does not restrict the day. */
  readonly dayOfMonth?: DayOfMonthField;
  /** For each weekday from Sunday: bits 0 to 4 its first to fifth, bit 5 its last in a month, 63 every one, 0 none. */
  readonly dayOfWeek?: readonly number[];
  /** The hour or the minute is written with a star or an open step: the job follows real time, not times of day. */
  readonly isPeriodic: boolean;
}

export interface DayOfMonthField {
  readonly days: readonly number[];
  /** Days from a month's last day: `L` is 0, `L-3` is 3. */
  readonly fromLast: readonly number[];
  readonly nearestWeekday: readonly number[];
  /** `LW` is 0, `L-3W` is 3. */
  readonly nearestWeekdayFromLast: readonly number[];
}

/** A cron text taken apart: the fields without their prefix, and the zone that the prefix named. */
export interface CronText {
  readonly expression: string;
  readonly timezone?: string;
  readonly cron: Cron;
}

const CRON_FIELDS = ['second', 'minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek', 'year'] as const;
type CronFieldName = (typeof CRON_FIELDS)[number];

const MAX_EXPRESSION_LENGTH = 200;
/** The years that Temporal's calendars know. */
export const FIRST_YEAR = 2000;
export const LAST_YEAR = 2100;

const MACROS: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

interface FieldRule {
  readonly label: string;
  readonly expected: string;
  readonly names: readonly string[];
  readonly first: number;
  readonly last: number;
  /** Forms of a list item beyond a value, a range and a step. */
  readonly special?: RegExp;
}

const RULES: Record<CronFieldName, FieldRule> = {
  second: { label: 'second', expected: '0-59', names: [], first: 0, last: 59 },
  minute: { label: 'minute', expected: '0-59', names: [], first: 0, last: 59 },
  hour: { label: 'hour', expected: '0-23', names: [], first: 0, last: 23 },
  dayOfMonth: {
    label: 'day of month',
    expected: '1-31, L, L-n, nW or LW',
    names: [],
    first: 1,
    last: 31,
    special: /^(?:L|LW|L-\d{1,2}W?|\d{1,2}W)$/i,
  },
  month: { label: 'month', expected: '1-12 or JAN-DEC', names: MONTHS, first: 1, last: 12 },
  dayOfWeek: {
    label: 'day of week',
    expected: '0-7 or SUN-SAT, nL or n#k',
    names: WEEKDAYS,
    first: 0,
    last: 7,
    special: /^(?:[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:L|#[1-5]|#L)$/i,
  },
  year: { label: 'year', expected: `1970-${LAST_YEAR}`, names: [], first: 1970, last: LAST_YEAR },
};

const PLAIN_ITEM = /^(?:[*?]|([A-Za-z]{3}|\d{1,4})(?:-([A-Za-z]{3}|\d{1,4}))?)(?:\/(\d{1,4}))?$/;

const parsed = new Map<string, CronText>();

/** Takes a cron expression apart. Throws InvalidScheduleError naming the field that is not understood. */
export function parseCron(text: unknown): CronText {
  if (typeof text !== 'string') throw new InvalidScheduleError('expression', `Expected a string, got ${typeof text}`);
  const known = parsed.get(text);
  if (known) return known;
  const result = parseText(text);
  if (parsed.size >= 1000) parsed.clear();
  parsed.set(text, result);
  return result;
}

function parseText(text: string): CronText {
  if (text.length > MAX_EXPRESSION_LENGTH) {
    throw new InvalidScheduleError(
      'expression',
      `Expected at most ${MAX_EXPRESSION_LENGTH} characters, got ${text.length}`,
    );
  }
  const [, prefix, timezone, rest = ''] = /^\s*(?:((?:CRON_)?TZ)=(\S*)(?:\s|$))?([^]*)$/.exec(text) ?? [];
  if (prefix !== undefined && !isTimeZone(timezone)) {
    throw new InvalidScheduleError('timezone', `Expected an IANA time zone after ${prefix}=, got \`${timezone}\``);
  }
  const fields = rest.trim().split(/[ \t]+/);
  const macro = fields.length === 1 ? fields[0]!.toLowerCase() : '';
  const expression = macro.startsWith('@') ? macro : fields.join(' ');
  return { expression, ...(timezone && { timezone }), cron: parseFields(expression, expandMacro(macro) ?? fields) };
}

function expandMacro(macro: string): string[] | undefined {
  if (!macro.startsWith('@')) return undefined;
  const expansion = MACROS.get(macro);
  if (expansion === undefined) {
    throw new InvalidScheduleError('expression', `Expected one of ${[...MACROS.keys()].join(' ')}, got \`${macro}\``);
  }
  return expansion.split(' ');
}

function parseFields(expression: string, fields: string[]): Cron {
  if (fields.length < 5 || fields.length > 7 || fields[0] === '') {
    throw new InvalidScheduleError(
      'expression',
      `Expected 5 fields, 6 with seconds first, or 7 with seconds first and year last, ` +
        `got ${fields[0] === '' ? 0 : fields.length} in \`${expression}\``,
    );
  }
  const [second = '', minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = '', year = '*'] =
    fields.length === 5 ? ['0', ...fields] : fields;
  const text = { second, minute, hour, dayOfMonth, month, dayOfWeek, year };
  const { plain, days } = splitDayOfMonth(text.dayOfMonth);
  const pattern = readPattern({ ...text, dayOfMonth: plain ?? '*' });
  return {
    second: indexes(pattern.second),
    minute: indexes(pattern.minute),
    hour: indexes(pattern.hour),
    month: indexes(pattern.month, 1),
    ...(!isOpen(text.year) && { year: indexes(pattern.year) }),
    ...(!isOpen(text.dayOfMonth) && {
      dayOfMonth: {
        ...days,
        days: plain === undefined ? [] : indexes(pattern.day, 1),
        fromLast: [...days.fromLast, ...(pattern.lastDayOfMonth ? [0] : [])],
        nearestWeekday: indexes(pattern.nearestWeekdays, 1),
      },
    }),
    ...(!isOpen(text.dayOfWeek) && { dayOfWeek: pattern.dayOfWeek }),
    isPeriodic: [text.minute, text.hour].some((field) => /(?:^|,)(?:[*?]|\w+\/)/.test(field)),
  };
}

/** Any text but `*` and `?` restricts the day, as in croner, cron-parser and croniter. */
function isOpen(field: string): boolean {
  return field === '*' || field === '?';
}

// croner knows L and nW, but not L-n, nor LW beside other days.
function splitDayOfMonth(field: string): { plain?: string; days: DayOfMonthField } {
  const days = { days: [], fromLast: [] as number[], nearestWeekday: [], nearestWeekdayFromLast: [] as number[] };
  const plain: string[] = [];
  for (const item of field.split(',')) {
    const [, distance, weekday] = /^L(?:-(\d{1,2}))?(W)?$/i.exec(item) ?? [];
    if (distance === undefined && weekday === undefined) plain.push(item);
    else if (Number(distance ?? 0) > 30) throw refusal('dayOfMonth', item, 'L-1 to L-30');
    else (weekday === undefined ? days.fromLast : days.nearestWeekdayFromLast).push(Number(distance ?? 0));
  }
  return { ...(plain.length > 0 && { plain: plain.join(',') }), days };
}

function readPattern(text: Record<CronFieldName, string>): CronPattern {
  const fields = CRON_FIELDS.map((name) => {
    return text[name]
      .split(',')
      .map((item) => readItem(name, item))
      .join(',');
  });
  try {
    return toPattern(fields);
  } catch (error) {
    const wrong = fields.findIndex(
      (field, index) => !isPattern(fields.map((_, other) => (other === index ? field : '*'))),
    );
    const name = CRON_FIELDS[Math.max(0, wrong)]!;
    throw refusal(name, text[name], RULES[name].expected, error);
  }
}

function toPattern(fields: readonly string[]): CronPattern {
  return new CronPattern(fields.join(' '), undefined, { mode: '7-part', sloppyRanges: true });
}

function isPattern(fields: readonly string[]): boolean {
  try {
    toPattern(fields);
    return true;
  } catch {
    return false;
  }
}

/** One list item in the words that croner takes: ranges that wrap around become lists. */
function readItem(name: CronFieldName, item: string): string {
  const rule = RULES[name];
  if (rule.special?.test(item)) return item;
  const [all, from, to, step] = PLAIN_ITEM.exec(item) ?? [];
  if (all === undefined) throw refusal(name, item, rule.expected);
  const first = toNumber(rule, from);
  const last = toNumber(rule, to);
  const size = rule.last - rule.first + (name === 'dayOfWeek' ? 0 : 1);
  if ([first, last].some((value) => value !== undefined && !(value >= rule.first && value <= rule.last))) {
    throw refusal(name, item, rule.expected);
  }
  if (step !== undefined && (Number(step) < 1 || Number(step) > size)) throw refusal(name, item, `a step of 1-${size}`);
  if (name === 'dayOfWeek' && first === 7 && last === undefined) return '0';
  if (first === undefined || last === undefined) return item.replace('?', '*');
  // croner takes SUN-SUN for the whole week.
  if (first === last) return String(first);
  if (first < last) return item;
  if (name === 'year') throw refusal(name, item, 'a range from an earlier to a later year');
  return wrapAround(rule, first, last, size, Number(step ?? 1));
}

function wrapAround(rule: FieldRule, first: number, last: number, size: number, step: number): string {
  const distance = (((last - first) % size) + size) % size;
  const values = [];
  for (let i = 0; i <= distance; i += step) values.push(((first - rule.first + i) % size) + rule.first);
  return values.join(',');
}

function toNumber(rule: FieldRule, token: string | undefined): number | undefined {
  if (token === undefined || /^\d/.test(token)) return token === undefined ? undefined : Number(token);
  const index = rule.names.indexOf(token.toUpperCase());
  return index < 0 ? NaN : index + rule.first;
}

function refusal(name: CronFieldName, got: string, expected: string, cause?: unknown): InvalidScheduleError {
  return new InvalidScheduleError(name, `Expected ${RULES[name].label} to be ${expected}, got \`${got}\``, { cause });
}

function indexes(marks: readonly number[], offset = 0): number[] {
  return marks.flatMap((mark, index) => (mark ? [index + offset] : []));
}
