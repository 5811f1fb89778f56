import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { END_RUN, RUN_JOB } from '../../src/workflows/messages.ts';
import type { System } from './system.ts';

const BUNDLE = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));

/** A worker with our workflows, whose activities do what no worker of ours does. */
async function withBareWorker<Result>(
  { address, taskQueue }: System,
  activities: Record<string, (...args: never[]) => unknown>,
  use: () => Promise<Result>,
): Promise<Result> {
  const connection = await NativeConnection.connect({ address });
  try {
    const worker = await Worker.create({ connection, taskQueue, workflowBundle: { codePath: BUNDLE }, activities });
    return await worker.runUntil(use);
  } finally {
    await connection.close();
  }
}

/** Cancels a job whose attempt is told to stop and not heard of again, as if its worker had been killed. Answers its id. */
export async function cancelLostAttempt(reason: string, system: System): Promise<string> {
  const attempts: (() => void)[] = [];
  let started = () => {};
  const isStarted = new Promise<void>((resolve) => (started = resolve));
  const task = () =>
    new Promise<void>((resolve) => {
      attempts.push(resolve);
      started();
    });
  return withBareWorker(system, { task }, async () => {
    try {
      const id = await system.scheduler.scheduleJob({
        id: system.name('lost'),
        jobType: 'task',
        payload: 1,
        schedule: { kind: 'once', in: 0 },
        heartbeatTimeout: '1s',
      });
      await isStarted;
      await system.scheduler.cancelJob(id, { reason });
      return id;
    } finally {
      for (const finish of attempts) finish();
    }
  });
}

/** A run whose end can't be noted at first, and not by trying again. Answers its workflow id and how often that was tried. */
export async function runWithLostBookkeeping(system: System): Promise<{ workflowId: string; tries: number }> {
  const { client, taskQueue } = system;
  const workflowId = system.name('bookkeeping');
  let tries = 0;
  const activities = {
    task: () => 'done',
    [END_RUN]: () => {
      if (++tries < 3) throw ApplicationFailure.nonRetryable('given up');
      return [];
    },
  };
  await withBareWorker(system, activities, () =>
    client.workflow.execute(RUN_JOB, { workflowId, taskQueue, args: [{ jobId: 'job', jobType: 'task', payload: 1 }] }),
  );
  return { workflowId, tries };
}
