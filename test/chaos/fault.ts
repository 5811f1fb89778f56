import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** What faults strike. Those of one lane come one after another, those of different lanes at once. */
export type Lane = 'workers' | 'server' | 'network' | 'handlers';

export interface Fault {
  readonly name: string;
  readonly lane: Lane;
  /** How many times in a round of its lane. @default 1 */
  readonly share?: number;
  /** Why it cannot be on this machine or with this server. */
  readonly impossible?: (world: World) => string | undefined;
  /** Strikes, and mends what it has struck. Answers whether it came to it. */
  readonly strike: (world: World, stroke: Stroke) => Promise<boolean>;
}

/** One fault as it happens. */
export interface Stroke {
  readonly random: Random;
  /** Writes down that it begins now. @param slots the workers that it strikes; all and the client, if left out. */
  readonly begins: (slots?: readonly number[], note?: string) => void;
  /** Milliseconds; a minute one time in three where that is asked for and the run is a long one. */
  readonly holds: (low: number, high: number, mayBeMinute?: boolean) => Promise<void>;
}

const MINUTE = 60_000;

export class Faults {
  readonly struck = new Map<string, number>();
  #count = 0;

  /** One fault, written down with its beginning and its end. */
  async strike(world: World, fault: Fault, random: Random): Promise<void> {
    const { journal } = world;
    const id = ++this.#count;
    const { name } = fault;
    let hasBegun = false;
    const stroke: Stroke = {
      random,
      begins: (slots, note) => {
        hasBegun = true;
        const more = { ...(slots && { slots }), ...(note !== undefined && { note }) };
        journal.write({ kind: 'fault', id, name, phase: 'begin', ...more });
      },
      holds: (low, high, mayBeMinute = false) =>
        sleep(mayBeMinute && world.isLong && random.chance(1 / 3) ? MINUTE : random.between(low, high)),
    };
    let isDone = false;
    try {
      isDone = await fault.strike(world, stroke);
    } finally {
      if (hasBegun) journal.write({ kind: 'fault', id, name, phase: 'end' });
    }
    if (!isDone) return;
    this.struck.set(name, (this.struck.get(name) ?? 0) + 1);
    console.error(`${new Date().toISOString().slice(11, 23)} ${name}`);
  }
}
