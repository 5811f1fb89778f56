import { isDisturbed } from './deadlines.ts';
import { groupBy, type Attempt, type History } from './history.ts';
import type { JobPlan } from './line.ts';
import type { Rule, Violation } from './violation.ts';

/** Clocks of server and worker are one; milliseconds are rounded, and the server counts from a moment before the next line. */
const ROUNDING = 30;
/** A timeout counts from when the server hands an attempt out, which is so long before its handler starts at most. */
const UNDER_WAY = 2_500;
/** From the last sign of life that got through to the start of the next attempt. */
const NOTICED_WITHIN = 8_000;

/** Attempts of a run come one after another, as often and as soon as its retry policy says. */
export const attempts: Rule = (history) => {
  const violations: Violation[] = [];
  let overlapping = 0;
  let repeated = 0;
  for (const [runId, unordered] of groupBy(history.attempts, (attempt) => attempt.runId)) {
    const inOrder = unordered.toSorted((a, b) => a.attempt - b.attempt || a.startedAt - b.startedAt);
    const plan = history.plans.get(inOrder[0]!.job);
    if (!plan) {
      violations.push({
        rule: 'unexpected run',
        job: inOrder[0]!.job,
        runId,
        message: 'of a job that nobody scheduled',
      });
      continue;
    }
    const complain = (rule: string, attempt: Attempt, message: string) =>
      violations.push({
        rule,
        job: plan.id,
        runId,
        at: attempt.startedAt,
        message: `attempt ${attempt.attempt}: ${message}`,
      });
    for (const [index, attempt] of inOrder.entries()) {
      const before = inOrder[index - 1];
      const { maximumAttempts } = plan.retries;
      if (maximumAttempts > 0 && attempt.attempt > maximumAttempts)
        complain('too many attempts', attempt, `at most ${maximumAttempts}`);
      if (!before) continue;
      repeated++;
      if (before.attempt === attempt.attempt) complain('attempt twice', attempt, `by ${before.pid} and ${attempt.pid}`);
      if (isLiveWith(before, attempt)) {
        overlapping++;
        if (!mayBeLiveWith(history, plan, before, attempt))
          complain('two live attempts', attempt, `attempt ${before.attempt} lives in process ${before.pid}`);
      }
      const early = isTooSoon(history, plan, before, attempt);
      if (early > 0) complain('back-off', attempt, `${Math.round(early)} ms too soon`);
    }
  }
  return {
    violations,
    counts: { attempts: history.attempts.length, repeatedAttempts: repeated, overlappingAttempts: overlapping },
  };
};

function isLiveWith(before: Attempt, after: Attempt): boolean {
  return before.liveUntil > after.startedAt && before.startedAt < after.liveUntil;
}

/** The first was given up for lost: its time was over, or something kept its heartbeats from the server. */
function mayBeLiveWith(history: History, plan: JobPlan, before: Attempt, after: Attempt): boolean {
  const { timeout, heartbeatTimeout } = plan;
  if (timeout !== undefined && after.startedAt >= before.startedAt + timeout - UNDER_WAY) return true;
  const latest = Math.max(before.startedAt, after.startedAt);
  return isDisturbed(history, before.slot, latest - heartbeatTimeout - NOTICED_WITHIN, latest);
}

/** By how much an attempt came before its back-off was over. Only of one that threw is known from when it counts. */
function isTooSoon(history: History, plan: JobPlan, before: Attempt, after: Attempt): number {
  // One that was given up for lost may throw long after its next one began.
  if (before.outcome !== 'threw' || after.attempt !== before.attempt + 1 || after.startedAt < before.liveUntil)
    return 0;
  // The server may have given it up before its handler began, so that the wait counts from then.
  if (isDisturbed(history, before.slot, before.startedAt - plan.heartbeatTimeout - NOTICED_WITHIN, after.startedAt))
    return 0;
  const { initialInterval, backoffCoefficient, maximumInterval } = plan.retries;
  const wait = Math.min(maximumInterval, initialInterval * backoffCoefficient ** (before.attempt - 1));
  return before.liveUntil + wait - ROUNDING - after.startedAt;
}
