/**
 * When to act, in a race whose middle is elsewhere on each machine and under each load: around the moment at which both
 * outcomes are as likely, which the outcomes themselves tell.
 */
export class Aim {
  #middle: number;
  readonly #spread: number | undefined;

  private constructor(middle: number, spread: number | undefined) {
    this.#middle = middle;
    this.#spread = spread;
  }

  /** At most so many milliseconds before or after the middle. */
  static around(middle: number, spread = 50): Aim {
    return new Aim(middle, spread);
  }

  /** At any moment from the start to as long after the middle as that is after the start. */
  static through(middle: number): Aim {
    return new Aim(middle, undefined);
  }

  /** Milliseconds to wait, for a number from 0 to 1. */
  at(random: number): number {
    return Math.max(0, this.#middle + (random * 2 - 1) * (this.#spread ?? this.#middle));
  }

  learn(wasEarly: boolean): void {
    const step = (this.#spread ?? this.#middle) / 4;
    this.#middle = Math.max(1, this.#middle + (wasEarly ? step : -step));
  }
}
