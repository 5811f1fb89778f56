import type { Footprint } from './footprint.ts';

export interface Sample {
  readonly minute: number;
  readonly worker: Footprint;
  readonly client: Footprint;
  /** Events in the longest history of a workflow that lives on. */
  readonly history: number;
}

export interface Trend {
  readonly first: number;
  readonly last: number;
  /** Of a straight line through the samples after the warm-up. */
  readonly growthPerHour: number;
  readonly isFlat: boolean;
}

// Caches fill for some minutes: of workflows, of compiled code.
const WARM_UP = 0.3;
/** So much may a straight line rise in an hour. */
const SERIES: Readonly<Record<string, { of: (sample: Sample) => number; atMost: number }>> = {
  'worker heap, MB': { of: ({ worker }) => worker.heap, atMost: 3 },
  'worker memory, MB': { of: ({ worker }) => worker.rss, atMost: 20 },
  'worker files': { of: ({ worker }) => worker.files, atMost: 2 },
  'worker handles': { of: ({ worker }) => worker.handles, atMost: 3 },
  'client heap, MB': { of: ({ client }) => client.heap, atMost: 3 },
  'client memory, MB': { of: ({ client }) => client.rss, atMost: 20 },
  'client files': { of: ({ client }) => client.files, atMost: 2 },
  'client handles': { of: ({ client }) => client.handles, atMost: 3 },
  'longest history, events': { of: ({ history }) => history, atMost: 1 },
};

export function trend(samples: readonly Sample[]): Record<string, Trend> {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  return Object.fromEntries(
    Object.entries(SERIES).map(([name, { of, atMost }]) => {
      const growthPerHour = slope(warm.map((sample) => [sample.minute / 60, of(sample)]));
      const round = (value: number) => Math.round(value * 100) / 100;
      const ends = { first: round(of(warm[0]!)), last: round(of(warm.at(-1)!)) };
      return [name, { ...ends, growthPerHour: round(growthPerHour), isFlat: growthPerHour <= atMost }];
    }),
  );
}

export function valuesOf(samples: readonly Sample[]): Record<string, number[]> {
  return Object.fromEntries(Object.entries(SERIES).map(([name, { of }]) => [name, samples.map(of)]));
}

/** Of the line of least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point[0]), mean((point) => point[1])];
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  const below = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return below === 0 ? 0 : above / below;
}
