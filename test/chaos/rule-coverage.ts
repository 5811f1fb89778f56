import { Deadlines, isDisturbed } from './deadlines.ts';
import { groupBy, type Attempt, type History, type Run } from './history.ts';
import { knownJobs, type Known } from './jobs-known.ts';
import { pausesOf, pausesOfJob } from './pause-windows.ts';
import { dueTimes } from './reference.ts';
import { IS_STRICT } from './settings.ts';
import type { Rule, Violation } from './violation.ts';

/** A handler may start so long before its due time: the clocks are one, the milliseconds are rounded. */
const EARLY = 5;
/** So far behind is a schedule of V1 that nothing disturbs, on a busy machine; and as far as others were just before. */
const LAG = 3_000;
const JUST_BEFORE = 60_000;
/** From now on, rounded up to a whole second, and the first due time one interval later. */
const FROM_NOW_SLACK = 1_100;

/** Each due time of a job that is surely there has its completed run, in its time, or a reason not to. */
export const coverage: Rule = (history) => {
  const deadlines = new Deadlines(history);
  const attempts = groupBy(history.attempts, ({ job }) => job);
  const violations: Violation[] = [];
  const counts = { dueTimes: 0, covered: 0, missed: 0, late: 0, unexplained: 0, skipped: 0, paused: 0 };
  for (const known of knownJobs(history)) {
    const { plan } = known;
    if (plan.when.kind === 'after' || plan.when.kind === 'never') continue;
    const job = new JobCoverage(history, known, attempts.get(plan.id) ?? [], deadlines);
    violations.push(...job.check());
    for (const [name, count] of Object.entries(job.counts)) counts[name as keyof typeof counts] += count;
  }
  return { violations, counts: { ...counts, slowestRecovery: Math.round(deadlines.slowest) } };
};

class JobCoverage {
  readonly counts = { dueTimes: 0, covered: 0, missed: 0, late: 0, unexplained: 0, skipped: 0, paused: 0 };
  readonly #history: History;
  readonly #known: Known;
  readonly #attempts: readonly Attempt[];
  readonly #deadlines: Deadlines;
  readonly #violations: Violation[] = [];

  constructor(history: History, known: Known, attempts: readonly Attempt[], deadlines: Deadlines) {
    this.#history = history;
    this.#known = known;
    this.#attempts = attempts;
    this.#deadlines = deadlines;
  }

  check(): readonly Violation[] {
    const { plan, standing, runs } = this.#known;
    const isUsed = this.#attempts.length > 0 || runs.length > 0;
    if (standing === 'refused') {
      if (isUsed) this.#violate('refused job ran', 'its call failed');
      return this.#violations;
    }
    if (plan.comesTo === 'refused') {
      this.#violate('accepted what must be refused', `its call was to fail, and is ${standing}`);
      return this.#violations;
    }
    if (standing === 'unknown') {
      if (isUsed) this.#violate('half-applied', `nobody finds the job, but it has ${runs.length} runs`);
      return this.#violations;
    }
    const times = dueTimes(plan, this.#firstDue());
    this.#checkUnexpected(times);
    if (this.#known.cancels.length > 0) return this.#violations;
    const gaps = times.filter((due) => this.#isOwed(due) && !this.#cover(due));
    if (plan.overlap === 'bufferOne' && plan.when.kind !== 'once') this.#explain(gaps);
    else for (const due of gaps.slice(0, this.#mostLost())) this.#lost(due);
    return this.#violations;
  }

  /** The limit counts runs: where a creation was answered late, later due times than the first may have used it up. */
  #mostLost(): number {
    const { plan, runs } = this.#known;
    if (plan.when.kind !== 'from now' || IS_STRICT) return Infinity;
    return Math.max(0, plan.when.runs - runs.filter(({ status }) => status === 'COMPLETED').length);
  }

  /** When a job that counts from its creation was due first; the record must tell, within the call that made it. */
  #firstDue(): number | undefined {
    const { plan, invokedAt, thereFrom } = this.#known;
    if (plan.when.kind !== 'from now') return undefined;
    const { every } = plan.when;
    const latest = thereFrom + every + FROM_NOW_SLACK;
    const first = Math.min(...this.#attempts.map(({ due }) => due));
    // One second from a moment between two seconds is the next second.
    const earliest = every > 1_000 ? invokedAt + every - 1 : invokedAt;
    if (first === Infinity || (first >= earliest && first <= latest)) return first;
    this.#violate('due at another time', `first due ${iso(first)}, created ${iso(invokedAt)} to ${iso(thereFrom)}`);
    return first;
  }

  #checkUnexpected(times: readonly number[]): void {
    const expected = new Set(times);
    const { plan, thereFrom } = this.#known;
    // First runs that were made up for are not counted by the server, so that as many more follow.
    if (plan.when.kind === 'from now' && !IS_STRICT) {
      const { every } = plan.when;
      const last = thereFrom + (plan.when.runs + 1) * every;
      for (let time = times[0] ?? Infinity; time <= last && times[0]! <= thereFrom; time += every) expected.add(time);
    }
    for (const { due, startedAt, runId } of this.#attempts) {
      if (!expected.has(due)) this.#violate('unexpected run', `due ${iso(due)}, which is no due time`, { runId });
      if (startedAt < due - EARLY) this.#violate('early', `due ${iso(due)}, started ${iso(startedAt)}`, { runId });
    }
  }

  /** Once a job is there each of its due times counts; a once job's also if it is past by then. */
  #isOwed(due: number): boolean {
    const { plan, thereFrom } = this.#known;
    if (plan.when.kind !== 'once' && plan.when.kind !== 'from now' && due <= thereFrom) return false;
    this.counts.dueTimes++;
    return true;
  }

  /** Whether the due time has its run, in its time, or none is owed. */
  #cover(due: number): boolean {
    const { plan, thereFrom } = this.#known;
    const run = this.#runOf(due);
    const wanted = plan.comesTo === 'failed' ? 'FAILED' : 'COMPLETED';
    if (run?.status === wanted) {
      this.counts.covered++;
      const done = this.#doneAt(run);
      const { at, isRecovery } = this.#deadlines.of(
        Math.max(due, Math.min(thereFrom, this.#history.overAt)),
        plan.queue,
      );
      if (done > at) {
        this.counts.late++;
        const rule = isRecovery ? 'not recovered' : 'late';
        this.#violate(rule, `due ${iso(due)}, over ${iso(done)}, at the latest ${iso(at)}`, {
          at: done,
          runId: run.runId,
        });
      }
      return true;
    }
    if (run && run.status !== 'RUNNING') {
      this.#violate(plan.comesTo === 'failed' ? 'wrong end' : 'run failed', `due ${iso(due)}, ${run.status}`, {
        at: due,
        runId: run.runId,
      });
      return true;
    }
    if (plan.when.kind !== 'once' && this.#isPaused(due)) {
      this.counts.paused++;
      return true;
    }
    return false;
  }

  #runOf(due: number): Run | undefined {
    const ids = new Set(this.#attempts.filter((attempt) => attempt.due === due).map(({ runId }) => runId));
    const ofDue = this.#known.runs.filter(({ runId }) => ids.has(runId));
    return ofDue.find(({ status }) => status === 'COMPLETED') ?? ofDue[0];
  }

  /** When the attempt whose result was kept had ended. */
  #doneAt({ runId, kept, closedAt }: Run): number {
    const ended = this.#attempts.find(
      (attempt) => attempt.runId === runId && attempt.attempt === kept?.attempt && attempt.pid === kept.pid,
    );
    return ended?.liveUntil ?? closedAt ?? Infinity;
  }

  #isPaused(due: number): boolean {
    const { id, queue } = this.#known.plan;
    const pauses = [...pausesOf(this.#history, queue), ...pausesOfJob(this.#history, id)];
    return pauses.some(({ from, to }) => due <= to && (due >= from || this.#wasNotReached(due, from)));
  }

  /** V1 hears of a pause first, and then leaves out all that was due before it and not come to yet: much after an outage. */
  #wasNotReached(due: number, pausedAt: number): boolean {
    const lag = Math.max(LAG, this.#lagBefore(pausedAt));
    const mayLag = due > pausedAt - lag || isDisturbed(this.#history, -1, due, pausedAt);
    if (IS_STRICT || !mayLag) return false;
    const startedBefore = new Set(this.#known.runs.filter((run) => run.startedAt < pausedAt).map(({ runId }) => runId));
    return !this.#attempts.some((attempt) => attempt.due >= due && startedBefore.has(attempt.runId));
  }

  /** How late the server started runs of this job in the minute before. */
  #lagBefore(at: number): number {
    const dueOf = new Map(this.#attempts.map(({ runId, due }) => [runId, due]));
    const lags = this.#known.runs
      .filter(({ startedAt }) => startedAt < at && startedAt > at - JUST_BEFORE)
      .map(({ runId, startedAt }) => startedAt - (dueOf.get(runId) ?? startedAt));
    return Math.max(0, ...lags);
  }

  /** The due times that a run before them left out are those that the server counts. */
  #explain(gaps: readonly number[]): void {
    const { plan } = this.#known;
    const last = this.#history.seen.get(plan.id)?.findLast(({ skipped }) => skipped);
    const counted = (last?.skipped?.overlap ?? 0) + (last?.skipped?.missed ?? 0);
    this.counts.skipped += Math.min(counted, gaps.length);
    // Without trouble its runs are short enough never to overlap.
    for (const due of gaps) {
      const { at, isRecovery } = this.#deadlines.of(due, plan.queue);
      if (!isRecovery) this.#violate('endless gap', `due ${iso(due)}, nothing was wrong until ${iso(at)}`, { at: due });
    }
    if (gaps.length <= counted) return;
    this.counts.unexplained += gaps.length - counted;
    const which = gaps.map(iso).join(', ');
    this.#violate('gap unexplained', `${gaps.length} due times without a run, ${counted} counted as skipped: ${which}`);
  }

  #lost(due: number): void {
    this.counts.missed++;
    const state = this.#history.seen.get(this.#known.plan.id)?.at(-1)?.state ?? 'never seen';
    const isThere = this.#known.plan.when.kind !== 'once' || state !== 'not found';
    const run = this.#runOf(due);
    const rule = isThere ? 'lost run' : 'acknowledged job lost';
    this.#violate(rule, `due ${iso(due)}, ${run ? `its run is ${run.status}` : 'no run'}; the job is ${state}`, {
      at: due,
    });
  }

  #violate(rule: string, message: string, more: Partial<Violation> = {}): void {
    const { at, runId } = more;
    this.#violations.push({
      rule,
      job: this.#known.plan.id,
      message,
      ...(at !== undefined && { at }),
      ...(runId !== undefined && { runId }),
    });
  }
}

export function iso(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString().slice(11, 23) : String(time);
}
