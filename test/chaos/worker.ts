// A worker process of the chaos suite: works until it is told to stop, or killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import { createJobWorker } from '../../src/worker.ts';
import { shiftClock } from './clock.ts';
import { createHandlers } from './handlers.ts';
import { Journal, watchForStalls } from './journal.ts';
import type { QueueName } from './line.ts';
import { quiet } from './quiet.ts';

export interface WorkerSettings {
  readonly folder: string;
  readonly address: string;
  readonly slot: number;
  readonly build: string;
  readonly queues: readonly { readonly name: QueueName; readonly taskQueue: string; readonly limit: number }[];
}

quiet();
const { folder, address, slot, build, queues } = JSON.parse(process.argv[2] ?? '') as WorkerSettings;
const journal = new Journal(folder, `worker-${slot}-${process.pid}`);
const tell = (event: object) => void (process.connected && process.send?.(event));
// Without the suite there is nothing to do.
process.on('disconnect', () => process.exit(1));
process.on('message', ({ shift }: { shift: number }) => shiftClock(shift));
watchForStalls(journal, slot);

const connection = await insist(() => NativeConnection.connect({ address }));
const workers = await Promise.all(
  queues.map(({ name, taskQueue, limit }) =>
    insist(() =>
      createJobWorker({
        connection,
        taskQueue,
        maxConcurrentJobs: limit,
        shutdownGraceTime: '2s',
        handlers: createHandlers(journal, { slot, queue: name, build }, tell),
      }),
    ),
  ),
);
const running = workers.map((worker) => worker.run());
tell({ event: 'ready' });
await Promise.all(running);
process.exit(0);

/** The server may be away: that is no reason to start this whole process again, which takes seconds of work. */
async function insist<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      console.error(String(error));
      await sleep(300);
    }
  }
}
