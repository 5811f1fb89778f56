import { groupBy, type Attempt, type History } from './history.ts';
import type { Rule, Violation } from './violation.ts';

const RANKS = { high: 1, normal: 3, low: 5 } as const;
/** How long a task takes from the history of its run to the backlog of its queue, at most; and as long as calls took then. */
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
    const entersBacklog = ENTERS_BACKLOG + slowestCall(history, from, to);
    const rankOf = ({ job }: Attempt) => RANKS[history.plans.get(job)?.priority ?? 'normal'];
    for (const urgent of ofBurst) {
      for (const other of ofBurst) {
        const waitedSince = queuedAt.get(urgent.runId);
        if (rankOf(urgent) >= rankOf(other) || waitedSince === undefined) continue;
        if (waitedSince + entersBacklog > other.startedAt) continue;
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

/** How long it took at most to schedule a job: what tells how starved the machine was. */
function slowestCall({ calls }: History, from: number, to: number): number {
  const took = calls
    .filter(({ call, outcome }) => call === 'schedule' && outcome === 'ok')
    .filter(({ invokedAt, returnedAt }) => returnedAt > from && invokedAt < to)
    .map(({ invokedAt, returnedAt }) => returnedAt - invokedAt);
  return Math.max(0, ...took);
}
