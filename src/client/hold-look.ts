import type { QueueHold } from './hold.ts';

/** For so long, in milliseconds, may a worker go by what it saw of the hold. A pause waits as long before it answers. */
export const LOOK_AT_HOLD_EVERY = 500;
const TRIES = 10;

/**
 * Looks whether a pause holds the queue, for attempts that were matched just before it. No attempt goes by an older look
 * than the time above, however slow the server is; but a failed look is no reason to fail a run.
 */
export function holdLook(hold: QueueHold): () => Promise<boolean> {
  let latest: { readonly since: number; readonly isHeld: Promise<boolean> } | undefined;
  const isFresh = (since: number) => performance.now() - since < LOOK_AT_HOLD_EVERY;
  return async () => {
    let isHeld = false;
    for (let tries = 0; tries < TRIES; tries++) {
      if (!latest || !isFresh(latest.since)) latest = { since: performance.now(), isHeld: look(hold) };
      const { since } = latest;
      isHeld = await latest.isHeld;
      // The next attempt may come after the resume.
      if (isHeld) latest = undefined;
      if (isHeld || isFresh(since)) return isHeld;
    }
    return isHeld;
  };
}

async function look(hold: QueueHold): Promise<boolean> {
  try {
    return (await hold.read()) !== undefined;
  } catch {
    return false;
  }
}
