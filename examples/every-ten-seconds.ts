import { defineJob, interval } from 'temporal-job-scheduler';
import { startLocalScheduler } from 'temporal-job-scheduler/local';
import { z } from 'zod';

const greet = defineJob('greet', { payload: z.object({ name: z.string() }) });

const scheduler = await startLocalScheduler({
  handlers: [greet.handler(({ name }) => console.log(`${new Date().toLocaleTimeString()} Hello, ${name}!`))],
});
await scheduler.scheduleJob({ id: 'greet', jobType: 'greet', schedule: interval('10s'), payload: { name: 'world' } });
console.log(`Every 10 seconds, until Ctrl-C. Web UI: ${scheduler.webUiUrl}`);
