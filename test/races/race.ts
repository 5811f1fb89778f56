import type { System } from '../support/system.ts';
import type { Aim } from './aim.ts';

/** What one round of a race came to: which of the two sides was first, or that a guarantee was broken. */
export type Outcome = { readonly side: string } | { readonly violation: string };

export interface Race {
  readonly name: string;
  /**
   * What acting early comes to, and what acting late. Both must be seen in at least a tenth of the rounds, for the race
   * to have been one.
   */
  readonly sides: readonly [early: string, late: string] | readonly [string];
  /** When the rounds act, for a race of two sides. */
  readonly aim?: Aim;
  /** How many rounds are under way at once, each with a task queue and a worker of its own. @default 8 */
  readonly width?: number;
  round(system: System, context: RoundContext): Promise<Outcome>;
}

export interface RoundContext {
  /** Unique in the suite's run. */
  readonly name: string;
  /** From 0 to 1, of the suite's seed. */
  readonly random: () => number;
  /** Milliseconds between two values. */
  readonly between: (low: number, high: number) => number;
  /** Milliseconds after which to act, by the race's aim. */
  readonly moment: () => number;
}

/** A small generator of its own for each round, so that a seed gives the same rounds however they interleave. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const pass = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
