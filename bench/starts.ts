import { setTimeout as sleep } from 'node:timers/promises';

interface Start {
  readonly at: number;
  readonly dueAt: number;
}

/** When handlers were called: told to whoever waits for it. Ours and the raw ones call the same. */
export class Starts {
  readonly #waiting = new Map<string, (at: number) => void>();
  readonly #listeners = new Set<(key: string, start: Start) => void>();
  /** When each handler with a key of `end:...` was over. */
  readonly ends = new Map<string, number>();

  /** Of the next call with this key, in milliseconds of `performance.now()`. */
  next(key: string): Promise<number> {
    return new Promise((resolve) => this.#waiting.set(key, resolve));
  }

  /** Hears of every call until the returned function is called. */
  listen(listener: (key: string, start: Start) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What every handler does. */
  async run(key: string, work = 0, dueAt = 0): Promise<null> {
    const at = performance.now();
    for (const listener of this.#listeners) listener(key, { at: performance.timeOrigin + at, dueAt });
    this.#waiting.get(key)?.(at);
    this.#waiting.delete(key);
    if (work > 0) await sleep(work);
    if (key.startsWith('end:')) this.ends.set(key, performance.now());
    return null;
  }
}
