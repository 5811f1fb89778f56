import { ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { INTERNAL_PREFIX } from '../job/parse-job.ts';
import { RUN_JOB, SWEEP_WORKFLOW } from '../workflows/messages.ts';
import { readDependents, readDependentsOfOnce } from './dependents.ts';
import { deliver, toEndedRun } from './deliver.ts';
import { quote } from './list-query.ts';
import { isAlreadyExists } from './map-error.ts';
import { changeRecord, endWith, type Scope } from './record.ts';
import { readRun } from './run.ts';
import { describeRun } from './runs.ts';

const EVERY = '1 minute';
/** The lists may have a closed run a little later than it closed. */
const LISTS_BEHIND = 30_000;
const FIRST_LOOK_BACK = 86_400_000;

/** The task queues of which it is known, by client: another one may be of another server. */
const withSweep = new WeakMap<Client, Set<string>>();

/**
 * A run that is terminated, by a person or an overlap policy, gets no chance to start what follows it. A schedule of our
 * own, one for each task queue with a chain, looks for such runs.
 */
export async function ensureSweep({ client, queue }: Scope): Promise<void> {
  const scheduleId = `${INTERNAL_PREFIX}sweep/${queue}`;
  const known = withSweep.get(client) ?? new Set();
  if (known.has(queue)) return;
  try {
    await client.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: EVERY }] },
      action: { type: 'startWorkflow', workflowType: SWEEP_WORKFLOW, workflowId: scheduleId, taskQueue: queue },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: EVERY },
      state: { note: 'starts or cancels what follows terminated runs' },
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  withSweep.set(client, known.add(queue));
}

/** Delivers the ends of runs that were closed from outside since then. Answers where the next sweep goes on. */
export async function sweepSince(scope: Scope, since: string | undefined): Promise<string> {
  const now = Date.now();
  const from = since ?? new Date(now - FIRST_LOOK_BACK).toISOString();
  const query = `TaskQueue = ${quote(scope.queue)} AND ExecutionStatus IN ('Terminated', 'TimedOut') AND CloseTime > ${quote(from)}`;
  for await (const info of scope.client.workflow.list({ query })) {
    if (info.type !== RUN_JOB) continue;
    // One that was reset has not ended: it goes on as another run.
    const current = await describeRun(scope, info.workflowId);
    if (current && current.runId !== info.runId) continue;
    const run = await readRun(scope.client, info);
    const ended = toEndedRun(run);
    if (!ended) continue;
    const isOnce = run.jobId === run.workflowId;
    if (run.predecessor) {
      await changeRecord(scope, run.jobId, ({ note, definition }) =>
        note.kind === 'ended' || definition.after?.repeats !== false ? undefined : endWith(scope, ended),
      );
    }
    const dependents = await (isOnce ? readDependentsOfOnce(scope, run.jobId) : readDependents(scope, run.jobId));
    for (const dependent of dependents) await deliver(scope, dependent, ended);
  }
  return new Date(now - LISTS_BEHIND).toISOString();
}
