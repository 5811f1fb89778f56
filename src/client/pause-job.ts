import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { JobNotChangeableError, SchedulerUnavailableError } from '../job/errors.ts';
import { PAUSE, RESUME } from '../workflows/messages.ts';
import { notFound } from './cancel.ts';
import type { QueueHold } from './hold.ts';
import { grpcStatus, isNotFound } from './map-error.ts';
import { pausedByScheduler } from './notes.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { describeRun } from './runs.ts';

const WORKER_ANSWERS_WITHIN = 10_000;

/** Pauses one job: the same as the Web UI's button and `temporal schedule toggle --pause`. */
export async function pauseJob(scope: Scope, id: string, reason: string): Promise<void> {
  const record = await open(scope, id);
  if (record) await patch(scope, id, { pause: reason });
  else await updateOnce(scope.client, id, PAUSE, reason);
}

/** Ends the pause of one job. While all jobs are paused, so is this one still. */
export async function resumeJob(scope: Scope, hold: QueueHold, id: string): Promise<void> {
  const record = await open(scope, id);
  if (!record) return updateOnce(scope.client, id, RESUME);
  const held = record.definition.after ? undefined : await hold.read();
  const { paused } = record.description.state;
  if (held) await patch(scope, id, { pause: pausedByScheduler(held.reason, held.token) });
  else if (paused) await patch(scope, id, { unpause: 'Resumed' });
}

/** The record of a job that has not ended, or undefined if it is a once job. */
async function open(scope: Scope, id: string): Promise<JobRecord | undefined> {
  const [record, workflow] = await Promise.all([readRecord(scope, id), describeRun(scope, id)]);
  if (!record && !workflow) throw notFound(scope, id);
  const ended = record?.note.kind === 'ended' ? record.note.state : undefined;
  if (ended || (!record && workflow?.status.name !== 'RUNNING')) {
    throw new JobNotChangeableError(
      id,
      `expected a job that has not ended, got "${id}", which ${ended ? `is ${ended}` : 'has ended'}`,
    );
  }
  return record;
}

async function patch(scope: Scope, scheduleId: string, wanted: { pause: string } | { unpause: string }): Promise<void> {
  const { namespace, identity } = scope.client.options;
  await scope.client.workflowService.patchSchedule({
    namespace,
    identity,
    scheduleId,
    requestId: randomUUID(),
    patch: wanted,
  });
  // A V1 schedule does what it is asked in its own time. Its description waits for that: what is due then, is so now.
  await readRecord(scope, scheduleId);
}

/** Updates the workflow of a once job that waits. It has to be woken for that, which takes a worker. */
export async function updateOnce(client: Client, id: string, name: string, argument?: unknown): Promise<void> {
  try {
    await client.connection.withDeadline(Date.now() + WORKER_ANSWERS_WITHIN, () =>
      client.workflow.getHandle(id).executeUpdate<void, [unknown]>(name, { args: [argument] }),
    );
  } catch (cause) {
    if (cause instanceof WorkflowUpdateFailedError) {
      throw new JobNotChangeableError(
        id,
        `expected a once job that waits for its time, got "${id}", which has started already`,
        { cause },
      );
    }
    if (grpcStatus(cause)?.code === status.DEADLINE_EXCEEDED || /deadline|timed? ?out/i.test(String(cause))) {
      throw new SchedulerUnavailableError(
        `expected a worker to change the waiting job "${id}" within ${WORKER_ANSWERS_WITHIN / 1000} s, got no answer: start a worker and call again`,
        { cause },
      );
    }
    if (isNotFound(cause)) throw new JobNotChangeableError(id, `job "${id}" has ended meanwhile`, { cause });
    throw cause;
  }
}
