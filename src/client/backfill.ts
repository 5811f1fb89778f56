import { InvalidArgumentError, JobNotChangeableError } from '../job/errors.ts';
import { dueTimes } from '../job/evaluate-spec.ts';
import { show } from '../job/show.ts';
import { notFound } from './cancel.ts';
import { inParallel } from './in-parallel.ts';
import { isAlreadyExists } from './map-error.ts';
import { readRecord, type Scope } from './record.ts';
import { describeRun } from './runs.ts';
import { startRun } from './start-run.ts';

/** How many due times one call makes up for: each is a run of its own. */
const LONGEST_BACKFILL = 1_000;

export function parseRange(range: unknown): { readonly from: Date; readonly to: Date } {
  const { from, to } = (range ?? {}) as { from?: unknown; to?: unknown };
  const isDate = (date: unknown): date is Date => date instanceof Date && !Number.isNaN(date.getTime());
  if (isDate(from) && isDate(to) && from <= to) return { from, to };
  throw new InvalidArgumentError(
    `backfillJob: expected { from, to } with two dates in order, got from ${show(from)} to ${show(to)}`,
  );
}

/**
 * Makes up for due times of the past: each that has no run yet. Starts of our own under the ids that the schedule gives
 * its runs, so that the server refuses what has run already; the schedule's own back-fill runs it a second time.
 */
export async function backfill(scope: Scope, id: string, { from, to }: { from: Date; to: Date }): Promise<void> {
  const record = await readRecord(scope, id);
  if (!record || record.definition.after) {
    if (!record && !(await describeRun(scope, id))) throw notFound(scope, id);
    throw new JobNotChangeableError(
      id,
      `expected an interval or cron job, got "${id}", which has no due times of its own`,
    );
  }
  if (record.note.kind === 'ended')
    throw new JobNotChangeableError(
      id,
      `expected a job that has not ended, got "${id}", which is ${record.note.state}`,
    );
  const due: Date[] = [];
  // What is still to come the schedule runs itself.
  const last = Math.min(to.getTime(), Date.now());
  for (const time of dueTimes(record.description.spec, from.getTime() - 1)) {
    if (time > last) break;
    if (due.push(new Date(time)) <= LONGEST_BACKFILL) continue;
    throw new InvalidArgumentError(
      `backfillJob: expected a range with at most ${LONGEST_BACKFILL} due times, got more: make up for them in parts`,
    );
  }
  await inParallel(due, async (time) => {
    try {
      await startRun(scope, record, {
        workflowId: `${record.description.action.workflowId}-${time.toISOString().replace('.000Z', 'Z')}`,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: `${record.definition.jobType}: ${id}, made up for`,
        scheduledAt: time,
      });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  });
}
