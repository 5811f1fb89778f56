// @ts-check
import { Queue, Worker } from 'bullmq';

const QUEUE = 'jobs';

/** "always retry" for workers: https://docs.bullmq.io/guide/going-to-production ("maxRetriesPerRequest"). */
const connectionTo = (/** @type {string} */ address) => {
  const [host, port] = address.split(':');
  return { host, port: Number(port), maxRetriesPerRequest: null };
};

/**
 * - Retries: `attempts` with back-off, https://docs.bullmq.io/guide/retrying-failing-jobs
 * - What is done is not kept for ever: https://docs.bullmq.io/guide/queues/auto-removal-of-jobs
 */
const defaultJobOptions = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 1000 },
  removeOnComplete: { age: 3600, count: 1000 },
  removeOnFail: { age: 24 * 3600 },
};

/**
 * @param {'everysec' | 'always'} fsync
 * @returns {import('../system.mjs').System}
 */
export const bullmq = (fsync) => ({
  name: `BullMQ, ${fsync}`,
  store: `redis-${fsync}`,
  resolution: 'any',
  async connect(address) {
    const queue = new Queue(QUEUE, { connection: connectionTo(address), defaultJobOptions });
    queue.on('error', () => {});
    await queue.waitUntilReady();
    return {
      add: (key, at) => queue.add('job', { key }, at === undefined ? {} : { delay: Math.max(0, at - Date.now()) }),
      // "upsert" is what is recommended, at each start of the application: https://docs.bullmq.io/guide/job-schedulers
      repeat: (key, { every, first, last }) =>
        queue.upsertJobScheduler(key, { every, startDate: first, endDate: last }, { name: 'job', data: { key } }),
      list: async (limit) => (await queue.getJobs(['waiting', 'delayed'], 0, limit - 1)).length,
      pause: () => queue.pause(),
      resume: () => queue.resume(),
      async standing() {
        const states = /** @type {const} */ (['waiting', 'delayed', 'active', 'failed']);
        const found = await Promise.all(states.map((state) => queue.getJobs([state])));
        return new Map(
          found.flatMap((jobs, index) => jobs.filter(Boolean).map((job) => [nameOf(job), states[index] ?? ''])),
        );
      },
      close: () => queue.close(),
    };
  },
  async work(address, handler, { concurrency }) {
    // Stalled jobs are looked for every 30 s by default: https://docs.bullmq.io/guide/workers/stalled-jobs
    const connection = connectionTo(address);
    const worker = new Worker(QUEUE, (job) => handler(job.data.key, dueOf(job)), { connection, concurrency });
    // Needed, or the process ends: https://docs.bullmq.io/guide/going-to-production ("Log errors").
    worker.on('error', (error) => console.error(`bullmq: ${error.message}`));
    await worker.waitUntilReady();
    // https://docs.bullmq.io/guide/workers/graceful-shutdown
    return { close: () => worker.close() };
  },
});

/** A scheduler's job has its due time in its id. @param {{ id?: string, repeatJobKey?: string }} job */
function dueOf({ id, repeatJobKey }) {
  return repeatJobKey === undefined ? undefined : Number(id?.split(':').at(-1));
}

/** @param {{ id?: string, repeatJobKey?: string, data: { key: string } }} job */
function nameOf(job) {
  const due = dueOf(job);
  return due === undefined ? job.data.key : `${job.data.key}@${due}`;
}
