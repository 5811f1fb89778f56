// Runs the handlers, in as many processes as you like. SIGTERM ends it in good order.
import { createJobWorker } from 'temporal-job-scheduler/worker';
import { backup } from './jobs.ts';

const worker = await createJobWorker({
  handlers: [
    backup.handler(async ({ source }, { signal, progress, logger }) => {
      // Heartbeats are sent for you. `signal` is aborted by cancelJob(), a timeout or a shutdown.
      signal.throwIfAborted();
      progress({ percent: 50 });
      logger.info('backed up', { source });
    }),
  ],
});
await worker.run();
