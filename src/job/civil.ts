const DAY = 86_400;

/** A wall clock's reading. Months and days count from 1, weekdays from 0 (Sunday). */
export interface Civil {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** The reading of a clock that counts seconds from 1970-01-01 00:00, of any zone. */
export function toCivil(seconds: number): Civil {
  const days = Math.floor(seconds / DAY);
  const ofDay = seconds - days * DAY;
  const date = new Date(days * DAY * 1000);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    hour: Math.floor(ofDay / 3600),
    minute: Math.floor(ofDay / 60) % 60,
    second: ofDay % 60,
  };
}

/** The inverse of toCivil. Fields beyond their range carry over. */
export function fromCivil(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}
