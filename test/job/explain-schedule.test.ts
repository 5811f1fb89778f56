import assert from 'node:assert/strict';
import { explainSchedule, formatDuration } from '../../src/job/explain-schedule.ts';
import { afterJob, cron, interval, once } from '../../src/job/schedule-builders.ts';

const from = new Date('2026-10-20T00:00:00Z');
const berlin = { timezone: 'Europe/Berlin' };

function explain(expression: string, timezone: string): string {
  return explainSchedule(cron(expression, { timezone }), { from, count: 1 });
}

describe('explainSchedule', () => {
  it('tells a cron schedule', () => {
    assert.equal(
      explainSchedule(cron('30 2 * * *', { ...berlin, skip: ['2026-12-25'], jitter: '90s', maxRuns: 3 }), { from }),
      `At 02:30 (\`30 2 * * *\`, Europe/Berlin)
  at most 3 runs
  each run up to 1 minute 30 seconds late, at random
Next runs
  Tue 2026-10-20 02:30:00 Europe/Berlin = Tue 2026-10-20 00:30:00 UTC
  Wed 2026-10-21 02:30:00 Europe/Berlin = Wed 2026-10-21 00:30:00 UTC
  Thu 2026-10-22 02:30:00 Europe/Berlin = Thu 2026-10-22 00:30:00 UTC
Clock changes ahead
  2026-10-25, 03:00 becomes 02:00: 02:30 comes twice, and runs once
  2027-03-28, 02:00 becomes 03:00: no run at 02:30, which that day does not have
  2027-10-31, 03:00 becomes 02:00: 02:30 comes twice, and runs once
Mind
  no run on 2026-12-25`,
    );
  });

  it('tells an interval', () => {
    assert.equal(
      explainSchedule(interval('1d', { startAt: '2026-12-01T00:00:00Z', endAt: '2026-12-02T00:00:00Z' }), { from }),
      `Every 1 day, from Tue 2026-12-01 00:00:00 UTC on
  not after Wed 2026-12-02 00:00:00 UTC
Next runs
  Tue 2026-12-01 00:00:00 UTC
  Wed 2026-12-02 00:00:00 UTC
Mind
  an interval knows no time zone: clock changes move it to another local time`,
    );
    assert.match(explainSchedule(interval('5m'), { from }), /depend on the moment of the job's creation/);
  });

  it('tells a once job', () => {
    assert.equal(explainSchedule(once('2027-01-01T00:00:00.5Z'), { from }), 'Once\n  Fri 2027-01-01 00:00:00.500 UTC');
    assert.match(explainSchedule(once(new Date(0)), { from }), /past: it runs at once/);
    assert.match(explainSchedule(once({ in: '5m' }), { from }), /5 minutes after it is scheduled\n {2}that is Tue/);
  });

  it('tells an afterJob', () => {
    assert.equal(explainSchedule(afterJob('load')), 'As soon as job `load` succeeds, each time it does');
    assert.equal(
      explainSchedule(afterJob(['a', 'b'], { delay: '1h', on: 'completion' })),
      'Once, 1 hour after the last of the jobs `a`, `b` succeeds or fails',
    );
    assert.equal(
      explainSchedule(afterJob('load', { delay: '90s', on: 'failure' })),
      '1 minute 30 seconds after job `load` fails, each time it does',
    );
  });

  it('warns of what commonly surprises', () => {
    for (const [expression, warning] of [
      ['0 0 13 * FRI', /either is enough/],
      ['0 0 13 * FRI', /on day 13 of the month; or at 00:00, only on Friday/],
      ['0 0 29 2 *', /leap years only/],
      ['0 0 31 * *', /months without day 31/],
      ['0 0 * * MON#5', /fifth such weekday/],
      ['*/7 * * * *', /`\*\/7` starts anew each hour/],
      ['0 */5 * * *', /starts anew each day/],
      ['0 0 */2 * *', /first of each month/],
      ['0 0 1,15W * *', /At the times of the expression/],
      ['0 0 0 1 1 ? 2090', /only in 2090/],
    ] as const) {
      assert.match(explainSchedule(cron(expression), { from }), warning, expression);
    }
  });

  it('does not warn of what is no surprise', () => {
    for (const expression of ['0 9 * * MON-FRI', '*/15 * * * *', '0 0 1 * *', '0 0 L * *', '@daily', '0 0 28 2 *']) {
      assert.doesNotMatch(explainSchedule(cron(expression), { from }), /Mind/, expression);
    }
  });

  it('tells clock changes by what the server will do', () => {
    assert.match(
      explain('30 1 * * *', 'America/New_York'),
      /2026-11-01, 02:00 becomes 01:00: what is due from 01:30 runs/,
    );
    assert.match(explain('*/30 * * * *', 'Europe/Berlin'), /what is due from 02:00 to 02:30 runs twice/);
    assert.match(explain('* * 25-31 10 *', 'Europe/Berlin'), /of 120 due times in the hour that comes twice \d+ run/);
    assert.doesNotMatch(explain('0 9 * * *', 'Europe/Berlin'), /Clock changes/);
  });

  it('says durations exactly', () => {
    assert.equal(formatDuration(0), 'no time');
    assert.equal(formatDuration(1), '1 millisecond');
    assert.equal(formatDuration(90_061_001), '1 day 1 hour 1 minute 1 second 1 millisecond');
  });
});
