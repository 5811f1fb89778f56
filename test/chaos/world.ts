import type { Client } from '@temporalio/client';
import type { Scheduler } from '../../src/index.ts';
import type { Calls } from './calls.ts';
import type { Journal } from './journal.ts';
import type { QueueName } from './line.ts';
import type { Observer } from './observer.ts';
import type { Owed } from './owed.ts';
import type { Link } from './link.ts';
import type { Progress } from './progress.ts';
import { Random } from './random.ts';
import type { ChaosServer } from './server.ts';
import type { Slot } from './workers.ts';

/** All that the workload and the faults act on. */
export interface World {
  readonly seed: number;
  /** Faults that are to last a minute do so; otherwise they last some seconds. */
  readonly isLong: boolean;
  readonly journal: Journal;
  readonly calls: Calls;
  readonly server: ChaosServer;
  readonly slots: readonly Slot[];
  /** Between the schedulers and the server. */
  readonly link: Link;
  readonly schedulers: Readonly<Record<QueueName, Scheduler>>;
  readonly queues: Readonly<Record<QueueName, string>>;
  /** Not through the link: it looks on, and takes no part. */
  readonly onlooker: Client;
  /** What all ids of this run begin with. */
  readonly prefix: string;
  readonly observer: Observer;
  readonly owed: Owed;
  readonly progress: Progress;
  /** When the last due time of the recurring jobs is. */
  readonly endAt: number;
}

export function randomOf(world: Pick<World, 'seed'>, part: string): Random {
  return new Random(world.seed, part);
}

/** Whether there is time for more, that takes so long, before the calm. */
export function isOn(world: World, takes = 0): boolean {
  return Date.now() + takes < world.endAt;
}
