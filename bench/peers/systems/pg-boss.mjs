// @ts-check
import { PgBoss, scheduleMissedPolicies } from 'pg-boss';

const QUEUE = 'jobs';
export const PG_BOSS_DATABASE = 'pg_boss';

/**
 * - Retries, and a job whose worker died is noticed by its heartbeat, long before it expires:
 *   https://pgboss.io/api/queues ("retryLimit", "heartbeatSeconds", "expireInSeconds"). 30 s is our default as well.
 * - `notify`: workers are woken instead of polling, https://pgboss.io/api/workers
 */
const queueOptions = {
  retryLimit: 4,
  retryDelay: 1,
  retryBackoff: true,
  expireInSeconds: 300,
  heartbeatSeconds: 30,
  notify: true,
};

/** One run for all that was missed, instead of none: https://pgboss.io/api/scheduling */
const { once: missed } = scheduleMissedPolicies;

/** @param {string} address @param {object} [options] */
async function start(address, options) {
  const connectionString = `postgres://peers@${address}/${PG_BOSS_DATABASE}`;
  const boss = new PgBoss({ connectionString, useListenNotify: true, ...options });
  boss.on('error', (error) => console.error(`pg-boss: ${error.message}`));
  await boss.start();
  if (!(await boss.getQueue(QUEUE))) await boss.createQueue(QUEUE, queueOptions);
  return boss;
}

/** @type {import('../system.mjs').System} */
export const pgBoss = {
  name: 'pg-boss',
  store: 'postgres',
  // "the 6-placeholder format should be discouraged": https://pgboss.io/api/scheduling
  resolution: 'minute',
  async connect(address) {
    // Supervision and cron are the workers' part.
    const boss = await start(address, { supervise: false, schedule: false, max: 50 });
    return {
      add: (key, at) => boss.send(QUEUE, { key }, at === undefined ? {} : { startAfter: new Date(at) }),
      repeat: (key) => boss.schedule(QUEUE, '* * * * *', { key }, { key, missed }),
      list: async (limit) => (await boss.findJobs(QUEUE, { queued: true, limit })).length,
      async standing() {
        const jobs = await boss.findJobs(QUEUE, { limit: 100_000 });
        const open = jobs.filter(({ state }) => state !== 'completed');
        return new Map(open.map(({ data, state }) => [/** @type {{ key: string }} */ (data).key, state]));
      },
      close: () => boss.stop({ graceful: true }),
    };
  },
  async work(address, handler, { concurrency, inBatches = false }) {
    const boss = await start(address);
    // A job that comes due notifies nobody, so with the default of 30 s for `notifyPollingIntervalSeconds` it would wait
    // so long: 2 s is what it is without notifications. One job at a time, a worker waits so long after each. So for
    // speed it has to be batches, which end together: https://pgboss.io/api/workers ("burstWhenBatchFull").
    const polling = { notifyPollingIntervalSeconds: 2 };
    const batches = { batchSize: 10, localConcurrency: concurrency / 10, burstWhenBatchFull: true };
    const options = { ...polling, ...(inBatches ? batches : { localConcurrency: concurrency }) };
    const work = () =>
      boss.work(QUEUE, options, async (jobs) => {
        await Promise.all(
          jobs.map(({ id, data }) => handler(/** @type {{ key: string }} */ (data).key, undefined, id)),
        );
      });
    await work();
    return {
      // It has no pause of a queue (timgit/pg-boss#551): its workers are stopped, while its cron goes on.
      pause: () => boss.offWork(QUEUE, { wait: true }),
      resume: async () => void (await work()),
      close: () => boss.stop({ graceful: true, timeout: 30_000 }),
    };
  },
};
