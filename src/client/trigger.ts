import { randomUUID } from 'node:crypto';
import { JobNotChangeableError } from '../job/errors.ts';
import type { RunInfo } from '../job/status.ts';
import { CHANGE, type OnceChange } from '../workflows/messages.ts';
import { notFound } from './cancel.ts';
import { withoutExtras } from './from-temporal.ts';
import { updateOnce } from './pause-job.ts';
import { isCancelled } from './notes.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { readRun } from './run.ts';
import { describeRun } from './runs.ts';
import { startRun } from './start-run.ts';

/** Starts a run of a job now, beside any other. */
export async function trigger(scope: Scope, id: string): Promise<RunInfo> {
  const [record, workflow] = await Promise.all([readRecord(scope, id), describeRun(scope, id)]);
  if (record) return triggerScheduled(scope, record);
  if (!workflow) throw notFound(scope, id);
  if (workflow.status.name !== 'RUNNING')
    throw new JobNotChangeableError(id, `expected a job to run, got the once job "${id}", which has ended`);
  const at = new Date().toISOString();
  const change: OnceChange = { input: { at }, memo: { at } };
  await updateOnce(scope.client, id, CHANGE, change);
  return withoutExtras(await readRun(scope.client, (await describeRun(scope, id)) ?? workflow));
}

/**
 * A start of our own rather than the schedule's trigger: that one drops the second of two in the same second, and does
 * not say which run it was.
 */
async function triggerScheduled(scope: Scope, record: JobRecord): Promise<RunInfo> {
  const { id, note, definition } = record;
  if (isCancelled(note)) throw new JobNotChangeableError(id, `job "${id}" is cancelled: it can't be triggered`);
  const workflowId = `${id}/run/${new Date().toISOString()}-${randomUUID().slice(0, 4)}`;
  await startRun(scope, record, { workflowId, staticSummary: `${definition.jobType}: ${id}, triggered` });
  const info = await describeRun(scope, workflowId);
  if (!info) throw notFound(scope, workflowId);
  return withoutExtras(await readRun(scope.client, info));
}
