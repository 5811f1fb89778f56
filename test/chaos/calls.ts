import { setTimeout as sleep } from 'node:timers/promises';
import { SchedulerError, SchedulerUnavailableError } from '../../src/index.ts';
import type { Journal } from './journal.ts';
import type { CallName, LineOf, QueueName } from './line.ts';

export type Outcome = LineOf<'return'>['outcome'];
type About = { readonly job?: string; readonly queue?: QueueName };

const TRY_AGAIN_AFTER = 400;

/** The client's calls, each with a line before it and one after it. */
export class Calls {
  readonly #journal: Journal;
  #count = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  async make(call: CallName, about: About, perform: () => Promise<unknown>): Promise<Outcome> {
    const op = ++this.#count;
    this.#journal.write({ kind: 'invoke', op, call, ...about });
    try {
      const answer = await perform();
      const runId = (answer as { runId?: unknown } | undefined)?.runId;
      this.#journal.write({ kind: 'return', op, outcome: 'ok', ...(typeof runId === 'string' && { runId }) });
      return 'ok';
    } catch (error) {
      // Only what the library says with its own words is known not to have happened.
      const isKnown = error instanceof SchedulerError && !(error instanceof SchedulerUnavailableError);
      const outcome = isKnown ? 'failed' : 'unknown';
      this.#journal.write({ kind: 'return', op, outcome, error: String(error).slice(0, 300) });
      return outcome;
    }
  }

  /** Makes the call again while it is not known what became of it. */
  async insist(
    call: CallName,
    about: About,
    perform: () => Promise<unknown>,
    tries: number = Infinity,
  ): Promise<Outcome> {
    for (let left = tries; ; await sleep(TRY_AGAIN_AFTER)) {
      const outcome = await this.make(call, about, perform);
      if (outcome !== 'unknown' || --left <= 0) return outcome;
    }
  }
}
