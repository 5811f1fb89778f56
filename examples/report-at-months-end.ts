// A report at six in the evening of each month's last day, in Berlin. What nextRunTimes() computes, the server does.
import { cron, defineJob, nextRunTimes } from 'temporal-job-scheduler';
import { startLocalScheduler } from 'temporal-job-scheduler/local';
import { z } from 'zod';

const report = defineJob('report', { payload: z.object({ to: z.email() }) });
const schedule = cron('0 18 L * *', { timezone: 'Europe/Berlin' });

for (const time of nextRunTimes(schedule, { from: new Date('2028-01-15T00:00:00Z'), count: 4 })) {
  console.log(time.toISOString());
}

await using scheduler = await startLocalScheduler({
  handlers: [report.handler(({ to }) => console.log(`report to ${to}`))],
  persistence: false,
});
await scheduler.scheduleJob({ id: 'report', jobType: 'report', schedule, payload: { to: 'office@example.com' } });
const { nextExecution } = await scheduler.getJobStatus('report');
const [computed] = nextRunTimes(schedule, { count: 1 });
console.log(`the server agrees: ${nextExecution?.getTime() === computed?.getTime()}`);

// Output:
// 2028-01-31T17:00:00.000Z
// 2028-02-29T17:00:00.000Z
// 2028-03-31T16:00:00.000Z
// 2028-04-30T16:00:00.000Z
// the server agrees: true
