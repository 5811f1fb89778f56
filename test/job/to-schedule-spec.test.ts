import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { ScheduleSpec } from '@temporalio/client';
import { readSourceComment } from '../../src/job/compile-cron.ts';
import { fromScheduleSpec } from '../../src/job/from-schedule-spec.ts';
import { afterJob, cron, interval, once } from '../../src/job/schedule-builders.ts';
import { toScheduleSpec } from '../../src/job/to-schedule-spec.ts';
import { instants, recurringSchedules } from './arbitrary.ts';

const createdAt = new Date('2026-11-24T10:00:00.250Z');

function calendars(expression: string): ScheduleSpec['calendars'] {
  return toScheduleSpec(cron(expression)).calendars?.map((calendar) => {
    const { comment, ...rest } = calendar;
    assert(comment === undefined || comment.startsWith(expression));
    return rest;
  });
}

describe('toScheduleSpec', () => {
  const midnight = { second: 0, minute: 0, hour: 0 };

  it('says a plain expression in one calendar, with its source for a comment', () => {
    assert.deepEqual(toScheduleSpec(cron('*/15 8-20 * * MON-FRI', { timezone: 'Europe/Berlin' })), {
      calendars: [
        {
          second: 0,
          minute: { start: 0, end: 45, step: 15 },
          hour: { start: 8, end: 20, step: 1 },
          dayOfWeek: { start: 'MONDAY', end: 'FRIDAY', step: 1 },
          comment: '*/15 8-20 * * MON-FRI (Europe/Berlin)',
        },
      ],
      timezone: 'Europe/Berlin',
    });
  });

  it('says either of two days in two calendars', () => {
    assert.deepEqual(calendars('0 0 13 * FRI'), [
      { ...midnight, dayOfMonth: 13 },
      { ...midnight, dayOfWeek: 'FRIDAY' },
    ]);
  });

  it('says the nth weekday, the nearest weekday and the last day by dates', () => {
    assert.deepEqual(calendars('0 0 * * FRI#2'), [
      { ...midnight, dayOfMonth: { start: 8, end: 14, step: 1 }, dayOfWeek: 'FRIDAY' },
    ]);
    assert.deepEqual(calendars('0 0 15W * *'), [
      { ...midnight, dayOfMonth: 14, dayOfWeek: 'FRIDAY' },
      { ...midnight, dayOfMonth: 15, dayOfWeek: { start: 'MONDAY', end: 'FRIDAY', step: 1 } },
      { ...midnight, dayOfMonth: 16, dayOfWeek: 'MONDAY' },
    ]);
    assert.deepEqual(calendars('0 0 L 2,4 *'), [
      { ...midnight, dayOfMonth: 30, month: 'APRIL' },
      { ...midnight, dayOfMonth: 29, month: 'FEBRUARY' },
      {
        ...midnight,
        dayOfMonth: 28,
        month: 'FEBRUARY',
        year: [
          2100,
          { start: 2001, end: 2097, step: 4 },
          { start: 2002, end: 2098, step: 4 },
          { start: 2003, end: 2099, step: 4 },
        ],
      },
    ]);
  });

  it('keeps the number of calendars small', () => {
    for (const [expression, most] of [
      ['0 9 * * 1-5', 1],
      ['0 0 29-31 * *', 1],
      ['0 0 1,15 * 1', 2],
      ['0 0 * * 1#1,5#3', 2],
      ['0 0 L * *', 4],
      ['0 0 * * 5L', 4],
      ['0 0 LW * *', 8],
      ['0 0 L-3W * 5L', 16],
    ] as const) {
      assert((calendars(expression)?.length ?? 0) <= most, expression);
    }
  });

  it('leaves days out by excluded calendars, one for each month', () => {
    const skip = ['2026-12-24', '2026-12-25', '2026-12-26', '2027-01-01'];
    const allDay = { second: '*', minute: '*', hour: '*' };
    assert.deepEqual(toScheduleSpec(cron('0 9 * * *', { skip })).skip, [
      { ...allDay, dayOfMonth: { start: 24, end: 26, step: 1 }, month: 'DECEMBER', year: 2026 },
      { ...allDay, dayOfMonth: 1, month: 'JANUARY', year: 2027 },
    ]);
  });

  it('has the first and the last instant and the jitter of the schedule', () => {
    const [startAt, endAt] = [new Date('2027-01-01T00:00:00Z'), new Date('2027-06-01T00:00:00Z')];
    const { calendars: _, ...spec } = toScheduleSpec(cron('0 9 * * *', { startAt, endAt, jitter: '5s' }));
    assert.deepEqual(spec, { timezone: 'UTC', startAt, endAt, jitter: 5_000 });
    const { calendars: _none, ...plain } = toScheduleSpec(cron('0 9 * * *'));
    assert.deepEqual(plain, { timezone: 'UTC' });
  });

  it('gives each caller a spec of its own', () => {
    const first = toScheduleSpec(cron('7 9 * * *'));
    first.calendars!.length = 0;
    assert.equal(toScheduleSpec(cron('7 9 * * *')).calendars?.length, 1);
    assert.notDeepEqual(toScheduleSpec(cron('7 9 * * *', { skip: ['2027-01-01'] })).skip, undefined);
  });

  it('goes on with a long comment in the next calendar, if need be in one said twice', () => {
    const minutes = Array.from({ length: 60 }, (_, minute) => minute).join(',');
    const { calendars: said = [] } = toScheduleSpec(cron(`${minutes} 9,10,11,12 * * *`, { timezone: 'Europe/Berlin' }));
    const comments = said.map(({ comment }) => comment);
    assert.deepEqual(
      [comments.length, comments.join('')],
      [2, cron(`${minutes} 9,10,11,12 * * *`).expression + ' (Europe/Berlin)'],
    );
    const [first, second] = said.map(({ comment: _, ...calendar }) => calendar);
    assert.deepEqual(first, second);
  });

  it('finds its source in the comment, and nothing in any other', () => {
    assert.deepEqual(readSourceComment('0 9 * * * (Europe/Berlin)'), {
      expression: '0 9 * * *',
      timezone: 'Europe/Berlin',
    });
    assert.deepEqual(readSourceComment('0 9 * * * (Etc/GMT+5)')?.timezone, 'Etc/GMT+5');
    for (const comment of ['', '0 9 * * *', '0 9 * * * ()', ' (UTC)', '0 9 (UTC) later', 'x (not a zone)'])
      assert.equal(readSourceComment(comment), undefined, comment);
  });

  it('counts an interval from its creation, on no account earlier', () => {
    assert.deepEqual(toScheduleSpec(interval('1h'), { createdAt }), {
      intervals: [{ every: 3_600_000, offset: 1000 }],
      startAt: new Date('2026-11-24T11:00:00Z'),
    });
    assert.deepEqual(toScheduleSpec(interval('1s'), { createdAt }), { intervals: [{ every: 1000, offset: 0 }] });
    assert.deepEqual(toScheduleSpec(interval('1h', { startAt: '2027-01-01T00:10:00Z', jitter: 5000 }), { createdAt }), {
      intervals: [{ every: 3_600_000, offset: 600_000 }],
      startAt: new Date('2027-01-01T00:10:00Z'),
      jitter: 5000,
    });
  });

  it('keeps the record of an afterJob alive, and never runs it', () => {
    assert.deepEqual(toScheduleSpec(afterJob('load', { delay: '90s', on: 'failure' })), {
      calendars: [
        { year: 2100, month: 'DECEMBER', dayOfMonth: 31, comment: 'after ["load"] on failure, 90000 ms later' },
      ],
      timezone: 'UTC',
    });
    const comment = toScheduleSpec(afterJob(['ü'.repeat(200), 'b'])).calendars?.[0]?.comment ?? '';
    assert(new TextEncoder().encode(comment).length <= 200);
  });

  it('refuses a once schedule, and what is no schedule', () => {
    assert.throws(() => toScheduleSpec(once(new Date())), { name: 'InvalidScheduleError', field: 'kind' });
    assert.throws(() => toScheduleSpec({ kind: 'cron', expression: 'x', timezone: 'UTC' }), { field: 'expression' });
  });

  it('has no comment over 200 bytes, however long the expression', () => {
    const long = `0 0 0 ${'1,'.repeat(90)}1 1-12 ? *`;
    const comments = toScheduleSpec(cron(long, { timezone: 'America/Argentina/ComodRivadavia' })).calendars;
    assert.deepEqual(
      comments?.map(({ comment }) => comment?.length),
      [200, long.length + 35 - 200],
    );
  });
});

describe('fromScheduleSpec', () => {
  it('gives back what toScheduleSpec was given', () => {
    fc.assert(
      fc.property(recurringSchedules, instants(), (schedule, created) => {
        assert.deepEqual(fromScheduleSpec(toScheduleSpec(schedule, { createdAt: created })), schedule);
      }),
      { numRuns: 500 },
    );
  });

  it('gives back afterJob schedules as far as their ids fit', () => {
    for (const schedule of [
      afterJob('a'),
      afterJob(['a, b', '"c"'], { delay: 1, on: 'completion' }),
      afterJob('ü', { on: 'failure' }),
    ]) {
      assert.deepEqual(fromScheduleSpec(toScheduleSpec(schedule)), schedule);
    }
    assert.deepEqual(fromScheduleSpec(toScheduleSpec(afterJob('ü'.repeat(200)))), {
      kind: 'afterJob',
      jobIds: [],
      delay: 0,
      on: 'success',
    });
  });

  it('does not believe a comment beside other times', () => {
    const spec = toScheduleSpec(cron('0 9 * * *'));
    const changed = { ...spec, calendars: [{ ...spec.calendars?.[0], hour: 10 }] };
    assert.deepEqual(fromScheduleSpec(changed), cron('0 10 * * *'));
    assert.deepEqual(fromScheduleSpec({ calendars: [{ hour: 3, comment: '0 9 * * * (UTC)' }] }), cron('0 3 * * *'));
    assert.deepEqual(fromScheduleSpec({ calendars: [{ hour: 3, comment: 'nightly' }] }), cron('0 3 * * *'));
  });

  it('knows a list that shows ten calendars of more', () => {
    const schedule = cron('0 0 LW,L-5W * *');
    const spec = toScheduleSpec(schedule);
    assert((spec.calendars?.length ?? 0) > 10);
    assert.deepEqual(fromScheduleSpec({ ...spec, calendars: spec.calendars?.slice(0, 10) ?? [] }), schedule);
  });

  it('finds the expression of calendars made elsewhere', () => {
    const specs: [ScheduleSpec, string][] = [
      [{ calendars: [{ hour: 9, dayOfMonth: [1, 15] }] }, '0 9 1,15 * *'],
      [{ calendars: [{ minute: { start: 0, end: 55, step: 5 }, hour: '*' }] }, '*/5 * * * *'],
      [{ calendars: [{ second: 30, month: 'MAY' }] }, '30 0 0 * 5 *'],
      [{ calendars: [{ year: [2090, 2091] }] }, '0 0 0 * * * 2090,2091'],
      [{ calendars: [{ dayOfMonth: 13 }, { dayOfWeek: 'FRIDAY' }] }, '0 0 13 * 5'],
      [{ calendars: [{ dayOfMonth: { start: 1, end: 7, step: 1 }, dayOfWeek: 'MONDAY' }] }, '0 0 * * 1#1'],
    ];
    for (const [spec, expression] of specs) assert.deepEqual(fromScheduleSpec(spec), cron(expression));
  });

  it('says in words what no schedule of ours means, and such words are refused', () => {
    const specs: [ScheduleSpec, string][] = [
      [{}, 'never'],
      [{ calendars: [{ hour: 9 }, { hour: 17, minute: 30 }] }, '0 9 * * * or 30 17 * * *'],
      [{ calendars: [{ dayOfMonth: 13, dayOfWeek: 'FRIDAY' }] }, '0 0 13 * 5 (on both days at once)'],
      [{ intervals: [{ every: 60_000 }, { every: 90_000 }] }, 'every 60 s or every 90 s'],
      [{ calendars: [{ hour: 9 }], skip: [{ hour: 9, dayOfWeek: 'SUNDAY' }] }, '0 9 * * *, except 0 9 * * 0'],
    ];
    for (const [spec, words] of specs) {
      const schedule = fromScheduleSpec(spec);
      assert.deepEqual(schedule, { kind: 'cron', expression: words, timezone: 'UTC' });
      assert.throws(() => toScheduleSpec(schedule), { name: 'InvalidScheduleError' });
    }
  });
});
