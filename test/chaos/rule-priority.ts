import { groupBy, type Attempt } from './history.ts';
import type { Rule, Violation } from './violation.ts';

const RANKS = { high: 1, normal: 3, low: 5 } as const;
/** How long a task takes from the history of its run to the backlog of its queue, at most. */
const ENTERS_BACKLOG = 1_000;
/** A fault that ended so long before has no part in it. */
const FORGOTTEN = 10_000;

/** Of runs that wait for the only slot, the more urgent start first. A server that has just come back reads its backlog anew. */
export const priority: Rule = (history) => {
  const violations: Violation[] = [];
  let compared = 0;
  if (history.begin.partitions > 1) return { violations, counts: { priorityPairs: 0 } };
  const queuedAt = new Map(history.runs.map((run) => [run.runId, run.queuedAt]));
  const firsts = history.attempts.filter(
    ({ attempt, job }) => attempt === 1 && history.plans.get(job)?.burst !== undefined,
  );
  for (const ofBurst of groupBy(firsts, ({ job }) => history.plans.get(job)?.burst).values()) {
    const from = Math.min(...ofBurst.map(({ due }) => due)) - FORGOTTEN;
    const to = Math.max(...ofBurst.map(({ startedAt }) => startedAt));
    const isUnsettled = history.disturbances.some((one) => one.slots === undefined && one.from < to && one.to > from);
    if (isUnsettled) continue;
    const rankOf = ({ job }: Attempt) => RANKS[history.plans.get(job)?.priority ?? 'normal'];
    for (const urgent of ofBurst) {
      for (const other of ofBurst) {
        const waitedSince = queuedAt.get(urgent.runId);
        if (rankOf(urgent) >= rankOf(other) || waitedSince === undefined) continue;
        if (waitedSince + ENTERS_BACKLOG > other.startedAt) continue;
        compared++;
        if (urgent.startedAt < other.startedAt) continue;
        violations.push({
          rule: 'priority order',
          job: urgent.job,
          at: other.startedAt,
          message: `${other.job}, less urgent, started before it`,
        });
      }
    }
  }
  return { violations, counts: { priorityPairs: compared } };
};
