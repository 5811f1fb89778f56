import { stderr } from 'node:process';

const WIDTH = 24;
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
    const filled = Math.round((Math.min(this.#done, this.#steps) / this.#steps) * WIDTH);
    const seconds = Math.round((performance.now() - this.#began) / 1_000);
    stderr.write(`\r\u001b[K${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${seconds} s  ${this.#what}`);
  }
}
