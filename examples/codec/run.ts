// A job whose payload, result, progress and error only those can read who have the key:
//
//   ./temporal-dev.sh -- --ui-codec-endpoint http://127.0.0.1:8888
//   CODEC_KEYS="today:$(openssl rand -base64 32)" node --import tsx examples/codec/run.ts
import { Runtime } from '@temporalio/worker';
import { Scheduler, defineJob, once } from 'temporal-job-scheduler';
import { createJobWorker } from 'temporal-job-scheduler/worker';
import { z } from 'zod';
import { encrypting } from './data-converter.ts';
import { readKeys } from './keys.ts';
import { discreetLogger } from './logger.ts';

const charge = defineJob('charge', { payload: z.object({ card: z.string() }) });

Runtime.install({ logger: discreetLogger('WARN') });
const dataConverter = encrypting(readKeys());
await using scheduler = await Scheduler.connect({ dataConverter, jobs: [charge] });
await using worker = await createJobWorker({
  dataConverter,
  handlers: [charge.handler(({ card }) => ({ receipt: `charged ${card}` }))],
});
const running = worker.run();
const payload = { card: '4000 0025 0000 3155' };
const id = await scheduler.scheduleJob({ jobType: 'charge', schedule: once({ in: 0 }), payload });
console.log(id, await scheduler.waitForJob(id));
worker.shutdown();
await running;
