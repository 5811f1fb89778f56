import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOOK_AT_HOLD_EVERY, holdLook } from '../../src/client/hold-look.ts';
import type { Hold, QueueHold } from '../../src/client/hold.ts';

/** A hold that answers in turn what it is given, each after so long. */
function holdOf(...answers: { readonly isHeld: boolean | Error; readonly after?: number }[]) {
  let reads = 0;
  const read = async (): Promise<Hold | undefined> => {
    const { isHeld, after = 0 } = answers[Math.min(reads++, answers.length - 1)]!;
    await sleep(after);
    if (isHeld instanceof Error) throw isHeld;
    return isHeld ? ({ reason: 'maintenance' } as Hold) : undefined;
  };
  return { look: holdLook({ read } as QueueHold), reads: () => reads };
}

describe('the look at the hold', () => {
  it('is one for all attempts of a short time, and a new one after it', async () => {
    const { look, reads } = holdOf({ isHeld: false });
    assert.deepEqual(await Promise.all([look(), look(), look()]), [false, false, false]);
    assert.equal(await look(), false);
    assert.equal(reads(), 1);
    await sleep(LOOK_AT_HOLD_EVERY);
    await look();
    assert.equal(reads(), 2);
  });

  it('is not gone by once it is old, however slow the server answers', async () => {
    const { look, reads } = holdOf({ isHeld: false, after: LOOK_AT_HOLD_EVERY + 10 }, { isHeld: true });
    assert.equal(await look(), true);
    assert.equal(reads(), 2);
  });

  it('that has found a hold is not gone by for the next attempt: it may come after the resume', async () => {
    const { look, reads } = holdOf({ isHeld: true }, { isHeld: false });
    assert.deepEqual([await look(), await look()], [true, false]);
    assert.equal(reads(), 2);
  });

  it('lets the attempt go when the server does not answer it', async () => {
    const { look } = holdOf({ isHeld: new Error('away') });
    assert.equal(await look(), false);
  });
});
