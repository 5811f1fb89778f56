import type { Job } from '../job/job.ts';
import { RUN_JOB, type After } from '../workflows/messages.ts';
import { cancel } from './cancel.ts';
import { catchFirstRuns } from './first-runs.ts';
import { ifFound } from './map-error.ts';
import { changeRecord, type JobRecord, type Scope } from './record.ts';
import type { WorkflowInfo } from './run.ts';
import { toScheduleOptions, toStartOptions } from './to-temporal.ts';

/**
 * Puts a job in the place of another. A recurring job becomes another recurring one in one step, and runs that are
 * under way go on; in every other case the old job is cancelled first. A record that a person has paused stays paused:
 * whoever did it had a reason, and did not think of a new definition.
 */
export async function replace(
  scope: Scope,
  job: Job,
  after: After | undefined,
  record: JobRecord | undefined,
  workflow: WorkflowInfo | undefined,
): Promise<void> {
  const { client, queue } = scope;
  const createdAt = new Date();
  const isRecurring = job.schedule.kind === 'interval' || job.schedule.kind === 'cron';
  if (record && isRecurring && !record.definition.after) {
    const options = toScheduleOptions(job, queue, createdAt);
    const { note, remainingActions = null } = options.state;
    await changeRecord(scope, job.id, (before) => ({
      options,
      remainingActions,
      ...(pauseByPerson(before) ?? { note, paused: false }),
    }));
    return;
  }
  if (record) {
    await cancel(scope, job.id, 'replaced');
    await ifFound(client.schedule.getHandle(job.id).delete());
  } else if (workflow) {
    await cancel(scope, job.id, 'replaced');
  }
  if (job.schedule.kind === 'once') {
    const { memo, ...options } = toStartOptions(job, queue, createdAt);
    await client.workflow.start(RUN_JOB, {
      ...options,
      memo: { ...memo, replaces: true },
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
  } else {
    const { memo, ...options } = { memo: {}, ...toScheduleOptions(job, queue, createdAt, { after }) };
    const state = { ...options.state, ...pauseByPerson(record) };
    await client.schedule.create({ ...options, state, memo: { ...memo, replaces: true } });
    if (job.schedule.kind !== 'afterJob') await catchFirstRuns(scope, job, job.schedule, createdAt);
  }
  if (workflow) await forgetRun(scope, workflow);
}

/** The pause of a person, as a schedule's state has it. */
function pauseByPerson(record: JobRecord | undefined): { paused: true; note: string } | undefined {
  const { note } = record ?? {};
  return note?.kind === 'paused' && note.by === 'person' ? { paused: true, note: note.reason } : undefined;
}

/**
 * The replaced once job would stay in the lists, under the id that names another one now. The server takes half a minute
 * to delete it; until then a list that has both leaves it out, see list.ts.
 */
async function forgetRun({ client }: Scope, { workflowId, runId }: WorkflowInfo): Promise<void> {
  const { namespace } = client.options;
  await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId, runId } });
}
