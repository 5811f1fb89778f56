import {
  condition,
  defineSignal,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { code } from './markdown.ts';
import { JOB_ID } from './attributes.ts';
import { bookkeeping } from './bookkeeping.ts';
import { dueAfter, inOrder, isComplete } from './follow-up.ts';
import { LOAD_JOB, PREDECESSOR_ENDED, type Definition, type DueRun, type EndedRun } from './messages.ts';

const loadJob = bookkeeping(LOAD_JOB, 30_000);

/** A run that follows the end of one run, or the ends of several. */
export class ChainedRun {
  /** The job as its record had it last. */
  definition: Definition | undefined;
  readonly #jobId: string;
  readonly #ended = new Map<string, EndedRun>();

  constructor(jobId: string, first: EndedRun) {
    this.#jobId = jobId;
    this.#ended.set(first.jobId, first);
    setHandler(defineSignal<[EndedRun]>(PREDECESSOR_ENDED), (ended) => {
      if (!this.#ended.has(ended.jobId)) this.#ended.set(ended.jobId, ended);
    });
  }

  /**
   * Waits for all it follows and for the delay after the last end. What the job is by then stands in its record, which
   * is read again after each wait. Answers in words why there is nothing to run, where there is not.
   */
  async untilDue(): Promise<DueRun | string> {
    for (;;) {
      const predecessors = this.ends;
      const loaded = await loadJob(this.#jobId, { now: Date.now(), predecessors });
      if (loaded.found !== 'job') {
        // No run of the job then: it must not be found as one.
        upsertSearchAttributes([{ key: JOB_ID, value: null }]);
        return loaded.found === 'paused'
          ? 'not run: the job is paused and runs when resumed'
          : 'not run: the job is cancelled';
      }
      this.definition = loaded.definition;
      const dueAt = () => dueAfter(this.ends, this.#after.delay);
      if (loaded.isDue) {
        return { definition: loaded.definition, scheduledAt: new Date(dueAt()).toISOString(), predecessors };
      }
      setCurrentDetails(this.#waitsFor());
      await condition(() => isComplete(this.#after, this.ends));
      const left = dueAt() - Date.now();
      setCurrentDetails(`Waits until ${new Date(dueAt()).toISOString()}.`);
      if (left > 0) await sleep(left);
    }
  }

  #waitsFor(): string {
    const missing = this.#after.jobIds.filter((jobId) => !this.#ended.has(jobId));
    return `Waits for the end of ${missing.map(code).join(', ')}.`;
  }

  get #after() {
    return this.definition?.after ?? { jobIds: [], delay: 0 };
  }

  /** The ends it follows so far, in their order. */
  get ends(): readonly EndedRun[] {
    return inOrder(this.#ended.values());
  }
}
