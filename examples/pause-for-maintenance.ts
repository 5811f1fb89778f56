// While everything is paused no job starts, and nothing is lost.
import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob, once } from 'temporal-job-scheduler';
import { startLocalScheduler } from 'temporal-job-scheduler/local';
import { z } from 'zod';

const mail = defineJob('mail', { payload: z.object({ to: z.string() }) });

await using scheduler = await startLocalScheduler({
  handlers: [mail.handler(({ to }) => console.log(`mail to ${to}`))],
  persistence: false,
});
await scheduler.pause({ reason: 'database upgrade' });
const id = await scheduler.scheduleJob({ jobType: 'mail', schedule: once({ in: '1s' }), payload: { to: 'Ada' } });
await sleep(3_000);
const { state, paused } = await scheduler.getJobStatus(id);
console.log(`${state}: ${paused?.reason}`);

await scheduler.resume();
await scheduler.waitForJob(id);
console.log((await scheduler.getJobStatus(id)).state);

// Output:
// paused: database upgrade
// mail to Ada
// completed
