import type { History } from './history.ts';
import type { Violation } from './violation.ts';

/** Below this a run has shown nothing. Each minute, but for the first half of one, which the start takes. */
const DUE_TIMES_A_MINUTE = 60;
const FAULTS_A_MINUTE = 4;

/** A run in which too little happened proves nothing. */
export function vacuity(history: History, counts: Readonly<Record<string, number>>): Violation[] {
  const { minutes, partitions } = history.begin;
  const least: Record<string, number> = {
    dueTimes: DUE_TIMES_A_MINUTE * minutes,
    faults: FAULTS_A_MINUTE * minutes,
    repeatedAttempts: minutes,
    chainEnds: minutes,
    pauses: 1,
    cancels: 1,
    triggers: 1,
    looks: 30 * minutes,
    // Both ways that a race can go.
    cancelledBefore: 1,
    cancelledAfter: 1,
    followedBefore: 1,
    followedAfter: 1,
    ...(partitions === 1 && minutes >= 3 && { priorityPairs: 1 }),
  };
  return Object.entries(least).flatMap(([name, wanted]) => {
    const count = counts[name] ?? 0;
    return count >= wanted
      ? []
      : [{ rule: 'too little happened', message: `${name}: ${count}, at least ${Math.ceil(wanted)} wanted` }];
  });
}
