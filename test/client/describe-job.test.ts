import assert from 'node:assert/strict';
import { describeJob } from '../../src/client/describe-job.ts';
import { code } from '../../src/workflows/markdown.ts';
import { parseJob } from '../../src/job/parse-job.ts';
import { afterJob, cron, interval, once } from '../../src/job/schedule-builders.ts';

const job = (rest: object) => describeJob(parseJob({ id: 'nightly', jobType: 'backup', payload: 'secret', ...rest }));

describe('a job in Markdown', () => {
  it('says what it is, when it runs, how it is tried again, and nothing of its payload', () => {
    const schedule = cron('0 9 * * mon-fri', {
      timezone: 'Europe/Berlin',
      startAt: '2027-01-01T00:00:00Z',
      maxRuns: 1,
    });
    const text = job({ schedule, priority: 'high', tags: ['a', 'b'], timeout: '5m', totalTimeout: '1h' });
    assert.equal(
      text,
      [
        '**backup**, job `nightly`, high priority',
        '',
        '- At 09:00, Monday through Friday (`0 9 * * mon-fri`, Europe/Berlin)',
        '- not before Fri 2027-01-01 00:00:00 UTC',
        '- at most 1 run',
        '- Up to 3 attempts, 1 second apart, then 2 times as long each time, at most 1 minute 40 seconds',
        '- Each attempt may take 5 minutes',
        '- All attempts together may take 1 hour',
        '- Tags: `a`, `b`',
      ].join('\n'),
    );
  });

  it('is as short as the job', () => {
    const lines = (rest: object) => job(rest).split('\n').slice(2);
    const one = { retryPolicy: { maximumAttempts: 1 } };
    assert.deepEqual(lines({ schedule: once('2027-03-01T09:00:00Z'), ...one }), [
      '- Once',
      '- Mon 2027-03-01 09:00:00 UTC',
      '- One attempt',
    ]);
    assert.deepEqual(
      lines({ schedule: afterJob('first', { on: 'failure' }), ...one })[0],
      '- As soon as job `first` fails, each time it does',
    );
    const steady = { maximumAttempts: Infinity, backoffCoefficient: 1, initialInterval: '5s' };
    assert.deepEqual(lines({ schedule: interval('90m'), retryPolicy: steady }), [
      "- Every 1 hour 30 minutes, from one interval after the job's creation on",
      '- Any number of attempts, 5 seconds apart',
    ]);
  });
});

describe('code in Markdown', () => {
  it('has a mark longer than any in it', () => {
    assert.deepEqual(['a', 'a`b', '`', '``a`'].map(code), ['`a`', '`` a`b ``', '`` ` ``', '``` ``a` ```']);
  });
});
