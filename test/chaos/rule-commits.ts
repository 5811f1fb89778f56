import { groupBy } from './history.ts';
import type { Rule, Violation } from './violation.ts';
import { iso } from './rule-coverage.ts';

/** A due time has one run at most that completed, whose result is that of an attempt which did the work. */
export const commits: Rule = (history) => {
  const violations: Violation[] = [];
  const completed = new Map(history.runs.filter(({ status }) => status === 'COMPLETED').map((run) => [run.runId, run]));
  const runsOf = groupBy(history.attempts, ({ job, due, after }) => `${job} ${after?.runId ?? due}`);
  let duplicated = 0;
  for (const ofDue of runsOf.values()) {
    const [{ job, due } = { job: '', due: 0 }] = ofDue;
    // By what the handlers wrote, and by what the server kept.
    const worked = new Set(ofDue.filter(({ outcome }) => outcome === 'ok').map(({ runId }) => runId));
    const kept = new Set(ofDue.filter(({ runId }) => completed.has(runId)).map(({ runId }) => runId));
    if (worked.size <= 1 && kept.size <= 1) continue;
    duplicated++;
    violations.push({
      rule: 'double run',
      job,
      at: due,
      message: `due ${iso(due)}: ${[...worked, ...kept].join(', ')}`,
    });
  }
  const workedBy = new Set(
    history.attempts
      .filter(({ outcome }) => outcome === 'ok')
      .map(({ runId, attempt, pid }) => `${runId} ${attempt} ${pid}`),
  );
  for (const { job, runId, kept } of completed.values()) {
    if (kept && workedBy.has(`${runId} ${kept.attempt} ${kept.pid}`)) continue;
    const message = kept ? `attempt ${kept.attempt} of process ${kept.pid}` : 'without a result';
    violations.push({ rule: 'commit without work', job, runId, message });
  }
  const triggers = groupBy(
    history.calls.filter(({ call }) => call === 'trigger'),
    ({ job }) => job ?? '',
  );
  for (const [job, calls] of triggers) {
    const started = new Set(history.attempts.filter((attempt) => attempt.job === job).map(({ runId }) => runId));
    const asked = calls.filter(({ outcome }) => outcome !== 'failed').length;
    if (started.size > asked)
      violations.push({ rule: 'double run', job, message: `${started.size} runs of ${asked} triggers` });
    for (const { runId, invokedAt } of calls.filter(({ outcome }) => outcome === 'ok')) {
      if (runId !== undefined && completed.has(runId)) continue;
      violations.push({ rule: 'lost run', job, at: invokedAt, message: `triggered ${iso(invokedAt)}, run ${runId}` });
    }
  }
  return {
    violations,
    counts: { duplicated, completedRuns: completed.size, triggers: [...triggers.values()].flat().length },
  };
};
