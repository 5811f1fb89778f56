/** Interleaved pairs of ours and raw, and what can be said of their ratio. */

export interface Comparison {
  readonly name: string;
  readonly unit: string;
  /** What the ratio of ours to raw is to reach: at least for a rate, at most for a time. Told only, if there is none. */
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number };
  /** One measurement of each side: its values, of which the median counts. They take turns. */
  readonly ours: () => Promise<number | readonly number[]>;
  readonly raw: () => Promise<number | readonly number[]>;
  /** Percentiles of all the values of all pairs, to be told beside the median, such as 0.99. */
  readonly percentiles?: readonly number[];
  /** Untimed measurements of each side before the first pair. @default 1 */
  readonly warmUp?: number;
  /** No pair is begun after so long, in milliseconds, once there are five. */
  readonly budget: number;
}

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly raw?: number;
  readonly ratio?: number;
  /** Where the median of the ratio lies, with 95 % confidence (94 % for five pairs). */
  readonly interval?: readonly [number, number];
  readonly goal?: string;
  readonly isMet?: boolean;
  /** Pairs, and values of each side in all of them. */
  readonly runs?: number;
  readonly values?: number;
  /** The middle half of the pairs' values. */
  readonly spread?: { readonly ours: readonly [number, number]; readonly raw: readonly [number, number] };
  /** Why not to trust it. */
  readonly note?: string;
}

const FEWEST_PAIRS = 5;
const MOST_PAIRS = 40;
const NARROW = 0.1;

/** Measures in pairs, in alternating order, until the median of the ratio is known well enough. */
export async function compare(comparison: Comparison): Promise<Figure[]> {
  const { ours, raw, budget, warmUp = 1, percentiles = [] } = comparison;
  for (let times = 0; times < warmUp; times++) {
    await ours();
    await raw();
  }
  const measured = { ours: [] as number[][], raw: [] as number[][] };
  const began = performance.now();
  for (let pairs = 0; pairs < MOST_PAIRS; pairs++) {
    if (pairs >= FEWEST_PAIRS && (performance.now() - began > budget || isNarrow(ratios(measured)))) break;
    for (const side of pairs % 2 === 0 ? (['ours', 'raw'] as const) : (['raw', 'ours'] as const)) {
      measured[side].push([await (side === 'ours' ? ours : raw)()].flat());
    }
  }
  const figure = summarize(comparison, measured);
  return [figure, ...percentiles.map((part) => atPercentile(comparison, measured, part))];
}

type Measured = Record<'ours' | 'raw', readonly (readonly number[])[]>;

function ratios({ ours, raw }: Measured): number[] {
  return ours.map((values, index) => median(values) / median(raw[index] ?? []));
}

function isNarrow(values: readonly number[]): boolean {
  const [low, high] = intervalOfMedian(values);
  return high - low < NARROW;
}

function summarize({ name, unit, goal }: Comparison, measured: Measured): Figure {
  const found = ratios(measured);
  const ratio = median(found);
  const interval = intervalOfMedian(found);
  const ours = measured.ours.map((values) => median(values));
  const raw = measured.raw.map((values) => median(values));
  const isWide = interval[1] - interval[0] >= NARROW;
  return {
    name,
    unit,
    ours: median(ours),
    raw: median(raw),
    ratio,
    interval,
    ...verdict(goal, ratio),
    runs: found.length,
    values: measured.ours.flat().length,
    spread: {
      ours: [percentile(ours, 0.25), percentile(ours, 0.75)],
      raw: [percentile(raw, 0.25), percentile(raw, 0.75)],
    },
    ...(isWide && { note: `interval ${(interval[1] - interval[0]).toFixed(2)} wide` }),
  };
}

/** A percentile needs all the values: its interval comes from drawing the pairs anew. */
function atPercentile({ name, unit, goal }: Comparison, measured: Measured, part: number): Figure {
  const ratioOf = (picked: readonly number[]) =>
    percentile(
      picked.flatMap((index) => measured.ours[index] ?? []),
      part,
    ) /
    percentile(
      picked.flatMap((index) => measured.raw[index] ?? []),
      part,
    );
  const all = measured.ours.map((_, index) => index);
  const random = generator(1);
  const drawn = Array.from({ length: 1_000 }, () => ratioOf(all.map(() => Math.floor(random() * all.length))));
  const interval = [percentile(drawn, 0.025), percentile(drawn, 0.975)] as const;
  const ratio = ratioOf(all);
  return {
    name: `${name}, p${part * 100}`,
    unit,
    ours: percentile(measured.ours.flat(), part),
    raw: percentile(measured.raw.flat(), part),
    ratio,
    interval,
    ...verdict(goal, ratio),
    runs: all.length,
    values: measured.ours.flat().length,
    ...(interval[1] - interval[0] >= NARROW && { note: `interval ${(interval[1] - interval[0]).toFixed(2)} wide` }),
  };
}

/** A goal in words, and whether the ratio is there. */
function verdict(goal: Comparison['goal'], ratio: number): Pick<Figure, 'goal' | 'isMet'> {
  if (!goal) return {};
  return 'atLeast' in goal
    ? { goal: `≥ ${goal.atLeast}`, isMet: ratio >= goal.atLeast }
    : { goal: `≤ ${goal.atMost}`, isMet: ratio <= goal.atMost };
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const [below = NaN, above = NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
}

/** Between which of the values the median lies, whatever their distribution: the sign test turned round. */
export function intervalOfMedian(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  // How many values at each end can be left out: that so few lie on one side of the median is less likely than 2.5 %.
  let left = 0;
  let ways = 1;
  for (let sum = 1; ; left++) {
    ways *= (count - left) / (left + 1);
    sum += ways;
    if (sum / 2 ** count > 0.025) break;
  }
  return [sorted[left] ?? NaN, sorted[count - 1 - left] ?? NaN];
}

/** Mulberry32: the same numbers each time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
