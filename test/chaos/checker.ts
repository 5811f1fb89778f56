// Pure: what the record says, against what was promised.
import type { History } from './history.ts';
import { MISDEED, toHistory } from './history.ts';
import type { Line } from './line.ts';
import { attempts } from './rule-attempts.ts';
import { chain } from './rule-chain.ts';
import { commits } from './rule-commits.ts';
import { coverage } from './rule-coverage.ts';
import { limit } from './rule-limit.ts';
import { priority } from './rule-priority.ts';
import { races } from './rule-races.ts';
import { realTime } from './rule-real-time.ts';
import { states } from './rule-states.ts';
import { vacuity } from './rule-vacuity.ts';
import type { Rule, Violation } from './violation.ts';

const RULES: readonly Rule[] = [coverage, commits, attempts, limit, priority, chain, states, realTime, races];

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly late: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly history: History;
}

export function check(lines: readonly Line[]): Verdict {
  const history = toHistory(lines);
  const faults: Record<string, number> = {};
  for (const { name } of history.disturbances) faults[name] = (faults[name] ?? 0) + 1;
  const { stall: stalls = 0, [MISDEED]: _, ...struck } = faults;
  const counts: Record<string, number> = {
    stalls,
    faults: Object.values(struck).reduce((sum, count) => sum + count, 0),
  };
  const violations: Violation[] = [];
  for (const rule of RULES) {
    const result = rule(history);
    violations.push(...result.violations);
    Object.assign(counts, result.counts);
  }
  violations.push(...vacuity(history, counts));
  return { violations, counts, faults: struck, late: lateness(history), history };
}

/** How long after their due times handlers started first, over all runs that have one. */
function lateness({ attempts: all }: History): Verdict['late'] {
  const first = new Map<string, number>();
  for (const { runId, startedAt, due, after } of all) {
    if (!after) first.set(runId, Math.min(first.get(runId) ?? Infinity, startedAt - due));
  }
  const sorted = [...first.values()].toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
