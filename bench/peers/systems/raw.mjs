// @ts-check
import { Client, Connection, ScheduleOverlapPolicy } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { rawBundle } from '../../raw.ts';
import { quiet } from './quiet.mjs';

quiet();

// Temporal's SDK by hand: a delayed workflow for each job, and a Schedule for what recurs, with the policies that lose
// nothing.

const QUEUE = 'raw';
const ACTIVITY = 2;
const RETRY = { maximumAttempts: 5, initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 100_000 };

/** @param {string} key */
const input = (key) => ({ payload: { key }, priority: { priorityKey: 3 }, retry: RETRY });

/** @type {import('../system.mjs').System} */
export const raw = {
  name: 'Temporal by hand',
  store: 'temporal',
  resolution: 'any',
  async connect(address) {
    const client = new Client({ connection: await Connection.connect({ address }) });
    const { namespace, identity } = client.options;
    /** @type {Set<string>} */
    const repeating = new Set();
    /** @param {number | undefined} requestsPerSecond */
    const limit = (requestsPerSecond) =>
      insist(() =>
        client.workflowService.updateTaskQueueConfig({
          namespace,
          identity,
          taskQueue: QUEUE,
          taskQueueType: ACTIVITY,
          updateQueueRateLimit: {
            reason: 'peers',
            ...(requestsPerSecond !== undefined && { rateLimit: { requestsPerSecond } }),
          },
        }),
      );
    /** @param {(id: string) => Promise<void>} work */
    const eachSchedule = (work) => Promise.all([...repeating].map((key) => insist(() => work(`raw-${key}`))));
    return {
      add: (key, at = Date.now()) =>
        insist(() =>
          client.workflow.start('rawTask', {
            workflowId: key.startsWith('o-') ? `raw-${key}` : `raw-${crypto.randomUUID()}`,
            // Where a call had to be made again, it has started already.
            workflowIdConflictPolicy: 'USE_EXISTING',
            taskQueue: QUEUE,
            args: [input(key)],
            ...(at > Date.now() && { startDelay: at - Date.now() }),
          }),
        ),
      async repeat(key, { every, first, last }) {
        repeating.add(key);
        await insist(async () => {
          try {
            await client.schedule.create({
              scheduleId: `raw-${key}`,
              spec: { intervals: [{ every, offset: first % every }], startAt: new Date(first), endAt: new Date(last) },
              action: { type: 'startWorkflow', workflowType: 'rawTask', taskQueue: QUEUE, args: [input(key)] },
              policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL, catchupWindow: '1h' },
            });
          } catch (error) {
            if (!(error instanceof Error) || error.name !== 'ScheduleAlreadyRunning') throw error;
          }
        });
      },
      async list(count) {
        let found = 0;
        const query = `TaskQueue = '${QUEUE}' AND WorkflowType = 'rawTask'`;
        for await (const _ of client.workflow.list({ query, pageSize: count })) if (++found >= count) break;
        return found;
      },
      async pause() {
        await limit(0);
        await eachSchedule((id) => client.schedule.getHandle(id).pause());
      },
      async resume() {
        await limit(undefined);
        await eachSchedule((id) => client.schedule.getHandle(id).unpause());
      },
      standing: () =>
        insist(async () => {
          const standing = new Map();
          const query = `TaskQueue = '${QUEUE}' AND ExecutionStatus != 'Completed'`;
          for await (const { workflowId, status } of client.workflow.list({ query })) {
            const [, key] = /^raw-(o-\d+)$/.exec(workflowId) ?? [];
            if (key) standing.set(key, status.name === 'FAILED' ? 'failed' : 'open');
          }
          return standing;
        }),
      close: () => client.connection.close(),
    };
  },
  async work(address, handler, { concurrency }) {
    const connection = await NativeConnection.connect({ address });
    const worker = await Worker.create({
      connection,
      taskQueue: QUEUE,
      workflowBundle: await rawBundle(),
      activities: {
        /** @param {{ key: string }} payload @param {number} dueAt */
        task: ({ key }, dueAt) => handler(key, key.startsWith('r-') ? dueAt : undefined),
      },
      maxConcurrentActivityTaskExecutions: concurrency,
    });
    const working = worker.run();
    working.catch((error) => console.error(`raw: ${String(error)}`));
    return {
      async close() {
        worker.shutdown();
        await working;
        await connection.close();
      },
    };
  },
};

/**
 * A call that had no answer may be made again.
 * @template Answer
 * @param {() => Promise<Answer>} call
 * @returns {Promise<Answer>}
 */
async function insist(call) {
  for (let left = 5; ; left--) {
    try {
      return await call();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}
