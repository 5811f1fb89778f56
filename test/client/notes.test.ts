import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isRetried, ended, parseNote, pausedByScheduler } from '../../src/client/notes.ts';

const UUID = '01a20d9a-1681-7004-aeab-648951e3b142';
const OTHER = '99999999-1681-7004-aeab-648951e3b142';
const token = '2027-03-01T09:00:00.000Z 0f9c2a1b';
const at = new Date('2027-03-01T09:00:00.123Z');

/** What people write, and what would be taken for the parts of a note. */
const hostile = [
  'audit',
  'a [b] c',
  ']',
  `x [${token}]`,
  'two\nlines\r\n',
  ': and more: ',
  ` in wf (${OTHER})`,
  `boom in wf (${OTHER}): again`,
  `Completed at 2027-01-01T00:00:00.000Z in "wf" (${OTHER}): x`,
  'Paused with all jobs: x [y]',
  '"',
  '\\"',
  '日本 😀',
];
const reasons = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary', maxLength: 400 }));

describe('the note of a pause of all jobs', () => {
  it('gives back the reason and the token, whatever the reason', () => {
    fc.assert(
      fc.property(reasons, (reason) => {
        const note = parseNote(pausedByScheduler(reason, token), true);
        assert.deepEqual(note, { kind: 'paused', by: 'scheduler', reason, token });
      }),
    );
  });

  it('reads as a sentence', () => {
    assert.equal(pausedByScheduler('audit', token), `Paused with all jobs: audit [${token}]`);
  });

  it('is cut where it is long, between characters', () => {
    for (const length of [898, 899, 900, 901]) {
      const note = pausedByScheduler(`${'x'.repeat(length)}😀😀`, token);
      assert.ok(note.isWellFormed() && note.length < 1_000, `${length}`);
      assert.equal((parseNote(note, true) as { token: string }).token, token);
    }
  });
});

describe('the note of a pause by a person', () => {
  it('is the reason itself', () => {
    for (const text of ['audit', '', 'Cancelled at noon', ended('failed', at, 'x')]) {
      assert.deepEqual(parseNote(text, true), { kind: 'paused', by: 'person', reason: text });
    }
    assert.deepEqual(parseNote(undefined, true), { kind: 'paused', by: 'person', reason: '' });
  });
});

describe('the note of an end', () => {
  const runs = fc.option(
    fc.record({
      workflowId: fc.oneof(
        fc.constantFrom('job', 'a/after/b', `a (${OTHER}): b`, 'say "hi"', 'back\\slash', 'x" (', 'in in'),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
      ),
      runId: fc.uuid(),
    }),
    { nil: undefined },
  );
  const states = fc.constantFrom('completed' as const, 'failed' as const, 'cancelled' as const);
  const dates = fc.date({ min: new Date(0), max: new Date('2100-12-31'), noInvalidDate: true });

  it('gives back state, time, reason and run, whatever they are', () => {
    fc.assert(
      fc.property(states, dates, reasons, runs, (state, date, reason, run) => {
        const note = parseNote(ended(state, date, reason, run), false);
        const kept = note.kind === 'ended' ? note.reason : '';
        assert.ok(kept === reason || (reason.length + (run?.workflowId.length ?? 0) > 350 && reason.startsWith(kept)));
        assert.deepEqual(note, { kind: 'ended', state, at: date, reason: kept, ...(run && { run: { ...run } }) });
      }),
    );
  });

  it('reads as a sentence', () => {
    assert.equal(ended('cancelled', at, 'not needed'), 'Cancelled at 2027-03-01T09:00:00.123Z: not needed');
    assert.equal(ended('completed', at), 'Completed at 2027-03-01T09:00:00.123Z');
    assert.equal(
      ended('failed', at, 'no space', { workflowId: 'backup/after/7', runId: UUID }),
      `Failed at 2027-03-01T09:00:00.123Z in "backup/after/7" (${UUID}): no space`,
    );
  });

  it('is cut where it is long, between characters, and is Unicode even where the reason is not', () => {
    for (const length of [840, 841, 898, 899, 900]) {
      const note = ended('failed', at, `${'x'.repeat(length)}😀😀`, { workflowId: 'job', runId: UUID });
      assert.ok(note.isWellFormed() && note.length < 1_000, `${length}`);
    }
    assert.ok(ended('failed', at, 'half \ud83d').isWellFormed());
  });

  it('is told from what else may stand there', () => {
    for (const text of [
      'backup, high priority',
      'Resumed',
      'Failed at noon',
      'Failed at 2027-99-99T99:99:99Z',
      '',
      undefined,
    ]) {
      assert.deepEqual(parseNote(text, false), { kind: 'other', text: text ?? '' });
    }
  });
});

describe('a job ended with a run that was reset since', () => {
  const run = { workflowId: 'a', runId: '00000000-0000-4000-8000-000000000001' };
  const retry = { ...run, runId: '00000000-0000-4000-8000-000000000002' };
  const note = (state: 'failed' | 'cancelled') => parseNote(ended(state, new Date(0), 'why', run), false);

  it('which only another run of the same workflow is', () => {
    assert.equal(isRetried(note('failed'), retry), true);
    assert.equal(isRetried(note('failed'), run), false);
    assert.equal(isRetried(note('failed'), { ...retry, workflowId: 'b' }), false);
  });

  it('but not if it is cancelled, or has not ended', () => {
    assert.equal(isRetried(note('cancelled'), retry), false);
    assert.equal(isRetried(parseNote('task, normal priority', false), retry), false);
  });
});
