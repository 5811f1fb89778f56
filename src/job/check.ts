import { InvalidArgumentError } from './errors.ts';
import { show } from './show.ts';

/** Options of a call: an object with no other keys than it knows. A misspelt option must not go unheard. */
export function checkKeys(call: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError(`${call}: expected an object with ${known.join(', ')}, got ${show(options)}`);
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new InvalidArgumentError(`${call}: expected only ${known.join(', ')}, got ${show(unknown)}`);
}

export function checkDate(name: string, date: unknown): Date {
  if (date instanceof Date && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError(`Expected \`${name}\` to be a valid Date, got ${show(date)}`);
}
