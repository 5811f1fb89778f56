import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once as event } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import { encrypting } from '../../examples/codec/data-converter.ts';
import { readKeys } from '../../examples/codec/keys.ts';
import { Scheduler, afterJob, cron, once, type ScheduledJob } from '../../src/index.ts';
import { LocalServer } from '../../src/local-server.ts';
import { quiet } from '../support/servers.ts';
import { System, eventually } from '../support/system.ts';
import { contains, placesOf, readNamespace } from './places.ts';

// Secrets are sent through everything that a job has. Then they are looked for in all that the server keeps and tells,
// and in all that it and the worker log. A reason that a person gives is no secret to a codec: where those stand is listed.

const WORKER = fileURLToPath(new URL('fixtures/canary-worker.ts', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/security.md', import.meta.url));
const word = (name: string) => `canary-${name}-${randomUUID()}`;
const SECRETS = {
  payload: word('payload'),
  result: word('result'),
  progress: word('progress'),
  error: word('error'),
  // That a once job is paused for: it travels in an update, and is kept in the memo.
  pauseOfOnce: word('pause-of-once'),
};
const REASON = word('reason');
/** Of a job and a log line without a codec: that it is found shows that the others would be. */
const CONTROL = word('control');
const KEYS = `canary:${randomBytes(32).toString('base64')}`;

describe('with the codec, a secret', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'canary-'));
  const database = join(folder, 'jobs.db');
  const taskQueue = 'canary';
  const name = (id: string) => `${id}-of-canary`;
  let server: LocalServer;
  let worker: ChildProcess;
  let scheduler: Scheduler;
  /** Without the key, as an intruder has it. */
  let plain: Connection;
  let logged = '';
  /** Where the reason was seen. */
  const reasonIn = new Set<string>();
  const secretIn = new Set<string>();
  const controlIn = new Set<string>();

  /** Looks for all words in what the server tells now. */
  const look = async () => {
    const told = await readNamespace(plain, 'default', taskQueue);
    for (const [name_, secret] of Object.entries(SECRETS))
      for (const place of placesOf(secret, told)) secretIn.add(`${name_}: ${place}`);
    for (const place of placesOf(REASON, told)) reasonIn.add(place);
    for (const place of placesOf(CONTROL, told)) controlIn.add(place);
  };

  before(async () => {
    quiet();
    const args = ['--headless', '--', '--log-level', 'debug'];
    server = await LocalServer.start({ database, port: 0, uiPort: 0, args });
    const { address } = server;
    const { result, progress, error } = SECRETS;
    const settings = { address, taskQueue, words: { result, progress, error, control: CONTROL } };
    worker = spawn(process.execPath, ['--import', 'tsx', WORKER, JSON.stringify(settings)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, CODEC_KEYS: KEYS },
    });
    const isReady = new Promise<void>((resolve, reject) => {
      for (const stream of [worker.stdout!, worker.stderr!]) {
        stream.on('data', (text: Buffer) => {
          logged += text.toString();
          if (/^ready$/m.test(logged)) resolve();
        });
      }
      worker.once('exit', () => reject(new Error(`the worker has ended: ${logged}`)));
    });
    plain = await Connection.connect({ address });
    scheduler = await Scheduler.connect({ address, taskQueue, dataConverter: encrypting(readKeys(KEYS)) });
    await isReady;
  });
  after(async () => {
    worker?.kill('SIGKILL');
    await scheduler?.close();
    await plain?.close();
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  const add = (id: string, does: string, schedule: ScheduledJob['schedule']) =>
    scheduler.scheduleJob({
      id: name(id),
      jobType: 'secret',
      payload: { does, secret: SECRETS.payload },
      schedule,
      retryPolicy: { maximumAttempts: 2, initialInterval: 20 },
    });
  const status = (id: string) => scheduler.getJobStatus(name(id));
  const becomes = (id: string, state: string) =>
    eventually(
      () => status(id),
      (job) => job.state === state,
    );

  it('is all there for who has the key: payload, result, progress, error', async () => {
    await add('held', 'wait', once({ in: 0 }));
    await eventually(
      () => status('held'),
      ({ progress }) => JSON.stringify(progress) === JSON.stringify({ seen: SECRETS.progress }),
    );
    await look();
    worker.stdin?.write('\n');
    assert.deepEqual(await scheduler.waitForJob(name('held')), { answer: SECRETS.result });
    await add('broken', 'fail', once({ in: '1h' }));
    await add('follower', 'fail', afterJob(name('broken'), { on: 'failure' }));
    await add('guest', 'succeed', afterJob(name('held')));
    await scheduler.triggerJob(name('broken'));
    await becomes('broken', 'failed');
    await becomes('guest', 'completed');
    await becomes('follower', 'failed');
    for (const id of ['broken', 'follower']) {
      await eventually(
        () => status(id),
        // The end of a chained job is noted a moment before its run is closed, which has the error.
        ({ lastError }) => lastError === `it failed: ${SECRETS.error}`,
      );
    }
    await look();
  });

  it('is nowhere after everything else that is done to a job', async () => {
    await add('nightly', 'obey', cron('0 2 * * *'));
    await scheduler.updateJob(name('nightly'), { payload: { does: 'obey', secret: `new ${SECRETS.payload}` } });
    await scheduler.triggerJob(name('nightly'));
    await becomes('nightly', 'running');
    await scheduler.pauseJob(name('nightly'), { reason: REASON });
    await look();
    await scheduler.resumeJob(name('nightly'));
    await add('later', 'succeed', once({ in: '1h' }));
    await scheduler.pauseJob(name('later'), { reason: SECRETS.pauseOfOnce });
    assert.deepEqual((await status('later')).paused, { by: 'person', reason: SECRETS.pauseOfOnce });
    await scheduler.updateJob(name('later'), { payload: { does: 'succeed', secret: `new ${SECRETS.payload}` } });
    await look();
    await scheduler.pause({ reason: REASON });
    await look();
    await scheduler.resume();
    await scheduler.retryRun(name('broken'));
    await becomes('broken', 'failed');
    await scheduler.cancelJob(name('nightly'), { reason: REASON });
    await scheduler.cancelJob(name('later'), { reason: REASON });
    assert.equal((await status('nightly')).lastError, REASON);
    // What no worker ends is terminated, with the reason.
    await using idle = await Scheduler.connect({ address: server.address, taskQueue: 'canary-idle' });
    const lost = await idle.scheduleJob({ jobType: 'secret', schedule: once({ in: '1h' }), payload: {} });
    await idle.cancelJob(lost, { reason: REASON });
    await look();
  });

  it('is told by the server to nobody without the key', () => {
    assert.deepEqual([...secretIn], []);
  });

  it('must not stand in a reason: those are told, in the places that docs/security.md lists', () => {
    const page = readFileSync(PAGE, 'utf8');
    const [, list = ''] = /<!-- where reasons stand -->\n+((?:- .*\n)+)/.exec(page) ?? [];
    const documented = [...list.matchAll(/`([\w.]+)`/g)].map(([, place = '']) => place);
    assert.deepEqual([...reasonIn].toSorted(), documented.toSorted());
  });

  it('would have been found without the codec, and even then not in our summaries, details and memos', async () => {
    await using system = await System.start({ address: server.address });
    system.on((_, { progress }) => {
      progress({ seen: CONTROL });
      return { answer: CONTROL };
    });
    const job = { jobType: 'task', payload: { secret: CONTROL } };
    const id = await system.scheduler.scheduleJob({ ...job, schedule: once({ in: 0 }) });
    await system.scheduler.scheduleJob({ ...job, schedule: cron('0 2 * * *') });
    await system.scheduler.waitForJob(id);
    system.on(() => {
      throw new Error(CONTROL);
    });
    const single = { ...job, retryPolicy: { maximumAttempts: 1 } };
    const failed = await system.scheduler.scheduleJob({ ...single, schedule: once({ in: '1h' }) });
    const after = await system.scheduler.scheduleJob({ ...single, schedule: afterJob(failed, { on: 'failure' }) });
    await system.scheduler.triggerJob(failed);
    await eventually(
      () => system.scheduler.getJobStatus(after),
      ({ state, runningRuns }) => state === 'failed' && runningRuns.length === 0,
    );
    await look();
    const details = await system.client.workflow.getHandle(id).query('__temporal_workflow_metadata');
    assert.deepEqual([...placesOf(CONTROL, details)], []);
    assert.deepEqual([...controlIn].toSorted(), WITHOUT_CODEC);
  });

  it('is in no log of the worker, which says of an error only its type', async () => {
    const ended = event(worker, 'exit');
    worker.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
    const bytes = Buffer.from(logged);
    assert.ok(contains(bytes, CONTROL));
    assert.match(logged, /Activity failed/);
    for (const [what, secret] of Object.entries(SECRETS)) assert.ok(!contains(bytes, secret), what);
  });

  it('is neither in the database nor in the log of the server', async () => {
    await server.stop();
    const files = readdirSync(folder);
    assert.ok(files.includes('jobs.db') && files.includes('jobs.db.log'), files.join());
    const content = files.map((file) => [file, readFileSync(join(folder, file))] as const);
    const found = (secret: string) => content.filter(([, bytes]) => contains(bytes, secret)).map(([file]) => file);
    assert.deepEqual(found(CONTROL).slice(0, 1), ['jobs.db']);
    assert.ok((content.find(([file]) => file === 'jobs.db.log')?.[1].length ?? 0) > 1_000);
    for (const [what, secret] of Object.entries(SECRETS)) assert.deepEqual(found(secret), [], what);
  });
});

/** Where payload, result and error of a job without a codec stand: only where a codec would see them. */
const WITHOUT_CODEC = [
  'history.activityTaskCompleted.result.payloads.data',
  'history.activityTaskFailed.failure.message',
  'history.activityTaskFailed.failure.stackTrace',
  'history.activityTaskScheduled.input.payloads.data',
  'history.markerRecorded.details.result.payloads.data',
  'history.startChildWorkflowExecutionInitiated.input.payloads.data',
  'history.workflowExecutionCompleted.result.payloads.data',
  'history.workflowExecutionFailed.failure.cause.message',
  'history.workflowExecutionFailed.failure.cause.stackTrace',
  'history.workflowExecutionStarted.input.payloads.data',
  // The note of a job that has failed, which with a codec does not say why.
  'list.info.notes',
  'schedule.schedule.action.startWorkflow.input.payloads.data',
  'schedule.schedule.state.notes',
];
