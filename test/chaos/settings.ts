import type { QueueName } from './line.ts';

/**
 * Whether also what is known, and told in docs/reliability.md, counts as a violation: that Temporal's engine V1 answers a
 * pause or a resume before it has come to it, and that `maxRuns` leaves out first runs that had to be made up for.
 */
export const IS_STRICT = process.env['CHAOS_STRICT'] === '1';
/** The promise of the suite: so long after the last fault everything that was due has run. */
export const RECOVERED_WITHIN = 30_000;
/** Beyond that the backlog may only be worked off with no longer a pause than this between two runs. */
export const STANDSTILL = 15_000;
/** So late a run may be over that nothing disturbed: generous, since the machine may be busy. */
export const LATE_AFTER = 10_000;
export const HEARTBEAT_TIMEOUT = 3_000;
/** How many handlers a worker runs at once. */
export const LIMITS: Readonly<Record<QueueName, number>> = { main: 6, held: 4, narrow: 1 };
export const SLOTS = 2;
/** The one that works on the narrow queue too. */
export const NARROW_SLOT = 0;
export const CALL_TIMEOUT = 10_000;
