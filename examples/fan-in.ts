// One run after the last of several jobs has ended, with what each of them returned.
import { afterJob, defineJob, once } from 'temporal-job-scheduler';
import { startLocalScheduler } from 'temporal-job-scheduler/local';
import { z } from 'zod';

const count = defineJob('count', { payload: z.object({ text: z.string() }) });
const sum = defineJob('sum', { payload: z.object({}) });

await using scheduler = await startLocalScheduler({
  handlers: [
    count.handler(({ text }) => text.split(' ').length),
    sum.handler((_, { predecessors }) => {
      const counts = predecessors.map(({ result }) => z.int().parse(result));
      return counts.reduce((total, words) => total + words, 0);
    }),
  ],
  persistence: false,
});

const texts = { first: 'to be or not', second: 'to be', third: 'that is the question' };
for (const [id, text] of Object.entries(texts)) {
  await scheduler.scheduleJob({ id, jobType: 'count', schedule: once({ in: '1s' }), payload: { text } });
}
await scheduler.scheduleJob({ id: 'sum', jobType: 'sum', schedule: afterJob(Object.keys(texts)), payload: {} });
console.log(`${String(await scheduler.waitForJob('sum'))} words`);

// Output:
// 10 words
