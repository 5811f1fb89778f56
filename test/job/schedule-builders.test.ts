import assert from 'node:assert/strict';
import { InvalidScheduleError } from '../../src/job/errors.ts';
import { parseSchedule } from '../../src/job/parse-schedule.ts';
import { afterJob, cron, interval, once } from '../../src/job/schedule-builders.ts';

function assertRefused(field: string, make: () => unknown): void {
  assert.throws(make, (error) => {
    assert(error instanceof InvalidScheduleError, String(error));
    assert.equal(error.field, field, error.message);
    assert.equal(error.code, 'INVALID_SCHEDULE');
    assert.match(error.message, /^Expected .*, got ./s);
    return true;
  });
}

/** Calls with arguments that the types forbid. */
function call(builder: (...args: never[]) => unknown, ...args: unknown[]): () => unknown {
  return () => Reflect.apply(builder, undefined, args) as unknown;
}

describe('once', () => {
  it('takes a Date, an ISO string with its offset, or a duration', () => {
    assert.deepEqual(once(new Date(5)), { kind: 'once', at: new Date(5) });
    assert.deepEqual(once('2027-03-01T09:00:00+01:00'), { kind: 'once', at: new Date('2027-03-01T08:00:00Z') });
    assert.deepEqual(once('2028-02-29T23:59Z'), { kind: 'once', at: new Date('2028-02-29T23:59:00Z') });
    assert.deepEqual(once('2100-12-31T23:59:59.999Z'), { kind: 'once', at: new Date(Date.UTC(2101, 0) - 1) });
    assert.deepEqual(once({ in: '5m' }), { kind: 'once', in: 300_000 });
    assert.deepEqual(once({ in: 0 }), { kind: 'once', in: 0 });
    assert.deepEqual(once({ in: 0.5 }), { kind: 'once', in: 1 });
    assert.deepEqual(once('1955-11-05T06:15:00Z').kind, 'once');
  });

  it('keeps its own copy of a Date', () => {
    const date = new Date(5);
    const schedule = once(date);
    date.setTime(7);
    assert.deepEqual(schedule, { kind: 'once', at: new Date(5) });
  });

  it('refuses what is no instant', () => {
    for (const at of [
      new Date(NaN),
      new Date('2101-01-01T00:00:00Z'),
      '',
      'tomorrow',
      '2027-03-01',
      '2027-03-01T09:00:00',
      '2027-03-01 09:00:00Z',
      '2027-02-29T00:00:00Z',
      '2027-04-31T00:00:00Z',
      '2027-13-01T00:00:00Z',
      '2027-00-01T00:00:00Z',
      '2027-01-00T00:00:00Z',
      '2027-01-01T24:00:00Z',
      '2027-01-01T00:60:00Z',
      '2101-01-01T00:00:00Z',
      '+012027-01-01T00:00:00Z',
      5,
      null,
      undefined,
      [],
      () => 5,
    ]) {
      assertRefused('at', call(once, at));
    }
    for (const duration of [-1, NaN, Infinity, '5 parsecs', '', '-5m', null, undefined, {}, 101 * 366 * 86_400_000]) {
      assertRefused('in', call(once, { in: duration }));
    }
    assertRefused('at', call(once, { in: 5, at: new Date() }));
  });
});

describe('interval', () => {
  it('takes milliseconds or text, in whole seconds', () => {
    assert.deepEqual(interval('15m'), { kind: 'interval', every: 900_000 });
    assert.deepEqual(interval(1000), { kind: 'interval', every: 1000 });
    assert.deepEqual(
      interval('1 day', { startAt: '2027-01-01T00:00:00.001Z', endAt: new Date(2e12), jitter: '1m', maxRuns: 3 }),
      {
        kind: 'interval',
        every: 86_400_000,
        startAt: new Date('2027-01-01T00:00:01Z'),
        endAt: new Date(2e12),
        jitter: 60_000,
        maxRuns: 3,
      },
    );
    assert.deepEqual(interval('1h', { startAt: undefined }), { kind: 'interval', every: 3_600_000 });
  });

  it('refuses anything else', () => {
    for (const every of [
      0,
      1,
      999,
      1500,
      '500ms',
      '1.5s',
      -1000,
      '-1s',
      NaN,
      Infinity,
      '',
      'often',
      null,
      undefined,
      {},
      '99 years',
    ]) {
      assertRefused('every', call(interval, every));
    }
    assertRefused('maxRuns', call(interval, '1h', { maxRuns: 0 }));
    assertRefused('maxRuns', call(interval, '1h', { maxRuns: 1.5 }));
    assertRefused('maxRuns', call(interval, '1h', { maxRuns: '3' }));
    assertRefused('jitter', call(interval, '1h', { jitter: -1 }));
    assertRefused('startAt', call(interval, '1h', { startAt: '2027-01-01' }));
    assertRefused('startAt', call(interval, '1h', { startAt: new Date(-1) }));
    assertRefused('endAt', call(interval, '1h', { endAt: new Date(NaN) }));
    assertRefused('endAt', call(interval, '1h', { endAt: new Date(Date.UTC(2101, 0)) }));
    assertRefused('endAt', call(interval, '1h', { startAt: new Date(2e12), endAt: new Date(1e12) }));
    assertRefused('timezone', call(interval, '1h', { timezone: 'UTC' }));
    assertRefused('options', call(interval, '1h', null));
    assertRefused('options', call(interval, '1h', 'soon'));
  });
});

describe('cron options', () => {
  it('are normalised', () => {
    assert.deepEqual(
      cron('0 9 * * *', {
        timezone: 'europe/berlin',
        skip: ['2027-01-01', '2026-12-25', '2027-01-01'],
        jitter: 1000,
      }),
      {
        kind: 'cron',
        expression: '0 9 * * *',
        timezone: 'Europe/Berlin',
        jitter: 1000,
        skip: ['2026-12-25', '2027-01-01'],
      },
    );
    assert.deepEqual(cron('@daily', { skip: [] }), { kind: 'cron', expression: '@daily', timezone: 'UTC' });
    assert.equal(cron('@daily', { timezone: 'asia/kolkata' }).timezone, 'Asia/Kolkata');
  });

  it('refuse what is no date, or too much to leave out one by one', () => {
    for (const skip of [['2027-02-29'], ['25.12.2026'], ['2026-12-25T00:00:00Z'], ['1999-01-01'], [5], 'today', {}]) {
      assertRefused('skip', call(cron, '@daily', { skip }));
    }
    assertRefused('skip', () => cron('* * * * * *', { skip: ['2026-12-25'] }));
    const month = Array.from({ length: 31 }, (_, index) => `2026-12-${String(index + 1).padStart(2, '0')}`);
    assert.equal(cron('* * * * *', { skip: month }).skip?.length, 31);
    assertRefused('skip', () => cron('*/30 * * * * *', { skip: month }));
    assertRefused('skip', call(cron, '@daily', { skip: Array.from({ length: 1001 }, () => '2026-12-25') }));
  });

  it('refuse a schedule that they leave without a due time', () => {
    assertRefused('expression', () => cron('0 0 0 25 12 ? 2090', { skip: ['2090-12-25'] }));
    assertRefused('endAt', () =>
      cron('0 12 * * *', { startAt: '2027-01-01T12:00:01Z', endAt: '2027-01-02T11:59:59Z' }),
    );
    assert(cron('0 12 * * *', { startAt: '2027-01-01T12:00:00Z', endAt: '2027-01-01T12:00:00Z' }));
  });
});

describe('afterJob', () => {
  it('takes one id or several', () => {
    assert.deepEqual(afterJob('a'), { kind: 'afterJob', jobIds: ['a'], delay: 0, on: 'success' });
    assert.deepEqual(afterJob(['a', 'b'], { delay: '90s', on: 'failure' }), {
      kind: 'afterJob',
      jobIds: ['a', 'b'],
      delay: 90_000,
      on: 'failure',
    });
  });

  it('refuses anything else', () => {
    for (const ids of ['', [], ['a', ''], ['a', 'a'], [5], 5, null, undefined, 'x'.repeat(201), {}]) {
      assertRefused('jobIds', call(afterJob, ids));
    }
    assertRefused('on', call(afterJob, 'a', { on: 'always' }));
    assertRefused('delay', call(afterJob, 'a', { delay: 'a while' }));
    assertRefused('after', call(afterJob, 'a', { after: 5 }));
  });
});

describe('parseSchedule', () => {
  it('accepts what the builders return, and the same made by hand', () => {
    for (const schedule of [
      once(new Date()),
      once({ in: 5 }),
      interval('1h', { startAt: new Date(2e12), maxRuns: 5 }),
      cron('0 9 * * *', { timezone: 'Asia/Tokyo', skip: ['2027-01-01'] }),
      afterJob('a'),
    ]) {
      assert.deepEqual(parseSchedule(schedule), schedule);
      assert.deepEqual(parseSchedule(structuredClone(schedule)), schedule);
      assert.deepEqual(parseSchedule(Object.assign(Object.create(null), schedule)), schedule);
    }
    assert.deepEqual(parseSchedule({ kind: 'cron', expression: '0 9 * * *' }), cron('0 9 * * *'));
  });

  it('refuses whatever is none', () => {
    class Lookalike {
      kind = 'afterJob';
    }
    const byField: Readonly<Record<string, readonly unknown[]>> = {
      schedule: [undefined, null, 5, 'daily', [], new Date(), new Lookalike(), { [Symbol('kind')]: 'once' }, () => 5],
      kind: [{}, { kind: 'never' }, { kind: 5 }, { kind: 'toString' }, { kind: '__proto__' }, { kind: ['once'] }],
      at: [{ kind: 'once' }, { kind: 'once', at: '2027-01-01T00:00:00Z' }, { kind: 'once', at: new Date(), in: 5 }],
      in: [
        { kind: 'once', in: '5m' },
        { kind: 'once', in: -5 },
        { kind: 'once', in: 1.5 },
      ],
      every: [{ kind: 'interval' }, { kind: 'interval', every: '1h' }, { kind: 'interval', every: 1500 }],
      expression: [{ kind: 'cron' }, { kind: 'cron', expression: '' }, { kind: 'cron', expression: 5 }],
      minute: [{ kind: 'cron', expression: '61 * * * *' }],
      timezone: [{ kind: 'cron', expression: '@daily', timezone: null }],
      startAt: [{ kind: 'interval', every: 1000, startAt: 5 }],
      jobIds: [
        { kind: 'afterJob', delay: 0, on: 'success' },
        { kind: 'afterJob', jobIds: 'a', delay: 0, on: 'success' },
      ],
      delay: [{ kind: 'afterJob', jobIds: ['a'], on: 'success' }],
      on: [{ kind: 'afterJob', jobIds: ['a'], delay: 0 }],
      every_: [{ kind: 'interval', every: 1000, every_: 1 }],
      __proto__: [JSON.parse('{"kind":"once","in":5,"__proto__":{"at":1}}')],
      constructor: [{ kind: 'once', in: 5, constructor: 1 }],
    };
    for (const field of Object.keys(byField)) {
      for (const value of byField[field] ?? []) assertRefused(field, () => parseSchedule(value));
    }
    assertRefused('__proto__', () => parseSchedule(JSON.parse('{"kind":"once","in":5,"__proto__":{"at":1}}')));
  });
});
