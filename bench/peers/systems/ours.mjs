// @ts-check
import { z } from 'zod';
import { Scheduler, SchedulerUnavailableError, defineJob, interval, once } from '../../../dist/index.js';
import { createJobWorker } from '../../../dist/worker.js';
import { quiet } from './quiet.mjs';

quiet();

/** Five attempts, as the others: by default a job that three killed workers had is given up. */
const job = defineJob('job', { payload: z.object({ key: z.string() }), retryPolicy: { maximumAttempts: 5 } });

/** For each due time a run, whatever else runs: as docs/outages.md says for jobs "whose order does not matter". */
const EACH = /** @type {const} */ ({ overlap: 'allowAll', catchupWindow: '1h' });

/**
 * @param {'each' | 'defaults'} policy
 * @returns {import('../system.mjs').System}
 */
export const ours = (policy) => {
  const taskQueue = policy;
  return {
    name: policy === 'each' ? 'this' : 'this, defaults',
    store: 'temporal',
    resolution: 'any',
    onlyRepeats: policy === 'defaults',
    async connect(address) {
      const scheduler = await insist(() => Scheduler.connect({ address, taskQueue, jobs: [job] }));
      /** @type {Set<string>} */
      const repeating = new Set();
      return {
        add: (key, at) =>
          insist(() =>
            scheduler.scheduleJob({
              // Where a call may have to be made again; without an id it is one call, with one a look-up beside it.
              ...(key.startsWith('o-') && { id: `${policy}-${key}` }),
              jobType: 'job',
              schedule: once(new Date(at ?? Date.now())),
              payload: { key },
            }),
          ),
        async repeat(key, { every, first, last }) {
          repeating.add(key);
          await insist(() =>
            scheduler.scheduleJob({
              id: `${policy}-${key}`,
              jobType: 'job',
              schedule: interval(every, { startAt: new Date(first), endAt: new Date(last) }),
              payload: { key },
              ...(policy === 'each' && EACH),
            }),
          );
        },
        list: async (limit) => (await scheduler.listJobs({ limit })).length,
        pause: () => insist(() => scheduler.pause()),
        resume: () => insist(() => scheduler.resume({ missed: policy === 'each' ? 'latest' : 'skip' })),
        standing: () =>
          insist(async () => {
            const standing = new Map();
            for await (const { id, kind, state } of scheduler.iterateJobs({ kind: 'once' })) {
              if (kind === 'once' && state !== 'completed') standing.set(id.replace(`${policy}-`, ''), state);
            }
            for (const key of repeating) {
              for await (const { state, scheduledAt } of scheduler.listRuns(`${policy}-${key}`)) {
                if (state !== 'completed') standing.set(`${key}@${scheduledAt.getTime()}`, state);
              }
            }
            return standing;
          }),
        async skipped(keys) {
          let count = 0;
          for (const key of keys) {
            const { skipped } = await insist(() => scheduler.getJobStatus(`${policy}-${key}`));
            count += skipped.overlap + skipped.missed;
          }
          return count;
        },
        close: () => scheduler.close(),
      };
    },
    async work(address, handler, { concurrency }) {
      const handlers = [
        job.handler(({ key }, { scheduledAt }) =>
          handler(key, key.startsWith('r-') ? scheduledAt.getTime() : undefined),
        ),
      ];
      const worker = await createJobWorker({ address, taskQueue, maxConcurrentJobs: concurrency, handlers });
      const working = worker.run();
      working.catch((error) => console.error(`ours: ${String(error)}`));
      return {
        async close() {
          worker.shutdown();
          await working;
        },
      };
    },
  };
};

/**
 * A call that had no answer in time may be made again: it comes to the same.
 * @template Answer
 * @param {() => Promise<Answer>} call
 * @returns {Promise<Answer>}
 */
async function insist(call) {
  for (let left = 5; ; left--) {
    try {
      return await call();
    } catch (error) {
      if (left === 0 || !(error instanceof SchedulerUnavailableError)) throw error;
    }
  }
}
