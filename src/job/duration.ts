import ms, { type StringValue } from 'ms';

/** Milliseconds, or a string such as `'90s'`, `'5 minutes'`, `'1d'`. */
export type Duration = number | StringValue;

/** Milliseconds of a duration, or undefined where it is none: not finite, not understood, or negative. */
export function parseDuration(duration: unknown): number | undefined {
  const milliseconds = typeof duration === 'string' && duration.length <= 100 ? ms(duration as StringValue) : duration;
  return typeof milliseconds === 'number' && Number.isFinite(milliseconds) && milliseconds >= 0
    ? milliseconds
    : undefined;
}
