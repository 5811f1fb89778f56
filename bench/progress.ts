import { stderr } from 'node:process';
import { bar } from '../src/client/progress.ts';

const { isTTY: isTerminal } = stderr;

/** A bar on a terminal's standard error, and nothing elsewhere. */
export class Progress {
  readonly #steps: number;
  readonly #began = performance.now();
  #done = 0;
  #what = '';
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(steps: number) {
    this.#steps = steps;
    if (isTerminal) this.#timer = setInterval(() => this.#draw(), 500).unref();
  }

  /** The next step, and what it is. */
  next(what: string): void {
    this.#what = what;
    this.#draw();
    this.#done++;
  }

  /** Takes the bar away, so that a line can be written. */
  clear(): void {
    if (isTerminal) stderr.write('\r\u001b[K');
  }

  stop(): void {
    clearInterval(this.#timer);
    this.clear();
  }

  #draw(): void {
    if (!isTerminal) return;
    const seconds = Math.round((performance.now() - this.#began) / 1_000);
    stderr.write(`\r\u001b[K${bar(Math.min(this.#done, this.#steps) / this.#steps)} ${seconds} s  ${this.#what}`);
  }
}
