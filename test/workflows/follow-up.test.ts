import assert from 'node:assert/strict';
import type { AfterJobCondition } from '../../src/job/schedule.ts';
import {
  ancestorsOf,
  chainedStart,
  compact,
  dueAfter,
  followUps,
  inOrder,
  isComplete,
  reasonOf,
} from '../../src/workflows/follow-up.ts';
import type { Dependent, EndedRun } from '../../src/workflows/messages.ts';

const ended: EndedRun = {
  jobId: 'backup',
  workflowId: 'backup-2027-03-01T02:00:00Z',
  runId: 'run-1',
  state: 'completed',
  endedAt: '2027-03-01T02:10:00.000Z',
};
const dependent: Dependent = {
  jobId: 'report',
  jobType: 'sendReport',
  on: 'success',
  delay: 0,
  repeats: true,
  priority: 'high',
  tags: [],
};

const PLACE = { queue: 'jobs', namespace: 'default' };

/** What happens to one dependent: the ids of those that start and of those that are cancelled. */
function fate(changes: Partial<Dependent>, end: Partial<EndedRun>) {
  const { toStart, toCancel } = followUps([{ ...dependent, ...changes }], { ...ended, ...end });
  return { starts: toStart.length, cancelled: toCancel.length };
}

describe('what follows the end of a run', () => {
  const STATES = ['completed', 'failed', 'cancelled'] as const;
  const table: Record<AfterJobCondition, (typeof STATES)[number][]> = {
    success: ['completed'],
    failure: ['failed'],
    completion: ['completed', 'failed'],
  };
  for (const [on, wanted] of Object.entries(table) as [AfterJobCondition, string[]][]) {
    for (const state of STATES) {
      const starts = wanted.includes(state) ? 1 : 0;
      it(`afterJob on ${on}: ${starts ? 'starts' : 'does not start'} after a run that is ${state}`, () => {
        assert.deepEqual(fate({ on, repeats: true }, { state }), { starts, cancelled: 0 });
        // What has one run at most will have none then.
        assert.deepEqual(fate({ on, repeats: false }, { state }), { starts, cancelled: 1 - starts });
      });
    }
  }

  it('is decided for each dependent by itself', () => {
    const others = [
      { ...dependent, jobId: 'alarm', on: 'failure' as const },
      { ...dependent, jobId: 'retry', on: 'failure' as const, repeats: false },
      { ...dependent, jobId: 'log', on: 'completion' as const },
    ];
    assert.deepEqual(followUps([dependent, ...others], ended), {
      toStart: [dependent, others[2]],
      toCancel: [others[1]],
    });
  });

  it('goes round no circle', () => {
    const circle = { ...ended, ancestors: ['report', 'archive'] };
    assert.deepEqual(followUps([dependent, { ...dependent, repeats: false, on: 'failure' }], circle), {
      toStart: [],
      toCancel: [],
    });
    assert.deepEqual(fate({ jobId: 'backup' }, {}), { starts: 0, cancelled: 0 });
    assert.deepEqual(fate({}, { ancestors: ['archive'] }), { starts: 1, cancelled: 0 });
  });

  it('is told to those that are cancelled', () => {
    assert.equal(reasonOf(ended), 'its predecessor backup succeeded');
    assert.equal(reasonOf({ ...ended, state: 'failed' }), 'its predecessor backup failed');
    assert.equal(reasonOf({ ...ended, state: 'cancelled' }), 'its predecessor backup cancelled');
  });
});

describe('the start of a chained run', () => {
  it('has all that the server, a list and the handler need of it', () => {
    const start = chainedStart({ ...dependent, delay: 60_000, tags: ['daily'] }, ended, PLACE);
    const { typedSearchAttributes, ...rest } = start;
    assert.deepEqual(rest, {
      workflowId: 'report/after/run-1',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      args: [{ jobId: 'report', predecessor: ended }],
      memo: {
        scheduledAt: '2027-03-01T02:11:00.000Z',
        predecessor: { jobId: 'backup', workflowId: 'backup-2027-03-01T02:00:00Z', runId: 'run-1' },
      },
      staticSummary: 'sendReport: report, after backup',
      staticDetails: [
        '**sendReport**, job `report`, high priority',
        '',
        '- Follows [a run](/namespaces/default/workflows/backup-2027-03-01T02%3A00%3A00Z/run-1) of job `backup` that succeeded',
      ].join('\n'),
      priority: { priorityKey: 1 },
    });
    assert.deepEqual(Object.fromEntries(typedSearchAttributes.map(({ key, value }) => [key.name, value])), {
      JobId: 'report',
      JobType: 'sendReport',
      JobKind: 'afterJob',
      JobPriority: 'high',
      JobQueue: 'jobs',
      JobTags: ['daily'],
    });
  });

  it('has no tags where the job has none', () => {
    const { typedSearchAttributes } = chainedStart(dependent, ended, PLACE);
    assert.ok(!typedSearchAttributes.some(({ key }) => key.name === 'JobTags'));
  });

  it('has an id of its own for each end, and after a replaced job another one', () => {
    const id = (changes: Partial<Dependent>, runId = 'run-1') =>
      chainedStart({ ...dependent, ...changes }, { ...ended, runId }, PLACE).workflowId;
    assert.equal(id({}), id({}));
    assert.notEqual(id({}), id({}, 'run-2'));
    assert.equal(id({ suffix: '/2' }), 'report/after/run-1/2');
  });

  it('has one id for all that it follows, where that is several', () => {
    const { workflowId } = chainedStart({ ...dependent, workflowId: 'report/after/all', suffix: 'x' }, ended, PLACE);
    assert.equal(workflowId, 'report/after/all');
  });

  it('has the priority of its job', () => {
    const keys = (['high', 'normal', 'low'] as const).map(
      (priority) => chainedStart({ ...dependent, priority }, ended, PLACE).priority.priorityKey,
    );
    assert.deepEqual(keys, [1, 3, 5]);
  });
});

describe('several ends', () => {
  const at = (jobId: string, endedAt: string, rest: Partial<EndedRun> = {}) => ({ ...ended, jobId, endedAt, ...rest });
  const late = at('a', '2027-03-01T03:00:00.000Z');
  const early = at('b', '2027-03-01T01:00:00.000Z');

  it('are complete when each job has one', () => {
    assert.equal(isComplete({ jobIds: ['a', 'b'] }, [late]), false);
    assert.equal(isComplete({ jobIds: ['a', 'b'] }, [early, late]), true);
    assert.equal(isComplete({ jobIds: [] }, []), true);
  });

  it('make a run due after the last of them and the delay', () => {
    assert.equal(dueAfter([late, early], 0), Date.parse('2027-03-01T03:00:00.000Z'));
    assert.equal(dueAfter([early, late], 90_000), Date.parse('2027-03-01T03:01:30.000Z'));
  });

  it('are told in their order, and stay as they were', () => {
    const ends = [late, early];
    assert.deepEqual(inOrder(ends), [early, late]);
    assert.deepEqual(ends, [late, early]);
  });

  it('have as ancestors their jobs and all that these followed, each once, the first first', () => {
    const ends = [at('b', late.endedAt, { ancestors: ['root', 'a'] }), at('c', late.endedAt, { ancestors: ['root'] })];
    assert.deepEqual(ancestorsOf(ends), ['root', 'a', 'b', 'c']);
    assert.deepEqual(ancestorsOf([]), []);
    assert.deepEqual(ancestorsOf([early]), ['b']);
  });
});

describe('an end as it is handed on', () => {
  it('keeps a small result, whatever it is', () => {
    for (const result of [0, '', null, false, { rows: 3 }, 'x'.repeat(998)]) {
      assert.deepEqual(compact({ ...ended, result }), { ...ended, result });
    }
  });

  it('says so where it leaves a larger one out', () => {
    // With its quotes it has one character too many.
    assert.deepEqual(compact({ ...ended, result: 'x'.repeat(999) }), { ...ended, resultOmitted: true });
  });

  it('has no result and no error where the run had none', () => {
    assert.deepEqual(Object.keys(compact(ended)), Object.keys(ended));
  });

  it('has the first thousand characters of an error', () => {
    assert.equal(compact({ ...ended, state: 'failed', error: `${'x'.repeat(1_000)}y` }).error, 'x'.repeat(1_000));
    assert.equal(compact({ ...ended, state: 'failed', error: '' }).error, '');
  });
});
