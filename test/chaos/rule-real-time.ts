import { isDisturbed } from './deadlines.ts';
import type { History } from './history.ts';
import { pausesOf, pausesOfJob } from './pause-windows.ts';
import { iso } from './rule-coverage.ts';
import type { Rule, Violation } from './violation.ts';

/** A worker that was cut off, frozen or blocked may have held an attempt in its hands for so long. */
const HELD_IN_HAND = 8_000;

/** What an answered call forbids does not happen after its answer. */
export const realTime: Rule = (history) => {
  const violations: Violation[] = [];
  const counts = { pauses: 0, cancels: 0, excusedStarts: 0 };
  // An attempt that was handed out before, to a worker that could neither start it nor hear of the call.
  const isExcused = ({ slot }: { slot: number }, answeredAt: number, startedAt: number): boolean => {
    const isOne = struck(history, slot, answeredAt - HELD_IN_HAND, startedAt);
    if (isOne) counts.excusedStarts++;
    return isOne;
  };
  for (const queue of ['main', 'held', 'narrow'] as const) {
    for (const { sure } of pausesOf(history, queue)) {
      if (sure.from >= sure.to) continue;
      counts.pauses++;
      for (const attempt of history.attempts) {
        const { startedAt, job, runId } = attempt;
        if (attempt.queue !== queue || startedAt <= sure.from || startedAt >= sure.to) continue;
        if (isExcused(attempt, sure.from, startedAt)) continue;
        const message = `${queue} paused since ${iso(sure.from)}, started ${iso(startedAt)}`;
        violations.push({ rule: 'run while paused', job, runId, at: startedAt, message });
      }
    }
  }
  const pausedJobs = new Set(history.calls.filter(({ call }) => call === 'pauseJob').map(({ job }) => job ?? ''));
  for (const job of pausedJobs) {
    for (const { sure } of pausesOfJob(history, job)) {
      if (sure.from >= sure.to) continue;
      counts.pauses++;
      for (const { due, runId, startedAt } of history.attempts.filter((attempt) => attempt.job === job)) {
        // A run that had begun goes on: it is the due times meanwhile that have none.
        if (due <= sure.from || due >= sure.to) continue;
        const message = `paused since ${iso(sure.from)}, due ${iso(due)}`;
        violations.push({ rule: 'run while paused', job, runId, at: startedAt, message });
      }
    }
  }
  for (const { call, outcome, job, returnedAt } of history.calls) {
    if (call !== 'cancel' || outcome !== 'ok') continue;
    counts.cancels++;
    for (const attempt of history.attempts) {
      const { startedAt, runId } = attempt;
      if (attempt.job !== job || startedAt <= returnedAt || isExcused(attempt, returnedAt, startedAt)) continue;
      const message = `cancelled ${iso(returnedAt)}, started ${iso(startedAt)}`;
      violations.push({ rule: 'run after cancel', job, runId, at: startedAt, message });
    }
  }
  return { violations, counts };
};

/** Only what is between the server and the worker, or stops the worker, holds an attempt up. */
function struck(history: History, slot: number, from: number, to: number): boolean {
  const holdsUp = history.disturbances.filter(({ name }) =>
    /^(net-|worker-freeze|handler-block|handler-memory|misdeed|stall)/.test(name),
  );
  return isDisturbed({ ...history, disturbances: holdsUp }, slot, from, to);
}
