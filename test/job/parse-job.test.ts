import assert from 'node:assert/strict';
import { once } from '../../src/index.ts';
import { parseFilter } from '../../src/job/filter.ts';
import { parseJob, parseJobId } from '../../src/job/parse-job.ts';

const schedule = once({ in: '1h' });
const job = { id: 'a', jobType: 'task', schedule, payload: { b: 1 } };

describe('a job as it is given', () => {
  it('has every default filled in', () => {
    assert.deepEqual(parseJob(job), {
      ...job,
      priority: 'normal',
      retryPolicy: {
        maximumAttempts: 3,
        initialInterval: 1_000,
        backoffCoefficient: 2,
        maximumInterval: 100_000,
        nonRetryableErrorTypes: [],
      },
      heartbeatTimeout: 30_000,
      overlap: 'bufferOne',
      catchupWindow: 86_400_000,
      tags: [],
    });
  });

  it('is complete when it is parsed: parsing it again changes nothing', () => {
    const once_ = parseJob({ ...job, timeout: '90s', retryPolicy: { initialInterval: '5 minutes' } });
    assert.deepEqual(parseJob(once_), once_);
  });

  it('has its durations in milliseconds', () => {
    const { timeout, totalTimeout, heartbeatTimeout, catchupWindow } = parseJob({
      ...job,
      timeout: '90s',
      totalTimeout: '1.5h',
      heartbeatTimeout: 1_000,
      catchupWindow: '10s',
    });
    assert.deepEqual([timeout, totalTimeout, heartbeatTimeout, catchupWindow], [90_000, 5_400_000, 1_000, 10_000]);
  });

  it('has an id of its own where none is given', () => {
    const { id: _, ...nameless } = job;
    const [first, second] = [parseJob(nameless).id, parseJob({ ...nameless, id: undefined }).id];
    assert.match(first, /^task-[0-9a-f-]{36}$/);
    assert.notEqual(first, second);
    assert.equal(parseJobId(first), first);
  });

  it('takes ids by characters, not by bytes, in any script', () => {
    for (const id of ['😀'.repeat(200), 'a b', "it's", '100%', 'a_b', 'a/b', '日本語', 'toString', '#1', ' '])
      assert.equal(parseJobId(id), id);
  });

  it('has no limit of attempts where Infinity is asked for: 0, as Temporal says it', () => {
    assert.equal(parseJob({ ...job, retryPolicy: { maximumAttempts: Infinity } }).retryPolicy.maximumAttempts, 0);
  });

  it('waits at most as long as the first wait, where that is longer than 100 seconds', () => {
    assert.equal(
      parseJob({ ...job, retryPolicy: { initialInterval: '5 minutes' } }).retryPolicy.maximumInterval,
      300_000,
    );
  });

  it("has its definition's defaults under it, and what is undefined hides none", () => {
    const defaults = { priority: 'high', timeout: '1h', tags: ['d'] } as const;
    const parsed = parseJob({ ...job, priority: undefined, tags: ['own'] }, defaults);
    assert.deepEqual([parsed.priority, parsed.timeout, parsed.tags], ['high', 3_600_000, ['own']]);
  });

  it('takes nothing from its prototype', () => {
    const heir = Object.assign(Object.create({ priority: 'high', timeout: 5 }) as object, job);
    const parsed = parseJob(heir);
    assert.deepEqual([parsed.priority, parsed.timeout], ['normal', undefined]);
  });

  it('is told of the first thing that is wrong, by its path', () => {
    const cases: [object, string][] = [
      [{ tags: ['ok', 5] }, 'tags.1'],
      [{ retryPolicy: { nonRetryableErrorTypes: [''] } }, 'retryPolicy.nonRetryableErrorTypes.0'],
      [{ retryPolicy: { initialInterval: 'soon' } }, 'retryPolicy.initialInterval'],
      [{ id: '' }, 'id'],
      [{ extra: 1 }, 'job'],
    ];
    for (const [changes, field] of cases) {
      assert.throws(() => parseJob({ ...job, ...changes }), {
        name: 'InvalidJobError',
        field,
        message: new RegExp(`^${field}: expected .*, got `),
      });
    }
  });
});

describe('a filter as it is given', () => {
  it('is any set of conditions', () => {
    for (const filter of [
      {},
      { state: undefined },
      { idPrefix: "100%_'", limit: 1 },
      { kind: 'cron', tag: 'a', priority: 'low' },
    ]) {
      assert.deepEqual(parseFilter(filter), filter);
    }
  });
});
