// One job for each tenant, found by its id and its tag.
import { setTimeout as sleep } from 'node:timers/promises';
import { cron, defineJob } from 'temporal-job-scheduler';
import { startLocalScheduler } from 'temporal-job-scheduler/local';
import { z } from 'zod';

const invoice = defineJob('invoice', { payload: z.object({ tenant: z.string() }) });

await using scheduler = await startLocalScheduler({
  handlers: [invoice.handler(({ tenant }) => console.log(`invoices of ${tenant}`))],
  persistence: false,
});

const tenants = ['acme', 'globex', 'initech'];
for (const tenant of tenants) {
  await scheduler.scheduleJob({
    id: `${tenant}/invoice`,
    jobType: 'invoice',
    // Not all of them in the same second.
    schedule: cron('0 6 1 * *', { timezone: 'Europe/Berlin', jitter: '30m' }),
    payload: { tenant },
    tags: [`tenant:${tenant}`],
  });
}
// Calls that take a filter go by the list, which is about a second behind.
while ((await scheduler.listJobs({ jobType: 'invoice' })).length < tenants.length) await sleep(200);

const paused = await scheduler.pauseJobs({ tag: 'tenant:acme' }, { reason: 'invoice disputed' });
console.log(`paused: ${paused.ids.join(', ')}`);
const cancelled = await scheduler.cancelJobs({ idPrefix: 'globex/' }, { reason: 'contract ended' });
console.log(`cancelled: ${cancelled.ids.join(', ')}`);
const { state } = await scheduler.getJobStatus('initech/invoice');
console.log(`initech/invoice is ${state}`);

// Output:
// paused: acme/invoice
// cancelled: globex/invoice
// initech/invoice is scheduled
