import type { Footprint } from './footprint.ts';

export interface Sample {
  readonly minute: number;
  readonly worker: Footprint;
  readonly client: Footprint;
  /** Events in the longest history of a workflow that lives on. */
  readonly history: number;
}

interface Trend {
  readonly first: number;
  readonly last: number;
  /** Of a straight line through the samples after the warm-up; of memory, from the peak of their first half to that of their second. */
  readonly growthPerHour: number;
  readonly isFlat: boolean;
}

// Caches fill for some minutes: of workflows, of compiled code.
const WARM_UP = 0.3;

interface Series {
  readonly of: (sample: Sample) => number;
  /** So much may it rise in an hour. */
  readonly atMost: number;
  /** A busy system takes back pages that a process does not use, so that only the peaks of its memory tell. */
  readonly byPeaks?: boolean;
}

const SERIES: Readonly<Record<string, Series>> = {
  'worker heap, MB': { of: ({ worker }) => worker.heap, atMost: 3 },
  'worker memory, MB': { of: ({ worker }) => worker.rss, atMost: 20, byPeaks: true },
  'worker files': { of: ({ worker }) => worker.files, atMost: 2 },
  'worker handles': { of: ({ worker }) => worker.handles, atMost: 3 },
  'client heap, MB': { of: ({ client }) => client.heap, atMost: 3 },
  'client memory, MB': { of: ({ client }) => client.rss, atMost: 20, byPeaks: true },
  'client files': { of: ({ client }) => client.files, atMost: 2 },
  'client handles': { of: ({ client }) => client.handles, atMost: 3 },
  'longest history, events': { of: ({ history }) => history, atMost: 1 },
};

export function trend(samples: readonly Sample[]): Record<string, Trend> {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  return Object.fromEntries(
    Object.entries(SERIES).map(([name, { of, atMost, byPeaks }]) => {
      const points = warm.map((sample) => [sample.minute / 60, of(sample)] as const);
      const growthPerHour = byPeaks ? riseOfPeaks(points) : slope(points);
      const round = (value: number) => Math.round(value * 100) / 100;
      const ends = { first: round(of(warm[0]!)), last: round(of(warm.at(-1)!)) };
      return [name, { ...ends, growthPerHour: round(growthPerHour), isFlat: growthPerHour <= atMost }];
    }),
  );
}

export function valuesOf(samples: readonly Sample[]): Record<string, number[]> {
  return Object.fromEntries(Object.entries(SERIES).map(([name, { of }]) => [name, samples.map(of)]));
}

type Point = readonly [hour: number, value: number];

function riseOfPeaks(points: readonly Point[]): number {
  const half = Math.ceil(points.length / 2);
  const peak = (part: readonly Point[]) => Math.max(...part.map(([, value]) => value));
  const hours = ((points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0)) / 2;
  return (peak(points.slice(half)) - peak(points.slice(0, half))) / (hours || 1);
}

/** Of the line of least squares. */
function slope(points: readonly Point[]): number {
  const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point[0]), mean((point) => point[1])];
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  const below = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return below === 0 ? 0 : above / below;
}
