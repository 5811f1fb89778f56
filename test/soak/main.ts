// node --expose-gc --import tsx test/soak/main.ts [--minutes 60] [--every 15]
// Samples what a worker, a client and the longest histories hold while all calls are made again and again, and fails if
// any of it grows. Writes docs/soak.json and docs/soak.svg.
import { fork } from 'node:child_process';
import { once as event } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { Scheduler } from '../../src/index.ts';
import { LocalServer } from '../../src/local-server.ts';
import { quiet } from '../support/servers.ts';
import { footprint, type Footprint } from './footprint.ts';
import { picture } from './picture.ts';
import { trend, type Sample } from './trend.ts';
import { Workload } from './workload.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, every: { type: 'string', default: '15' } },
});
const docs = (file: string) => new URL(`../../docs/${file}`, import.meta.url);
const TASK_QUEUE = 'soak';

quiet();
const server = await LocalServer.start({ database: undefined, port: 0, uiPort: 0, args: ['--headless'] });
const { address } = server;
const worker = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [address, TASK_QUEUE], {
  execArgv: ['--expose-gc', '--import', 'tsx'],
});
await event(worker, 'message');
const scheduler = await Scheduler.connect({ address, taskQueue: TASK_QUEUE });
const client = new Client({ connection: await Connection.connect({ address }) });

const workload = new Workload(scheduler);
await workload.begin();
const until = Date.now() + Number(values.minutes) * 60_000;
const samples: Sample[] = [];
await Promise.all([workload.run(until), sampleUntil(until)]);

const trends = trend(samples);
const summary = { minutes: Number(values.minutes), rounds: workload.rounds, calls: workload.calls, trends };
writeFileSync(docs('soak.json'), `${JSON.stringify(summary, undefined, 1)}\n`);
writeFileSync(docs('soak.svg'), picture(samples));
const failed = Object.values(trends).filter(({ isFlat }) => !isFlat).length;
console.table(trends);
console.log(`${workload.rounds} rounds, ${workload.calls} calls in ${values.minutes} minutes`);
console.log(`${Object.keys(trends).length - failed} passed, ${failed} failed`);

worker.disconnect();
await event(worker, 'exit');
await scheduler.close();
await client.connection.close();
await server.stop();
process.exit(failed === 0 ? 0 : 1);

async function sampleUntil(end: number): Promise<void> {
  for (const begin = Date.now(); Date.now() < end; await sleep(Number(values.every) * 1_000)) {
    worker.send('sample');
    const [ofWorker] = (await event(worker, 'message')) as [Footprint];
    const minute = (Date.now() - begin) / 60_000;
    const ofClient = footprint();
    const history = await longestHistory();
    samples.push({ minute, worker: ofWorker, client: ofClient, history });
    process.stderr.write(
      `${minute.toFixed(1)} min: worker ${ofWorker.heap.toFixed(1)} MB, client ${ofClient.heap.toFixed(1)} MB, history ${history}\n`,
    );
  }
}

/** The length of the longest history of what lives on: the record of who follows the job. */
async function longestHistory(): Promise<number> {
  let longest = 0;
  const query = `TaskQueue = '${TASK_QUEUE}' AND ExecutionStatus = 'Running' AND StartTime < '${new Date(Date.now() - 60_000).toISOString()}'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    const { historyLength } = await client.workflow.getHandle(workflowId).describe();
    longest = Math.max(longest, historyLength);
  }
  return longest;
}
