import assert from 'node:assert/strict';
import { createChainActivities, type Records } from '../../src/activities/chain.ts';
import {
  CANCEL_JOBS,
  END_RUN,
  LOAD_JOB,
  RESUME_JOBS,
  SETTLE_DEBT,
  SWEEP,
  type Definition,
  type EndedRun,
} from '../../src/workflows/messages.ts';

const endedAt = '2027-03-01T02:00:00.000Z';
const due = Date.parse(endedAt);
const ended: EndedRun = { jobId: 'a', workflowId: 'a', runId: 'r', state: 'completed', endedAt };
const after = { jobIds: ['a', 'b'], delay: 1_000, on: 'success', repeats: false, ancestors: [] } as const;
const definition: Definition = { jobType: 't', after };
const both = [ended, { ...ended, jobId: 'b' }];

/** Records of one job, and what was asked of them. */
function activities(job: Awaited<ReturnType<Records['load']>>, isStillPaused = true) {
  const calls: unknown[][] = [];
  const note =
    <Answer>(name: string, answer: Answer) =>
    (...args: unknown[]) => {
      calls.push([name, ...args]);
      return Promise.resolve(answer);
    };
  const records: Records = {
    load: () => Promise.resolve(job),
    owe: note('owe', isStillPaused),
    settleDebt: note('settleDebt', undefined),
    end: note('end', undefined),
    dependents: note('dependents', []),
    cancel: note('cancel', undefined),
    sweep: note('sweep', 'then'),
    resume: note('resume', undefined),
  };
  return { calls, ...createChainActivities(records) };
}

describe('the record of a chained job', () => {
  const load = (isPaused: boolean, now: number, predecessors: readonly EndedRun[], isStillPaused?: boolean) => {
    const { calls, ...of } = activities({ definition, isPaused }, isStillPaused);
    return of[LOAD_JOB]('c', { now, predecessors }).then((answer) => ({ answer, calls }));
  };
  const notDue = { answer: { found: 'job', definition, isDue: false }, calls: [] };
  const isDue = { answer: { found: 'job', definition, isDue: true }, calls: [] };

  it('is due when all has ended and the delay is over, not a millisecond before', async () => {
    assert.deepEqual(await load(false, due + 1_000, both), isDue);
    assert.deepEqual(await load(false, due + 999, both), notDue);
    assert.deepEqual(await load(false, due + 9_000, [ended]), notDue);
  });

  it('owes the run where it is paused when it is due', async () => {
    assert.deepEqual(await load(true, due + 1_000, both), { answer: { found: 'paused' }, calls: [['owe', 'c', both]] });
    assert.deepEqual(await load(true, due, both), notDue, 'it may be resumed before it is due');
  });

  it('is due where it was resumed just then', async () => {
    const { answer } = await load(true, due + 1_000, both, false);
    assert.deepEqual(answer, isDue.answer);
  });

  it('is due at once where it says nothing of what it follows', async () => {
    const plain = { jobType: 't' };
    const answer = await activities({ definition: plain, isPaused: false })[LOAD_JOB]('c', {
      now: due,
      predecessors: [ended],
    });
    assert.deepEqual(answer, { found: 'job', definition: plain, isDue: true });
  });

  it('is gone where it was replaced, and follows others now', async () => {
    const other = [{ ...ended, jobId: 'x' }];
    assert.deepEqual((await load(false, due + 9_000, other)).answer, { found: 'gone' });
  });

  it('is gone where it was cancelled', async () => {
    assert.deepEqual(await activities(undefined)[LOAD_JOB]('c', { now: due, predecessors: both }), { found: 'gone' });
  });
});

describe('the end of a run', () => {
  it('is noted before it is asked who follows', async () => {
    const { calls, ...of } = activities(undefined);
    assert.deepEqual(await of[END_RUN](ended, true), []);
    assert.deepEqual(calls, [
      ['end', 'a', ended],
      ['dependents', 'a'],
    ]);
  });

  it('is not noted where more runs will come', async () => {
    const { calls, ...of } = activities(undefined);
    await of[END_RUN](ended, false);
    assert.deepEqual(calls, [['dependents', 'a']]);
  });
});

describe('what else runs ask of the records', () => {
  it('is handed on', async () => {
    const { calls, ...of } = activities(undefined);
    await of[CANCEL_JOBS](['a'], 'why', 'b');
    await of[SETTLE_DEBT]('a');
    assert.equal(await of[SWEEP]('since'), 'then');
    await of[RESUME_JOBS]('token');
    assert.deepEqual(calls, [
      ['cancel', ['a'], 'why', 'b'],
      ['settleDebt', 'a'],
      ['sweep', 'since'],
      ['resume', 'token'],
    ]);
  });
});
