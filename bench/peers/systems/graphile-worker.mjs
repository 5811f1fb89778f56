// @ts-check
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';

export const GRAPHILE_DATABASE = 'graphile';

const logger = new Logger(() => (level, message) => {
  if (level === 'error') console.error(`graphile-worker: ${message}`);
});

/** @param {string} address */
const urlOf = (address) => `postgres://peers@${address}/${GRAPHILE_DATABASE}`;

/** @type {import('../system.mjs').System} */
export const graphileWorker = {
  name: 'graphile-worker',
  store: 'postgres',
  resolution: 'minute',
  async connect(address) {
    const pgPool = new pg.Pool({ connectionString: urlOf(address), max: 50 });
    pgPool.on('error', () => {});
    pgPool.on('connect', (client) => client.on('error', () => {}));
    const utils = await makeWorkerUtils({ pgPool, logger });
    await utils.migrate();
    return {
      // 25 attempts with exponential back-off are its default: https://worker.graphile.org/docs/exponential-backoff
      add: (key, at) => utils.addJob('job', { key }, at === undefined ? {} : { runAt: new Date(at) }),
      // Its crontab is the workers' part.
      repeat: async () => {},
      // It has no call that lists; this view is what it documents: https://worker.graphile.org/docs/jobs-view
      list: async (limit) =>
        (await pgPool.query('select * from graphile_worker.jobs order by run_at limit $1', [limit])).rows.length,
      async standing() {
        const text =
          'select j.locked_at, j.attempts >= j.max_attempts as failed, p.payload from graphile_worker.jobs j';
        const { rows } = await pgPool.query(`${text} join graphile_worker._private_jobs p using (id)`);
        return new Map(
          rows.map(({ payload, locked_at: locked, failed }) => [
            payload._cron ? `${payload.key}@${Date.parse(payload._cron.ts)}` : payload.key,
            failed ? 'failed' : locked ? 'locked' : 'queued',
          ]),
        );
      },
      async close() {
        await utils.release();
        await pgPool.end();
      },
    };
  },
  async work(address, handler, { concurrency, repeating = [] }) {
    // An explicit id, and a fill "slightly larger than the longest period of downtime you expect":
    // https://worker.graphile.org/docs/cron
    const crontab = repeating
      .map((key) => `* * * * * job ?id=${key.replace('-', '')}&fill=1h {key:"${key}"}`)
      .join('\n');
    const start = () =>
      run({
        connectionString: urlOf(address),
        concurrency,
        maxPoolSize: concurrency + 2,
        // We hear of signals ourselves, and stop it in good order: https://worker.graphile.org/docs/library/run
        noHandleSignals: true,
        logger,
        crontab,
        taskList: {
          job: async (payload) => {
            const { key, _cron: cron } = /** @type {{ key: string, _cron?: { ts: string } }} */ (payload);
            await handler(key, cron && Date.parse(cron.ts));
          },
        },
      });
    let runner = await start();
    return {
      // It has no pause (graphile/worker#377): it is stopped.
      pause: () => runner.stop(),
      resume: async () => {
        runner = await start();
      },
      close: () => runner.stop(),
    };
  },
};
