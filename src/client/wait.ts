import { setTimeout as sleep } from 'node:timers/promises';
import { JobFailedError, JobNotChangeableError } from '../job/errors.ts';
import { notFound } from './cancel.ts';
import { isCancelled } from './notes.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { readRun } from './run.ts';
import { describeRun, newestRuns, noSuchRun, openRuns, runWithId } from './runs.ts';

const SHORTEST_WAIT = 250;
const LONGEST_WAIT = 2_000;

/** The result of the run asked for, or else of a once job's run, of the run in progress, or of a chained job's one run. */
export async function waitFor(scope: Scope, id: string, runId: string | undefined): Promise<unknown> {
  const [record, workflow] = await Promise.all([readRecord(scope, id), describeRun(scope, id, runId)]);
  if (runId !== undefined) {
    const asked = workflow ?? (await runWithId(scope, id, runId));
    if (asked) return resultOf(scope, id, asked);
    throw record || (await describeRun(scope, id)) ? noSuchRun(id, runId) : notFound(scope, id);
  }
  const run = record ? await runOf(scope, record) : workflow;
  if (!run && !record) throw notFound(scope, id);
  const ended = run ? undefined : (await readRecord(scope, id))?.note;
  if (ended && isCancelled(ended)) throw new JobFailedError(id, `job "${id}" cancelled: ${ended.reason}`);
  if (!run)
    throw new JobNotChangeableError(
      id,
      `expected a job with a run in progress, got "${id}", which has none: triggerJob() starts one`,
    );
  return resultOf(scope, id, run);
}

async function resultOf(
  scope: Scope,
  id: string,
  run: { readonly workflowId: string; readonly runId: string },
): Promise<unknown> {
  await closed(scope, run.workflowId, run.runId);
  const info = await describeRun(scope, run.workflowId, run.runId);
  if (!info) throw notFound(scope, id);
  const { state, result, error } = await readRun(scope.client, info);
  if (state === 'completed') return result;
  throw new JobFailedError(id, `job "${id}" ${state}: ${error ?? 'no reason given'}`);
}

/** Of a job that has one run at most it may still be to come. */
async function runOf(scope: Scope, first: JobRecord): Promise<{ workflowId: string; runId: string } | undefined> {
  let wait = SHORTEST_WAIT;
  for (let record: JobRecord | undefined = first; record; record = await readRecord(scope, first.id)) {
    const run = await currentRun(scope, record);
    if (run || record.note.kind === 'ended' || record.definition.after?.repeats !== false) return run;
    await sleep(wait);
    // Each look is a list too, of which a server gives few a second.
    wait = Math.min(wait * 2, LONGEST_WAIT);
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
