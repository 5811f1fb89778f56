// A handler that may be attempted twice: each write names its run and its attempt, and one that comes late is refused.
import { once as event, EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob, once, type JobContext } from 'temporal-job-scheduler';
import { startLocalScheduler } from 'temporal-job-scheduler/local';
import { z } from 'zod';

/** Stands for a table of yours, with a row for each due time of each job. */
const bookings = new Map<string, { runId: string; attempt: number; amount: number }>();

function book({ jobId, scheduledAt, runId, attempt }: JobContext, amount: number): boolean {
  const key = `${jobId} ${scheduledAt.toISOString()}`;
  const row = bookings.get(key);
  if (row?.runId === runId && row.attempt > attempt) return false;
  bookings.set(key, { runId, attempt, amount });
  return true;
}

const charge = defineJob('charge', {
  payload: z.object({ amount: z.int() }),
  timeout: '1s',
  retryPolicy: { initialInterval: '100ms' },
});
const late = new EventEmitter();

await using scheduler = await startLocalScheduler({
  handlers: [
    charge.handler(async ({ amount }, context) => {
      // As a process does that was frozen: it goes on when its time is over and another attempt has done the work.
      if (context.attempt === 1) await sleep(4_000);
      const isBooked = book(context, amount);
      console.log(`attempt ${context.attempt}: ${isBooked ? 'booked' : 'too late, refused'}`);
      if (!isBooked) late.emit('refused');
    }),
  ],
  persistence: false,
});
const refused = event(late, 'refused');
const id = await scheduler.scheduleJob({ jobType: 'charge', schedule: once({ in: 0 }), payload: { amount: 12 } });
await scheduler.waitForJob(id);
await refused;
console.log(`bookings: ${bookings.size}`);

// Output:
// attempt 2: booked
// attempt 1: too late, refused
// bookings: 1
