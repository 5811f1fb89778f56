import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineJob, once, type JobId } from '../../src/index.ts';
import { startLocalScheduler, type LocalScheduler, type LocalSchedulerOptions } from '../../src/local.ts';
import { gone, lives } from '../dev-server/harness.ts';
import { eventually } from '../support/system.ts';
import { Child } from './fixtures/child.ts';

const work = defineJob('work', { payload: z.unknown() });
const NOW = () => once(new Date());

describe('startLocalScheduler', () => {
  let folder: string;
  let database: string;
  const calls: JobId[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'local-'));
    database = join(folder, 'jobs.db');
    calls.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const handler = work.handler((payload, { jobId }) => {
    calls.push(jobId);
    return { was: payload };
  });
  const start = (options: Partial<LocalSchedulerOptions> = {}) =>
    startLocalScheduler({ handlers: [handler], database, ...options });
  /** The server's process, as temporal-dev.sh records it beside the database. */
  const serverPid = () => Number(/^pid (\d+)$/m.exec(readFileSync(`${database}.server`, 'utf8'))?.[1]);
  /** The processes whose command line has this in it: the script has the database's path, the server its port. */
  const processesWith = (words: string) =>
    execFileSync('ps', ['-A', '-ww', '-o', 'pid=,stat=,args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(words) && !/^\s*\d+ Z/.test(line));
  const portOf = (scheduler: LocalScheduler) => `--port ${scheduler.address.split(':')[1]}`;

  it('runs jobs, serves the Web UI, and leaves no process behind', async () => {
    const scheduler = await start();
    const id = await scheduler.scheduleJob({ jobType: 'work', schedule: NOW(), payload: 1 });
    assert.deepEqual(await scheduler.waitForJob(id), { was: 1 });
    const page = await fetch(scheduler.webUiUrl);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<html/i);
    const pid = serverPid();
    assert.ok(lives(pid));
    assert.equal(processesWith(portOf(scheduler)).length > 0, true);
    assert.equal(processesWith(database).length > 0, true);
    await Promise.all([scheduler.close(), scheduler.close()]);
    assert.equal(lives(pid), false);
    assert.deepEqual(processesWith(database), []);
    await assert.rejects(scheduler.listJobs());
    await scheduler[Symbol.asyncDispose]();
  });

  it('with persistence keeps a job over close(), and runs it when it is there again', async () => {
    const first = await start();
    const at = new Date(Date.now() + 5_000);
    const id = await first.scheduleJob({ id: 'later', jobType: 'work', schedule: once(at), payload: 'kept' });
    await first.scheduleJob({ id: 'much-later', jobType: 'work', schedule: once({ in: '1d' }), payload: 2 });
    await first.close();
    assert.deepEqual(calls, []);
    assert.ok(Date.now() < at.getTime(), 'closed too late');
    await using second = await start();
    assert.deepEqual(await second.waitForJob(id), { was: 'kept' });
    assert.deepEqual(calls, ['later']);
    assert.equal((await second.getJobStatus('much-later')).state, 'scheduled');
  });

  it('with persistence keeps a job over kill -9 of its process, whose server dies with it', async () => {
    const at = new Date(Date.now() + 6_000).toISOString();
    const options = { jobs: { killed: at }, database, persistence: true };
    await using process = Child.start('local', options);
    await process.says('scheduled');
    const pid = serverPid();
    assert.ok(lives(pid));
    process.kill('SIGKILL');
    assert.equal(await process.ended, 'SIGKILL');
    await gone(pid);
    // The script that saw to it.
    await eventually(
      () => Promise.resolve(processesWith(database)),
      ({ length }) => length === 0,
    );
    await using next = Child.start('local', { ...options, jobs: {} });
    const started = await next.says('started', 1, { jobId: 'killed', attempt: 1 });
    assert.ok(started.at >= Date.parse(at));
    await next.says('finished');
    assert.equal(next.said.filter(({ event }) => event === 'started').length, 1);
    // A signal ends the worker, and with it the server; then the process has nothing left to do.
    const ownPid = serverPid();
    next.kill('SIGTERM');
    assert.equal(await next.ended, 0);
    await gone(ownPid, 1_000);
  });

  it('without persistence keeps nothing, and writes no database', async () => {
    const options = { persistence: false };
    const first = await start(options);
    const words = portOf(first);
    await first.scheduleJob({ id: 'lost', jobType: 'work', schedule: once({ in: '1d' }), payload: 1 });
    await eventually(
      () => first.listJobs(),
      ({ length }) => length === 1,
    );
    await first.close();
    assert.deepEqual(processesWith(words), []);
    assert.equal(existsSync(database), false);
    await using second = await start(options);
    assert.deepEqual(await second.listJobs(), []);
    await assert.rejects(second.getJobStatus('lost'), { code: 'JOB_NOT_FOUND' });
  });

  it('refuses a database that another one has open, and says which process that is', async () => {
    await using first = await start();
    await assert.rejects(start(), {
      code: 'UNAVAILABLE',
      message: new RegExp(`jobs\\.db is open in the server at ${first.address} \\(process ${serverPid()}\\)`),
    });
    const id = await first.scheduleJob({ jobType: 'work', schedule: NOW(), payload: 'still' });
    assert.deepEqual(await first.waitForJob(id), { was: 'still' });
  });

  it('refuses options that are not what they must be, and leaves no server behind', async () => {
    const code = 'INVALID_ARGUMENT';
    await assert.rejects(start({ handlers: [] }), { code });
    await assert.rejects(start({ handlers: [handler, handler] }), { code });
    await assert.rejects(start({ maxConcurrentJobs: 0 }), { code });
    await assert.rejects(start({ persistence: 'yes' as never }), { code });
    assert.deepEqual(processesWith(database), []);
    assert.equal(existsSync(`${database}.server`), false);
  });

  it('runs so many jobs at once as it was told', async () => {
    let [running, most] = [0, 0];
    const busy = work.handler(async () => {
      most = Math.max(most, ++running);
      await sleep(50);
      running--;
    });
    await using scheduler = await start({ handlers: [busy], persistence: false, maxConcurrentJobs: 3 });
    const jobs = Array.from({ length: 12 }, () => ({ jobType: 'work', schedule: NOW(), payload: {} }));
    const { ids } = await scheduler.scheduleJobs(jobs);
    await Promise.all(ids.map((id) => scheduler.waitForJob(id)));
    assert.equal(most, 3);
  });
});
