import ms, { type StringValue } from 'ms';

type Unit =
  | 'ms'
  | 's'
  | 'sec'
  | 'second'
  | 'm'
  | 'min'
  | 'minute'
  | 'h'
  | 'hour'
  | 'd'
  | 'day'
  | 'w'
  | 'week'
  | 'y'
  | 'year';
type UnitOrPlural = Unit | `${Unit}s`;

/** Milliseconds, or a string such as `'90s'`, `'5 minutes'`, `'1.5h'`, `'1 day'`. */
export type Duration = number | `${number}${UnitOrPlural}` | `${number} ${UnitOrPlural}`;

/** Milliseconds of a duration, or undefined where it is none: not finite, not understood, or negative. */
export function parseDuration(duration: unknown): number | undefined {
  const isText = typeof duration === 'string' && duration.length > 0 && duration.length <= 100;
  const milliseconds = isText ? ms(duration as StringValue) : duration;
  const isDuration = typeof milliseconds === 'number' && Number.isFinite(milliseconds) && milliseconds >= 0;
  return isDuration ? milliseconds : undefined;
}
