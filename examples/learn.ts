// What docs/learn.md comes to: a job that fails at first and is tried again, and one that follows it.
import { afterJob, cron, defineJob } from 'temporal-job-scheduler';
import { startLocalScheduler } from 'temporal-job-scheduler/local';
import { z } from 'zod';

const rates = defineJob('rates', {
  payload: z.object({ currencies: z.array(z.string()).min(1) }),
  retryPolicy: { maximumAttempts: 5, initialInterval: '3s' },
  timeout: '1 minute',
});
const publish = defineJob('publish', { payload: z.object({ channel: z.string() }) });

const ratesHandler = rates.handler(({ currencies }, { attempt, progress }) => {
  console.log(`rates: attempt ${attempt}`);
  progress({ asked: currencies });
  if (attempt === 1) throw new Error('the bank does not answer');
  return Object.fromEntries(currencies.map((currency) => [currency, 1.25]));
});
const publishHandler = publish.handler(({ channel }, { predecessor }) => {
  console.log(`publish: ${channel} has ${JSON.stringify(predecessor?.result)}`);
});

const scheduler = await startLocalScheduler({ handlers: [ratesHandler, publishHandler] });

await scheduler.scheduleJob({
  id: 'rates',
  jobType: 'rates',
  schedule: cron('0 9 * * MON-FRI', { timezone: 'Europe/Berlin' }),
  payload: { currencies: ['USD', 'JPY'] },
});
await scheduler.scheduleJob({
  id: 'publish',
  jobType: 'publish',
  schedule: afterJob('rates'),
  payload: { channel: 'intranet' },
});

await scheduler.triggerJob('rates');
const { state } = await scheduler.getJobStatus('publish');
console.log(`publish is ${state}`);
console.log(`Until Ctrl-C. Web UI: ${scheduler.webUiUrl}`);

// Output, until Ctrl-C:
// publish is waiting
// rates: attempt 1
// rates: attempt 2
// publish: intranet has {"USD":1.25,"JPY":1.25}
