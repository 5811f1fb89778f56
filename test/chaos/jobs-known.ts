import type { Call, History, Run } from './history.ts';
import { groupBy } from './history.ts';
import type { JobPlan } from './line.ts';

/** What is known of one job's creation. */
export interface Known {
  readonly plan: JobPlan;
  /** The first call that may have made it. */
  readonly invokedAt: number;
  /** From then on it surely was there; Infinity if it never was. */
  readonly thereFrom: number;
  /** `sure`: acknowledged, or seen; `refused`; `unknown`: no call was answered, and nobody saw it. */
  readonly standing: 'sure' | 'refused' | 'unknown';
  readonly isAcknowledged: boolean;
  readonly cancels: readonly Call[];
  readonly runs: readonly Run[];
}

/** Every job that was asked for. */
export function knownJobs(history: History): Known[] {
  const calls = groupBy(history.calls, ({ job }) => job);
  const runs = groupBy(history.runs, ({ job }) => job);
  return [...history.plans.values()].map((plan) => {
    const ofJob = calls.get(plan.id) ?? [];
    const creations = ofJob.filter(({ call }) => call === 'schedule');
    const answered = creations.filter(({ outcome }) => outcome === 'ok').map(({ returnedAt }) => returnedAt);
    const found = (history.seen.get(plan.id) ?? []).filter(({ state }) => state !== 'not found');
    const isRefused = creations.length > 0 && creations.every(({ outcome }) => outcome === 'failed');
    const thereFrom = Math.min(...answered, ...found.map(({ answeredAt }) => answeredAt));
    return {
      plan,
      invokedAt: Math.min(...creations.map(({ invokedAt }) => invokedAt)),
      thereFrom,
      standing: isRefused ? 'refused' : thereFrom < Infinity ? 'sure' : 'unknown',
      isAcknowledged: answered.length > 0,
      cancels: ofJob.filter(({ call }) => call === 'cancel'),
      runs: runs.get(plan.id) ?? [],
    };
  });
}
