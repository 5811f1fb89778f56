import { seeded } from '../races/race.ts';

/** All chance of a run comes from here: one generator for each part, so that parts do not disturb each other. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number, part: string) {
    let hash = seed * 1_000_003;
    for (const letter of part) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
    this.#next = seeded(hash);
  }

  between(low: number, high: number): number {
    return low + this.#next() * (high - low);
  }

  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.whole(0, items.length - 1)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  shuffled<Item>(items: readonly Item[]): Item[] {
    return items
      .map((item) => ({ item, key: this.#next() }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ item }) => item);
  }
}
