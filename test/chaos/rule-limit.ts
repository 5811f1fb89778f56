import { groupBy } from './history.ts';
import type { Rule, Violation } from './violation.ts';

/** No process runs more handlers of a task queue at once than its limit. */
export const limit: Rule = (history) => {
  const violations: Violation[] = [];
  let mostAtOnce = 0;
  for (const ofProcess of groupBy(history.attempts, ({ pid, slot, queue }) => `${slot} ${pid} ${queue}`).values()) {
    const { pid, queue } = ofProcess[0]!;
    const most = history.begin.limits[queue];
    // At one instant an end comes before a start.
    const steps = ofProcess
      .flatMap(({ startedAt, liveUntil, job }) => [
        { at: startedAt, by: 1, job },
        { at: liveUntil, by: -1, job },
      ])
      .toSorted((a, b) => a.at - b.at || a.by - b.by);
    let open = 0;
    for (const { at, by, job } of steps) {
      open += by;
      mostAtOnce = Math.max(mostAtOnce, open);
      if (by > 0 && open > most)
        violations.push({
          rule: 'limit exceeded',
          job,
          at,
          message: `${open} of ${queue} in process ${pid}, at most ${most}`,
        });
    }
  }
  return { violations, counts: { mostAtOnce } };
};
