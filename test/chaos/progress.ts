import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Started } from './workers.ts';

/** After its due time. */
const IN_TIME = 4_000;

/** Tells when handlers start, wherever. */
export class Progress {
  readonly #events = new EventEmitter().setMaxListeners(0);
  /** When the last one started. */
  last = 0;

  started({ due }: Started): void {
    this.last = Date.now();
    if (this.last - due < IN_TIME) this.#events.emit('in time');
  }

  /** Waits until one starts in time, so that nothing much has piled up, or for so long. */
  async inTime(within: number): Promise<void> {
    await Promise.race([once(this.#events, 'in time'), sleep(within)]);
  }
}
