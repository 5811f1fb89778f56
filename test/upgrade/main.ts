// npm run test:upgrade -- --from COMMIT: from that version of this package to this one and back, with work of every kind
// in flight at each deploy. Prints what was seen, and exits non-zero if anything was lost or failed.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import type { Scheduler } from '../../src/index.ts';
import { LocalServer } from '../../src/local-server.ts';
import { inFlight } from './in-flight.ts';
import { Deployment, checkOut, connect, here } from './world.ts';

const CHECKED_WITHIN = 90_000;
// WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND
const UNHANDLED_COMMAND = 1;

const { values } = parseArgs({ options: { from: { type: 'string' } } });
if (!values.from) {
  console.error('--from: expected a commit or tag whose version of this package to upgrade from, got nothing');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'upgrade-'));
const checkedOut = join(folder, 'old');
mkdirSync(checkedOut);
console.log(`building ${values.from}`);
const old = checkOut(values.from, checkedOut);

const server = await LocalServer.start({ database: undefined, port: 0, uiPort: 0, args: ['--headless'] });
const { address } = server;
const deployment = new Deployment(address, folder);
const clients = { old: await connect(old, address), new: await connect(here, address) };
const client = new Client({ connection: await Connection.connect({ address }) });
let failures = 0;
try {
  await deployment.deploy(old);
  await between('old', 'new', clients.old, clients.new);
  await between('new', 'old', clients.new, clients.old);
  const jobs = await agree();
  const histories = await checkHistories();
  console.log(JSON.stringify({ from: values.from, jobs, ...histories, calls: deployment.calls.length, failures }));
} finally {
  await deployment.stop();
  await Promise.all(Object.values(clients).map((each) => each.close()));
  await client.connection.close();
  await server.stop();
  if (failures === 0) rmSync(folder, { recursive: true });
  else console.log(`records and the workers' log are in ${folder}`);
}
process.exit(failures === 0 ? 0 : 1);

/** One deploy, and everything paused over it. */
async function between(from: 'old' | 'new', to: 'old' | 'new', before: Scheduler, after: Scheduler): Promise<void> {
  const id = (name: string) => `${name}-${from}-to-${to}`;
  const all = inFlight(
    () => deployment.calls,
    () => to,
  );
  for (const { begin } of all) await begin(before, id);
  await before.pause({ reason: 'a deploy' });
  await deployment.deploy(to === 'old' ? old : here);
  await check(`${from} -> ${to}: a pause of all jobs`, async () => {
    assert.equal(await after.isPaused(), true);
    await after.resume();
    assert.equal(await before.isPaused(), false);
  });
  for (const { what, end } of all) await check(`${from} -> ${to}: ${what}`, () => end(after, id));
}

/** Both versions tell the same of each job. */
async function agree(): Promise<number> {
  const jobs = await clients.new.listJobs();
  const toldBy = (scheduler: Scheduler) =>
    Promise.all(
      jobs.map(async ({ id }) => {
        const { state, lastRun } = await scheduler.getJobStatus(id);
        return { id, state, lastRun: lastRun?.runId };
      }),
    );
  await check('both versions tell the same of every job', async () => {
    assert.deepEqual(await toldBy(clients.old), await toldBy(clients.new));
  });
  return jobs.length;
}

/** A version that cannot go on with what another began fails the workflow's task, again and again. */
async function checkHistories(): Promise<{ runs: number; refusals: string[] }> {
  let runs = 0;
  const refusals: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query: "JobQueue = 'jobs'" })) {
    runs++;
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const { workflowTaskFailedEventAttributes: failed } of events ?? []) {
      // Where a signal came while the run was about to end it has to read it first.
      if (!failed || failed.cause === UNHANDLED_COMMAND) continue;
      refusals.push(`${workflowId}: cause ${failed.cause}, ${failed.failure?.message}`);
    }
  }
  await check('no version refuses what the other has begun', async () => assert.deepEqual(refusals, []));
  return { runs, refusals };
}

async function check(what: string, test: () => Promise<void>): Promise<void> {
  try {
    await Promise.race([test(), tooLong()]);
    console.log(`✔ ${what}`);
  } catch (error) {
    failures++;
    console.log(`✘ ${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function tooLong(): Promise<never> {
  await sleep(CHECKED_WITHIN, undefined, { ref: false });
  throw new Error(`not so within ${CHECKED_WITHIN / 1_000} s`);
}
