import { knownJobs } from './jobs-known.ts';
import type { Rule } from './violation.ts';

/** Counts how the races went. What is wrong in them the other rules see. */
export const races: Rule = (history) => {
  const counts = { cancelledBefore: 0, cancelledAfter: 0, followedBefore: 0, followedAfter: 0 };
  const closedAt = new Map(
    history.runs.map(({ job, closedAt: at, status }) => [job, status === 'COMPLETED' ? at : undefined]),
  );
  for (const { plan, cancels, thereFrom, isAcknowledged } of knownJobs(history)) {
    if (plan.race === 'cancel' && cancels.some(({ outcome }) => outcome === 'ok')) {
      if (closedAt.get(plan.id) === undefined) counts.cancelledBefore++;
      else counts.cancelledAfter++;
    }
    if (plan.race === 'follow' && plan.when.kind === 'after' && isAcknowledged) {
      const end = closedAt.get(plan.when.job);
      if (end === undefined) continue;
      if (thereFrom < end) counts.followedBefore++;
      else counts.followedAfter++;
    }
  }
  return { violations: [], counts };
};
