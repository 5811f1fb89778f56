import type { Call, History } from './history.ts';
import type { QueueName } from './line.ts';
import { IS_STRICT } from './settings.ts';

/** A pause: surely in force from `sure.from` to `sure.to`, and perhaps for longer on both sides. */
export interface Pause {
  readonly from: number;
  readonly to: number;
  readonly sure: { readonly from: number; readonly to: number };
  /** When its resume was answered. */
  readonly answered: number;
}

/** The pauses of a whole task queue. */
export function pausesOf(history: History, queue: QueueName): Pause[] {
  const recurring = [...history.plans.values()]
    .filter((plan) => plan.queue === queue && ['interval', 'cron'].includes(plan.when.kind))
    .map(({ id }) => id);
  return pauses(history, 'pause', 'resume', (call) => call.queue === queue, applied(history, recurring));
}

/** The pauses of one job. */
export function pausesOfJob(history: History, job: string): Pause[] {
  return pauses(history, 'pauseJob', 'resumeJob', (call) => call.job === job, applied(history, [job]));
}

/**
 * A schedule of the engine V1 has heard of a resume a moment after the call was answered; a look at its job waits for
 * that.
 */
function applied(history: History, jobs: readonly string[]): (answeredAt: number) => number {
  if (IS_STRICT) return (answeredAt) => answeredAt;
  const looks = jobs.map((job) => (history.seen.get(job) ?? []).filter(({ state }) => state !== 'paused'));
  return (answeredAt) =>
    Math.max(
      answeredAt,
      ...looks.map((seen) => seen.find(({ askedAt }) => askedAt > answeredAt)?.answeredAt ?? answeredAt),
    );
}

function pauses(
  history: History,
  begin: Call['call'],
  end: Call['call'],
  isAbout: (call: Call) => boolean,
  appliedAt: (answeredAt: number) => number,
): Pause[] {
  const found: Pause[] = [];
  let from: number | undefined;
  let sureFrom = Infinity;
  let sureTo: number | undefined;
  for (const call of history.calls.filter(isAbout)) {
    if (call.call === begin) {
      from ??= call.invokedAt;
      if (call.outcome === 'ok') sureFrom = Math.min(sureFrom, call.returnedAt);
    } else if (call.call === end && from !== undefined) {
      sureTo ??= call.invokedAt;
      if (call.outcome !== 'ok') continue;
      found.push({
        from,
        to: appliedAt(call.returnedAt),
        sure: { from: sureFrom, to: sureTo },
        answered: call.returnedAt,
      });
      [from, sureFrom, sureTo] = [undefined, Infinity, undefined];
    }
  }
  const { overAt } = history;
  if (from !== undefined)
    found.push({ from, to: overAt, sure: { from: sureFrom, to: sureTo ?? overAt }, answered: Infinity });
  return found;
}
