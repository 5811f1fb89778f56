// A handler that fails twice, tells its progress, and is attempted again.
import { defineJob, once } from 'temporal-job-scheduler';
import { startLocalScheduler } from 'temporal-job-scheduler/local';
import { z } from 'zod';

const upload = defineJob('upload', {
  payload: z.object({ parts: z.int() }),
  retryPolicy: { maximumAttempts: 5, initialInterval: '200ms', backoffCoefficient: 1 },
});

await using scheduler = await startLocalScheduler({
  handlers: [
    upload.handler(({ parts }, context) => {
      const { attempt } = context;
      console.log(`attempt ${attempt}`);
      context.progress({ part: attempt, of: parts });
      if (attempt < parts) throw new Error(`part ${attempt} was refused`);
      return `${parts} parts`;
    }),
  ],
  persistence: false,
});
const id = await scheduler.scheduleJob({ jobType: 'upload', schedule: once({ in: 0 }), payload: { parts: 3 } });
console.log(await scheduler.waitForJob(id));
const { state, lastRun } = await scheduler.getJobStatus(id);
console.log(`${state} after ${lastRun?.attempts} attempts`);

// Output:
// attempt 1
// attempt 2
// attempt 3
// 3 parts
// completed after 3 attempts
