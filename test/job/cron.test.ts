import assert from 'node:assert/strict';
import { InvalidScheduleError } from '../../src/job/errors.ts';
import { nextRunTimes } from '../../src/job/next-run-times.ts';
import { cron } from '../../src/job/schedule-builders.ts';
import { AGREED, EQUIVALENT, FROM, IN_ZONES } from './cron-table.ts';

function timesOf(expression: string, from: string, expected: string, timezone?: string): void {
  const times = expected.split(' ').map((time) => new Date(time.replace(/(T\d\d:\d\d)Z$/, '$1:00Z')).toISOString());
  const schedule = cron(expression, timezone === undefined ? {} : { timezone });
  const actual = nextRunTimes(schedule, { from: new Date(from), count: times.length });
  assert.deepEqual(
    actual.map((time) => time.toISOString()),
    times,
  );
}

function assertRefused(field: string, expression: unknown, options?: unknown): void {
  assert.throws(
    () => Reflect.apply(cron, undefined, [expression, options]),
    (error) => {
      assert(error instanceof InvalidScheduleError, `${String(expression)}: ${String(error)}`);
      assert.equal(error.field, field, `${String(expression)}: ${error.message}`);
      assert.match(error.message, /^Expected .*, got /s);
      return true;
    },
  );
}

describe('cron expressions', () => {
  for (const [sources, rows] of Object.entries(AGREED)) {
    describe(`as ${sources} read them`, () => {
      for (const [expression, times] of rows) it(expression, () => timesOf(expression, FROM, times));
    });
  }

  describe('that mean the same as a plainer one', () => {
    for (const [expression, times, plain] of EQUIVALENT) {
      it(`${expression} is ${plain}`, () => timesOf(expression, FROM, times));
    }
  });

  describe('in time zones', () => {
    for (const [expression, timezone, from, times] of IN_ZONES) {
      it(`${expression} in ${timezone} from ${from}`, () => timesOf(expression, from, times, timezone));
    }
  });

  // quartz-scheduler/quartz, CronExpressionTest.testLastDayOffset
  describe('as Quartz tests them', () => {
    for (const [expression, times] of [
      ['0 15 10 L-2 * ?', '2010-10-29T10:15Z'],
      ['0 15 10 L-5W * ?', '2010-10-26T10:15Z'],
      ['0 15 10 L-1 * ?', '2010-10-30T10:15Z'],
      ['0 15 10 L-1W * ?', '2010-10-29T10:15Z'],
      ['19 15 10 4 Apr ?', '2011-04-04T10:15:19Z'],
    ] as const) {
      it(expression, () => timesOf(expression, '2010-10-01T00:00:00Z', times));
    }
  });

  // The man pages crontab(5) of Vixie cron and cronie, section EXAMPLE CRON FILE, and the Wikipedia page on cron.
  describe('as the manual has them', () => {
    for (const [expression, times] of [
      ['5 0 * * *', '2026-01-16T00:05Z 2026-01-17T00:05Z'],
      ['15 14 1 * *', '2026-02-01T14:15Z 2026-03-01T14:15Z'],
      ['0 22 * * 1-5', '2026-01-15T22:00Z 2026-01-16T22:00Z 2026-01-19T22:00Z'],
      ['23 0-23/2 * * *', '2026-01-15T10:23Z 2026-01-15T12:23Z'],
      ['5 4 * * sun', '2026-01-18T04:05Z 2026-01-25T04:05Z'],
      ['30 4 1,15 * 5', '2026-01-16T04:30Z 2026-01-23T04:30Z 2026-01-30T04:30Z 2026-02-01T04:30Z'],
      ['1 0 * * *', '2026-01-16T00:01Z'],
      ['45 23 * * 6', '2026-01-17T23:45Z 2026-01-24T23:45Z'],
    ] as const) {
      it(expression, () => timesOf(expression, FROM, times));
    }
  });

  it('makes no difference between an explicit UTC and none', () => {
    assert.deepEqual(cron('0 9 * * *'), cron('CRON_TZ=UTC 0 9 * * *', { timezone: 'UTC' }));
    assert.deepEqual(cron(' 0\t9  * * * '), {
      kind: 'cron',
      expression: '0 9 * * *',
      timezone: 'UTC',
    });
    assert.deepEqual(cron('TZ=Europe/Berlin @Daily'), {
      kind: 'cron',
      expression: '@daily',
      timezone: 'Europe/Berlin',
    });
  });

  it('has at least 300 expressions that others judge', () => {
    const count = Object.values(AGREED).flat().length + EQUIVALENT.length + IN_ZONES.length;
    assert(count >= 300, `${count}`);
  });
});

const REFUSED: Readonly<Record<string, readonly string[]>> = {
  expression: [
    '',
    ' ',
    '*',
    '* *',
    '* * *',
    '* * * *',
    '* * * * * * * *',
    '0 0 * * * 2027 UTC now',
    '@',
    '@reboot',
    '@every 5m',
    '@fortnightly',
    '@daily @hourly',
    'hourly',
    'every 5 minutes',
    '0 0 30 2 *',
    '0 0 31 2 *',
    '0 0 31 4 *',
    '0 0 31 2,4,6,9,11 *',
    '0 0 30,31 2 *',
    '0 0 30W 2 *',
    '0 0 0 29 2 ? 2100',
    '0 0 0 29 2 ? 2097-2099',
    '0 0 * * *\n0 1 * * *',
    '0 0\u00a0* * *',
    `${'0,'.repeat(100)}0 * * * *`,
    ','.repeat(65_536),
    '*'.repeat(1_000_000),
  ],
  second: ['60 * * * * *', '-1 * * * * *', '*/0 * * * * *', '*/61 * * * * *', 'x * * * * *', '1.5 * * * * *'],
  minute: [
    '60 * * * *',
    '-1 * * * *',
    '*/0 * * * *',
    '0/0 * * * *',
    '*/90 * * * *',
    '0/120 * * * *',
    '*/-5 * * * *',
    '*/ * * * *',
    '/5 * * * *',
    '/ * * * *',
    '5/ * * * *',
    '*/5/2 * * * *',
    '1- * * * *',
    '-5 * * * *',
    '1--5 * * * *',
    '1-5-9 * * * *',
    '1-60 * * * *',
    '70-80 * * * *',
    ', * * * *',
    '1, * * * *',
    ',1 * * * *',
    '1,,2 * * * *',
    'a * * * *',
    'MON * * * *',
    '** * * * *',
    '5* * * * *',
    '5? * * * *',
    '?? * * * *',
    '?-5 * * * *',
    '*5 * * * *',
    '*-5 * * * *',
    '*,x * * * *',
    '1e1 * * * *',
    '0x1 * * * *',
    '+1 * * * *',
    '1.5 * * * *',
    'H * * * *',
    'H/15 * * * *',
    'L * * * *',
    '~ * * * *',
    '0~30 * * * *',
    '00000 * * * *',
    '１ * * * *',
    '"5" * * * *',
    '$(date) * * * *',
    '__proto__ * * * *',
  ],
  hour: [
    '0 24 * * *',
    '0 -1 * * *',
    '0 25 * * *',
    '0 9-25 * * *',
    '0 */25 * * *',
    '0 */0 * * *',
    '0 9am * * *',
    '0 JAN * * *',
    '0 9:30 * * *',
  ],
  dayOfMonth: [
    '0 0 0 * *',
    '0 0 32 * *',
    '0 0 -1 * *',
    '0 0 1-32 * *',
    '0 0 0-5 * *',
    '0 0 */32 * *',
    '0 0 */0 * *',
    '0 0 L-31 * *',
    '0 0 L-99W * *',
    '0 0 L-x * *',
    '0 0 L3 * *',
    '0 0 LL * *',
    '0 0 W * *',
    '0 0 0W * *',
    '0 0 32W * *',
    '0 0 1-5W * *',
    '0 0 WL * *',
    '0 0 MON * *',
    '0 0 5#2 * *',
    '0 0 5L * *',
    '0 0 1st * *',
  ],
  month: [
    '0 0 1 0 *',
    '0 0 1 13 *',
    '0 0 1 -1 *',
    '0 0 1 FOO *',
    '* * * Jan-Foo *',
    '0 0 1 JANUARY *',
    '0 0 1 */13 *',
    '0 0 1 MON *',
    '0 0 1 L *',
    '0 0 1 1-13 *',
  ],
  dayOfWeek: [
    '0 0 * * 8',
    '0 0 * * -1',
    '0 0 * * 0-8',
    '0 0 * * */8',
    '0 0 * * L',
    '0 0 * * L5',
    '0 0 * * 8L',
    '0 0 * * #2',
    '0 0 * * 5#',
    '0 0 * * 5#0',
    '0 0 * * 5#6',
    '0 0 * * 8#1',
    '0 0 * * 1-5#2',
    '0 0 * * 5W',
    '0 0 * * MONDAY',
    '0 0 * * FOO',
    '0 0 * * JAN',
    '0 0 * * MON-',
    '0 0 * * MON-FOO',
    '0 0 * * +MON',
    '0 0 * * SAT,SUN,L',
  ],
  year: [
    '0 0 0 1 1 ? 1969',
    '0 0 0 1 1 ? 2101',
    '0 0 0 1 1 ? 2020',
    '0 0 0 1 1 ? 1999-2010',
    '0 0 0 1 1 ? 99',
    '0 0 0 1 1 ? 2100-2090',
    '0 0 0 1 1 ? */0',
    '0 0 0 1 1 ? x',
    '0 0 0 1 1 ? 20270',
  ],
  timezone: ['TZ= 0 0 * * *', 'TZ=Mars/Olympus 0 0 * * *', 'CRON_TZ=+02:00 0 0 * * *', 'CRON_TZ=PST 0 0 * * *'],
};

describe('cron expressions that are refused', () => {
  for (const [field, expressions] of Object.entries(REFUSED)) {
    describe(`for their ${field}`, () => {
      for (const expression of expressions) {
        it(
          expression.length > 60 ? `${expression.slice(0, 20)}... (${expression.length})` : JSON.stringify(expression),
          () => assertRefused(field, expression),
        );
      }
    });
  }

  it('are at least 100', () => {
    assert(Object.values(REFUSED).flat().length >= 100);
  });

  it('are refused for what is no string', () => {
    for (const value of [undefined, null, 5, {}, [], ['0 0 * * *']]) {
      assertRefused('expression', value);
    }
  });

  it('are refused in under 10 ms, however long', () => {
    for (const text of [',', '* ', '0', '-', '/', '1-2/3,', ' ', 'L-', 'TZ=']) {
      const started = performance.now();
      assertRefused('expression', text.repeat(65_536));
      assert(performance.now() - started < 10);
    }
    const started = performance.now();
    assert.throws(() => cron(`${'1,'.repeat(97)}x * * * *`), InvalidScheduleError);
    assert(performance.now() - started < 10);
  });

  it('are refused with a zone that is none, or another than the prefix names', () => {
    for (const timezone of ['', 'Berlin', 'Europe/Nowhere', '+02:00', 'UTC+2', 'Local', 'PST', 5, null]) {
      assertRefused('timezone', '0 0 * * *', { timezone });
    }
    assertRefused('timezone', 'TZ=Europe/Berlin 0 0 * * *', { timezone: 'UTC' });
  });
});
