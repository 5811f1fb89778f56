import type { JobPlan } from './line.ts';
import { dueTimes } from './reference.ts';
import type { Started } from './workers.ts';

/**
 * Which jobs have not yet run for their last due time: only for the suite, to know when it may stop waiting. A schedule
 * that has not come to it yet has no open run that could be waited for.
 */
export class Owed {
  readonly #last = new Map<string, number>();
  readonly #started = new Map<string, number>();

  expect(plan: JobPlan): void {
    const last = dueTimes(plan).at(-1);
    // Of these the last due time may be left out.
    const mayBeSkipped = plan.overlap === 'bufferOne' || plan.race === 'cancel';
    if (last !== undefined && !mayBeSkipped) this.#last.set(plan.id, last);
    this.#settle(plan.id);
  }

  started({ job, due }: Started): void {
    this.#started.set(job, Math.max(due, this.#started.get(job) ?? 0));
    this.#settle(job);
  }

  /** A pause may have taken the last due times of these. */
  excuse(word: string): void {
    for (const job of this.#last.keys()) if (job.includes(word)) this.#last.delete(job);
  }

  get jobs(): string[] {
    return [...this.#last.keys()];
  }

  #settle(job: string): void {
    if ((this.#started.get(job) ?? 0) >= (this.#last.get(job) ?? Infinity)) this.#last.delete(job);
  }
}
