import { setTimeout as sleep } from 'node:timers/promises';
import { JobNotFoundError } from '../../src/index.ts';
import { monotonic } from './journal.ts';
import type { QueueName } from './line.ts';
import type { World } from './world.ts';

const PAUSE = 400;
/** Of jobs that come and go, the newest are looked at. */
const NEWEST = 14;
const LASTING = 14;
const AT_ONCE = 20;

/** Looks at the jobs' status all the time, and writes down what it sees. */
export class Observer {
  readonly #followed: { readonly job: string; readonly queue: QueueName }[] = [];

  follow(job: string, queue: QueueName): void {
    this.#followed.push({ job, queue });
  }

  /** At one after another. (V1 may hear only by this, for a minute, that a run ended while its server was killed.) */
  async look(world: World, isOver: () => boolean): Promise<void> {
    for (let turn = 0; !isOver(); turn++) {
      // Lasting jobs were followed first.
      const watched = [...new Set([...this.#followed.slice(0, LASTING), ...this.#followed.slice(-NEWEST)])];
      const next = watched[turn % watched.length];
      if (next) await this.#see(world, next.job, next.queue);
      await sleep(PAUSE);
    }
  }

  /** Once more at each. */
  async lookAtAll(world: World): Promise<void> {
    const all = this.#followed.values();
    const look = async () => {
      for (const { job, queue } of all) await this.#see(world, job, queue, 5);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, look));
  }

  /** Whether it is paused, asked until there is an answer. */
  async seesPaused(world: World, job: string, queue: QueueName): Promise<boolean> {
    return (await this.#see(world, job, queue, 20)) === 'paused';
  }

  async #see(world: World, job: string, queue: QueueName, tries = 1): Promise<string | undefined> {
    for (let left = tries; left > 0; left--) {
      const asked = monotonic();
      try {
        const { state, skipped, lastRun } = await world.schedulers[queue].getJobStatus(job);
        const last = lastRun && { lastRun: { runId: lastRun.runId, attempts: lastRun.attempts } };
        world.journal.write({ kind: 'seen', job, asked, state, skipped, ...last });
        return state;
      } catch (error) {
        // A call that was not answered has seen nothing.
        if (!(error instanceof JobNotFoundError)) continue;
        world.journal.write({ kind: 'seen', job, asked, state: 'not found' });
        return 'not found';
      }
    }
    return undefined;
  }
}
