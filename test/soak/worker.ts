// A worker whose process tells of its memory when asked.
import { defineJob } from '../../src/index.ts';
import { createJobWorker } from '../../src/worker.ts';
import { z } from 'zod';
import { quiet } from '../support/servers.ts';
import { footprint } from './footprint.ts';

quiet();
const [address, taskQueue] = process.argv.slice(2) as [string, string];
const errand = defineJob('errand', { payload: z.object({ fails: z.boolean().default(false) }) });
const handler = errand.handler(({ fails }, { attempt, progress }) => {
  progress({ attempt });
  if (fails && attempt === 1) throw new Error('as asked');
  return { attempt };
});
const worker = await createJobWorker({ address, taskQueue, handlers: [handler] });
process.on('message', () => process.send?.(footprint()));
process.on('disconnect', () => worker.shutdown());
const running = worker.run();
process.send?.('ready');
await running;
