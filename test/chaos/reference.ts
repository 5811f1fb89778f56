// When a job is due, by other means than the product has.
import { Cron } from 'croner';
import type { JobPlan } from './line.ts';

/** The due times of a job that names them; of one that counts from its creation, given its first. */
export function dueTimes({ when }: JobPlan, first?: number): number[] {
  switch (when.kind) {
    case 'once':
      return [when.at];
    case 'interval':
      return steps(when.startAt, when.every, when.endAt);
    case 'from now':
      return first === undefined ? [] : steps(first, when.every, first + when.every * (when.runs - 1));
    case 'cron': {
      const cron = new Cron(when.expression, { timezone: 'UTC' });
      const times: number[] = [];
      for (let next = cron.nextRun(new Date(when.startAt - 1_000)); next && next.getTime() <= when.endAt;) {
        times.push(next.getTime());
        next = cron.nextRun(next);
      }
      return times;
    }
    case 'after':
    case 'never':
      return [];
  }
}

function steps(from: number, every: number, to: number): number[] {
  return Array.from({ length: Math.max(0, Math.floor((to - from) / every) + 1) }, (_, index) => from + index * every);
}
