import { Deadlines } from './deadlines.ts';
import { groupBy } from './history.ts';
import { knownJobs } from './jobs-known.ts';
import { iso } from './rule-coverage.ts';
import type { Rule, Violation } from './violation.ts';

const ROUNDING = 5;

/** Each matching end of a predecessor gives one run of each job that follows it, after that end. */
export const chain: Rule = (history) => {
  const violations: Violation[] = [];
  const deadlines = new Deadlines(history);
  const known = knownJobs(history);
  const runs = new Map(history.runs.map((run) => [run.runId, run]));
  const attemptsOf = groupBy(history.attempts, ({ job }) => job);
  const recurring = new Set(['interval', 'cron', 'from now', 'never']);
  const counts = { ends: 0, missed: 0, duplicated: 0 };
  for (const { plan, thereFrom, isAcknowledged, runs: own } of known) {
    if (plan.when.kind !== 'after') continue;
    const { job: parent, delay, on } = plan.when;
    const complain = (rule: string, at: number, message: string) =>
      violations.push({ rule, job: plan.id, at, message });
    const attempts = attemptsOf.get(plan.id) ?? [];
    const children = groupBy(attempts, ({ after }) => after?.runId);
    const isRecurring = recurring.has(history.plans.get(parent)?.when.kind ?? '');
    for (const end of history.runs.filter((run) => run.job === parent && run.closedAt !== undefined)) {
      const isMatch = end.status === 'COMPLETED' ? on !== 'failure' : end.status === 'FAILED' && on !== 'success';
      const ofEnd = children.get(end.runId) ?? [];
      const ids = new Set(ofEnd.map(({ runId }) => runId));
      if (!isMatch) {
        if (ids.size > 0)
          complain('run after the wrong end', ofEnd[0]!.startedAt, `${parent} is ${end.status}, it follows ${on}`);
        continue;
      }
      // An end of a recurring job counts from the registration on, that of a once job always.
      const closedAt = end.closedAt ?? 0;
      const isOwed = isAcknowledged && (!isRecurring || closedAt > thereFrom);
      if (ids.size > 1) {
        counts.duplicated++;
        complain('child twice', ofEnd[0]!.startedAt, `${ids.size} runs after ${end.runId}`);
      }
      if (isOwed) counts.ends++;
      const kept = own.find(({ runId, status }) => ids.has(runId) && status === 'COMPLETED');
      const deadline = deadlines.of(Math.max(closedAt + delay, thereFrom), plan.queue);
      if (isOwed && !kept) {
        counts.missed++;
        complain('child lost', closedAt, `no completed run after ${parent}, which ended ${iso(closedAt)}`);
      } else if (isOwed && kept && (kept.closedAt ?? Infinity) > deadline.at) {
        const rule = deadline.isRecovery ? 'not recovered' : 'late';
        complain(rule, closedAt, `over ${iso(kept.closedAt ?? Infinity)}, at the latest ${iso(deadline.at)}`);
      }
      const done = history.attempts.find(
        ({ runId, attempt, pid }) => runId === end.runId && attempt === end.kept?.attempt && pid === end.kept.pid,
      );
      const from = (done?.liveUntil ?? end.startedAt) + delay - ROUNDING;
      for (const { startedAt } of ofEnd) {
        if (startedAt < from)
          complain('child before parent', startedAt, `starts ${iso(startedAt)}, not before ${iso(from)}`);
      }
    }
    for (const { after, runId, startedAt } of attempts) {
      if (after?.job === parent && runs.get(after.runId)?.job === parent) continue;
      complain('child without parent', startedAt, `run ${runId} follows ${after?.runId ?? 'nothing'}`);
    }
  }
  return {
    violations,
    counts: { chainEnds: counts.ends, missedChildren: counts.missed, duplicatedChildren: counts.duplicated },
  };
};
