// A worker of one version of the package, whose name it tells: node worker.ts PACKAGE ADDRESS VERSION
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type * as Client from '../../src/index.ts';
import type * as Worker from '../../src/worker.ts';
import type { Call, Work } from './world.ts';

const [root = '', address = '', version = '', record = ''] = process.argv.slice(2);
const load = (file: string): Promise<unknown> => import(pathToFileURL(join(root, 'dist', file)).href);
const { defineJob } = (await load('index.js')) as typeof Client;
const { createJobWorker } = (await load('worker.js')) as typeof Worker;

const task = defineJob('task', { payload: z.custom<Work>() }).handler(
  async ({ takes = 0, failures = 0 }, { jobId, runId, attempt, signal, progress }) => {
    const write = (what: Call['what']) =>
      appendFileSync(record, `${JSON.stringify({ what, jobId, runId, attempt, version } satisfies Call)}\n`);
    write('start');
    progress({ version });
    await sleep(takes, undefined, { signal });
    if (attempt <= failures) throw new Error(`attempt ${attempt} fails`);
    write('end');
    return { version };
  },
);
const worker = await createJobWorker({
  address,
  handlers: [task],
  maxConcurrentJobs: 50,
  shutdownGraceTime: 500,
});
process.once('SIGTERM', () => worker.shutdown());
const working = worker.run();
process.send?.('ready');
await working;
process.exit(0);
