// A job that runs after another one, with what that one returned.
import { afterJob, defineJob, once } from 'temporal-job-scheduler';
import { startLocalScheduler } from 'temporal-job-scheduler/local';
import { z } from 'zod';

const count = defineJob('count', { payload: z.object({ text: z.string() }) });
const print = defineJob('print', { payload: z.object({ label: z.string() }) });

await using scheduler = await startLocalScheduler({
  handlers: [
    count.handler(({ text }) => text.split(' ').length),
    print.handler(({ label }, { predecessor }) => console.log(`${label}: ${String(predecessor?.result)}`)),
  ],
  persistence: false,
});
await scheduler.scheduleJob({
  id: 'c',
  jobType: 'count',
  schedule: once({ in: '1s' }),
  payload: { text: 'to be or not' },
});
await scheduler.scheduleJob({ id: 'p', jobType: 'print', schedule: afterJob('c'), payload: { label: 'words' } });

await scheduler.waitForJob('p');
const { lastRun } = await scheduler.getJobStatus('p');
console.log(`p followed ${lastRun?.predecessor?.jobId}`);

// Output:
// words: 4
// p followed c
