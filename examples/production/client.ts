// Schedules, from anywhere. TEMPORAL_ADDRESS says where the server is.
import { Scheduler, cron } from 'temporal-job-scheduler';
import { backup } from './jobs.ts';

await using scheduler = await Scheduler.connect({ jobs: [backup] });
await scheduler.scheduleJob({
  id: 'nightly-backup',
  jobType: 'backup',
  schedule: cron('0 2 * * *', { timezone: 'Europe/Berlin' }),
  priority: 'high',
  payload: { source: '/home/user/data' },
});
const { state } = await scheduler.getJobStatus('nightly-backup');
console.log(`nightly-backup is ${state}`);
