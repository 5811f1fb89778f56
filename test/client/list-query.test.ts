import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  onceQuery,
  onceRunsQuery,
  oneRunQuery,
  openRunsQuery,
  quote,
  recordQuery,
  runsQuery,
} from '../../src/client/list-query.ts';

/** The values in quotes, as the server reads them, and what is left of the query without them. */
function dissect(query: string): { values: string[]; rest: string } {
  const values: string[] = [];
  const rest = query.replaceAll(/'((?:[^']|'')*)'/g, (_, value: string) => {
    values.push(value.replaceAll("''", "'"));
    return '?';
  });
  return { values, rest };
}

describe('a query', () => {
  it('quotes a value so that it stays one value', () => {
    assert.equal(quote("it's"), "'it''s'");
    assert.equal(quote("' OR JobId != '"), "''' OR JobId != '''");
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) =>
        assert.deepEqual(dissect(quote(value)), { values: [value], rest: '?' }),
      ),
    );
  });

  it('has the same shape whatever the values are', () => {
    const text = fc.string({ minLength: 1, unit: 'binary' });
    fc.assert(
      fc.property(text, text, text, text, (queue, jobType, tag, idPrefix) => {
        const { values, rest } = dissect(recordQuery(queue, { jobType, tag, idPrefix }) ?? '');
        assert.equal(rest, 'JobQueue = ? AND JobType = ? AND JobTags = ? AND ScheduleId STARTS_WITH ?');
        assert.deepEqual(values, [queue, jobType, tag, idPrefix]);
        assert.deepEqual(dissect(runsQuery(queue, tag)).values, [queue, tag, tag]);
        assert.deepEqual(dissect(openRunsQuery(queue, tag)).values, [queue, 'Running', tag, tag]);
        assert.deepEqual(dissect(oneRunQuery(queue, tag, jobType)).values, [queue, tag, tag, jobType]);
        assert.deepEqual(dissect(onceRunsQuery(queue, [tag, jobType])).values, [queue, 'once', tag, jobType]);
      }),
    );
  });

  it('of all jobs has no more than the queue and the kind', () => {
    assert.equal(recordQuery('jobs', {}), "JobQueue = 'jobs'");
    assert.equal(onceQuery('jobs', {}), "JobQueue = 'jobs' AND JobKind = 'once'");
  });

  it('is left out where nothing could pass', () => {
    assert.equal(recordQuery('jobs', { kind: 'once' }), undefined);
    assert.equal(onceQuery('jobs', { kind: 'cron' }), undefined);
    assert.equal(onceQuery('jobs', { state: 'waiting' }), undefined);
  });

  it('lets the server filter once jobs by state', () => {
    const query = (state: 'scheduled' | 'running' | 'completed' | 'failed' | 'cancelled') =>
      onceQuery('jobs', { state });
    assert.match(query('scheduled') ?? '', /ExecutionStatus = 'Running'$/);
    assert.match(query('running') ?? '', /ExecutionStatus = 'Running'$/);
    assert.match(query('completed') ?? '', /ExecutionStatus = 'Completed'$/);
    assert.match(query('failed') ?? '', /ExecutionStatus IN \('Failed', 'TimedOut', 'Terminated'\)$/);
    assert.match(query('cancelled') ?? '', /ExecutionStatus IN \('Canceled', 'Terminated'\)$/);
  });

  it('takes a job without a priority for a normal one', () => {
    assert.equal(
      recordQuery('jobs', { priority: 'normal' }),
      "JobQueue = 'jobs' AND (JobPriority = 'normal' OR JobPriority IS NULL)",
    );
    assert.equal(recordQuery('jobs', { priority: 'high' }), "JobQueue = 'jobs' AND JobPriority = 'high'");
  });
});
