import { setTimeout as sleep } from 'node:timers/promises';
import { JobFailedError, JobNotChangeableError } from '../job/errors.ts';
import { notFound } from './cancel.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { readRun } from './run.ts';
import { describeRun, newestRuns, openRuns } from './runs.ts';

const LOOK_EVERY = 250;

/** The result of a once job's run, of the run in progress, or of a chained job's one run. */
export async function waitFor(scope: Scope, id: string): Promise<unknown> {
  const [record, workflow] = await Promise.all([readRecord(scope, id), describeRun(scope, id)]);
  const run = record ? await runOf(scope, record) : workflow;
  if (!run && !record) throw notFound(scope, id);
  const ended = run ? undefined : (await readRecord(scope, id))?.note;
  if (ended?.kind === 'ended' && ended.state === 'cancelled')
    throw new JobFailedError(id, `job "${id}" cancelled: ${ended.reason}`);
  if (!run)
    throw new JobNotChangeableError(
      id,
      `expected a job with a run in progress, got "${id}", which has none: triggerJob() starts one`,
    );
  await closed(scope, run.workflowId, run.runId);
  const info = await describeRun(scope, run.workflowId, run.runId);
  if (!info) throw notFound(scope, id);
  const { state, result, error } = await readRun(scope.client, info);
  if (state === 'completed') return result;
  throw new JobFailedError(id, `job "${id}" ${state}: ${error ?? 'no reason given'}`);
}

/** Of a job that has one run at most it may still be to come. */
async function runOf(scope: Scope, first: JobRecord): Promise<{ workflowId: string; runId: string } | undefined> {
  for (let record: JobRecord | undefined = first; record; record = await readRecord(scope, first.id)) {
    const run = await currentRun(scope, record);
    if (run || record.note.kind === 'ended' || record.definition.after?.repeats !== false) return run;
    await sleep(LOOK_EVERY);
  }
  return undefined;
}

async function currentRun(scope: Scope, record: JobRecord) {
  const [open] = await openRuns(scope, record);
  if (open) return open;
  if (record.note.kind === 'ended' && record.note.run) return record.note.run;
  return record.note.kind === 'ended' ? (await newestRuns(scope, record.id, 1))[0] : undefined;
}

/** Waits until a run is closed, however it ended. */
export async function closed({ client }: Scope, workflowId: string, runId: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId, runId).result();
  } catch (error) {
    if (!(error instanceof Error && error.name === 'WorkflowFailedError')) throw error;
  }
}
