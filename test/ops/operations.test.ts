import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { Scheduler, cron, defineJob, interval, once, type JobContext, type JobState } from '../../src/index.ts';
import { LocalServer } from '../../src/local-server.ts';
import { createJobWorker, type JobWorker } from '../../src/worker.ts';
import { cliPath, temporal } from '../support/cli.ts';
import { quiet } from '../support/servers.ts';
import { eventually } from '../support/system.ts';

// The runbook is run: each of its commands once, as it stands there, and then the library must tell of the jobs what an
// operator would expect. Its own server and the task queue of the text, so that ids need not be replaced.

const PAGE = fileURLToPath(new URL('../../docs/operations.md', import.meta.url));
const DAY = 86_400_000;
const execute = promisify(execFile);

/** The shell blocks of the page, each under its two headings. */
function readBlocks(): Map<string, string> {
  const blocks = new Map<string, string>();
  let section = '';
  let heading = '';
  for (const [, level, title, block] of readFileSync(PAGE, 'utf8').matchAll(/^(##+) (.*)$|^```sh\n([^]*?)^```$/gm)) {
    if (level === '##') [section, heading] = [title ?? '', ''];
    else if (level) heading = title ?? '';
    else blocks.set(`${section}: ${heading}`, block ?? '');
  }
  return blocks;
}

interface Step {
  /** Brings about what the command is for. Answers what to write for the words in capitals. */
  readonly before?: () => Promise<Record<string, string> | void>;
  readonly check: (output: string) => Promise<void>;
}

describe('docs/operations.md', () => {
  const blocks = readBlocks();
  const folder = mkdtempSync(join(tmpdir(), 'operations-'));
  const calls: { readonly jobId: string; readonly payload: unknown; readonly attempt: number }[] = [];
  const work = new Map<string, (context: JobContext) => unknown>();
  let server: LocalServer;
  let scheduler: Scheduler;
  let worker: JobWorker;
  let working: Promise<void>;

  before(async () => {
    quiet();
    server = await LocalServer.start({ database: undefined, port: 0, uiPort: 0, args: ['--headless'] });
    const { address } = server;
    symlinkSync(await cliPath(), join(folder, 'temporal'));
    scheduler = await Scheduler.connect({ address });
    const handlers = ['backup', 'sync', 'import', 'migrate', 'mail'].map((jobType) =>
      defineJob(jobType, { payload: z.unknown() }).handler((payload, context) => {
        const { jobId, attempt } = context;
        calls.push({ jobId, payload, attempt });
        return work.get(jobId)?.(context);
      }),
    );
    worker = await createJobWorker({ address, handlers });
    working = worker.run();
  });
  after(async () => {
    worker.shutdown();
    await working;
    await scheduler.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const status = (id: string) => scheduler.getJobStatus(id);
  /** Both the status and the list say so, one of them a little later. */
  const is = async (id: string, state: JobState, inList: JobState = state) => {
    await eventually(
      () => status(id),
      (job) => job.state === state,
    );
    await eventually(
      () => scheduler.listJobs({ idPrefix: id }),
      (jobs) => jobs.length === 1 && jobs[0]?.state === inList,
    );
  };
  const lastRunIs = (id: string, state: JobState) =>
    eventually(
      () => status(id),
      ({ lastRun }) => lastRun?.state === state,
    );
  const callsOf = (id: string) => calls.filter(({ jobId }) => jobId === id);
  const called = (id: string, times: number) =>
    eventually(
      () => Promise.resolve(callsOf(id).length),
      (count) => count >= times,
    );
  const isPausedBy = async (id: string, by: 'person' | 'scheduler', reason: string) =>
    assert.deepEqual((await status(id)).paused, { by, reason });
  const add = (id: string, jobType: string, options: object) =>
    scheduler.scheduleJob({ id, jobType, payload: {}, ...options } as never);
  const NOW = () => ({ schedule: once(new Date(0)), retryPolicy: { maximumAttempts: 1 } });

  const obey = ({ signal }: JobContext) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  let release = () => {};
  /** A run of the job that is at work until it is released; answers its workflow's id. */
  const running = async (id: string, isObedient = false) => {
    const before = callsOf(id).length;
    const released = new Promise<void>((resolve) => (release = resolve));
    work.set(id, isObedient ? obey : () => released);
    const { workflowId } = await scheduler.triggerJob(id);
    await called(id, before + 1);
    return workflowId;
  };
  const fail = (message: string) => () => {
    throw new Error(message);
  };
  let failedRun = '';

  const steps: Record<string, Step> = {
    'Create a job: With a cron expression': {
      check: async () => {
        await is('nightly-backup', 'scheduled');
        const { schedule, priority, tags, jobType, nextExecution } = await status('nightly-backup');
        const expected = cron('0 2 * * *', { timezone: 'Europe/Berlin' });
        assert.deepEqual([schedule, priority, tags, jobType], [expected, 'high', ['finance'], 'backup']);
        const [listed] = await scheduler.listJobs({ tag: 'finance', priority: 'high', kind: 'cron' });
        assert.deepEqual([listed?.id, listed?.nextExecution], ['nightly-backup', nextExecution]);
      },
    },
    'Create a job: With an interval, and paused at first': {
      check: async () => {
        await is('hourly-sync', 'paused');
        await isPausedBy('hourly-sync', 'person', 'until the migration is over');
        const { schedule } = await status('hourly-sync');
        assert.ok(schedule.kind === 'interval' && schedule.every === 3_600_000);
      },
    },
    'Create a job: Once, later': {
      check: async () => {
        await is('import-once', 'scheduled');
        const { jobType, nextExecution, schedule } = await status('import-once');
        assert.deepEqual([jobType, schedule.kind], ['import', 'once']);
        assert.ok(Math.abs((nextExecution?.getTime() ?? 0) - Date.now() - DAY / 24) < 30_000);
      },
    },
    'Find a job: All jobs that recur, or follow others': {
      check: async (output) => {
        for (const { id, kind } of await scheduler.listJobs()) assert.equal(output.includes(id), kind !== 'once', id);
      },
    },
    'Find a job: All once jobs': {
      check: async (output) => {
        for (const { id, kind } of await scheduler.listJobs()) assert.equal(output.includes(id), kind === 'once', id);
      },
    },
    'Find a job: Some of them': {
      before: async () => {
        await running('nightly-backup');
        await is('nightly-backup', 'running');
      },
      check: async (output) => {
        assert.match(output, /nightly-backup\/run\//);
        assert.match(output, /^ *nightly-backup /m);
        assert.doesNotMatch(output, /hourly-sync/);
        release();
        await is('nightly-backup', 'scheduled');
      },
    },
    'Find a job: One job': {
      check: async (output) => {
        assert.match(output, /nightly-backup/);
        assert.match(output, /import-once/);
        await is('nightly-backup', 'scheduled');
        await is('import-once', 'scheduled');
      },
    },
    'Run a job now: A job that recurs or follows others': {
      before: async () => {
        const released = new Promise<void>((resolve) => (release = resolve));
        calls.length = 0;
        work.set('nightly-backup', () => released);
      },
      check: async () => {
        await called('nightly-backup', 1);
        assert.deepEqual(callsOf('nightly-backup')[0]?.payload, { source: '/home' });
        await is('nightly-backup', 'running');
        assert.equal((await status('nightly-backup')).runningRuns.length, 1);
        release();
        await is('nightly-backup', 'scheduled');
        assert.equal((await status('nightly-backup')).lastRun?.state, 'completed');
      },
    },
    'Run a job now: A once job that waits': {
      check: async () => {
        await is('import-once', 'completed');
        assert.deepEqual(callsOf('import-once')[0]?.payload, { file: 'a.csv' });
        const { jobType, lastRun } = await status('import-once');
        assert.deepEqual([jobType, lastRun?.state], ['import', 'completed']);
      },
    },
    'Run a job now: Due times that were missed': {
      before: async () => {
        calls.length = 0;
        const midnight = Math.floor(Date.now() / DAY) * DAY;
        return { FROM: new Date(midnight - 3 * DAY).toISOString(), TO: new Date(midnight).toISOString() };
      },
      check: async () => {
        await called('nightly-backup', 3);
        await is('nightly-backup', 'scheduled');
        const { lastRun } = await status('nightly-backup');
        assert.equal(lastRun?.state, 'completed');
        assert.equal(callsOf('nightly-backup').length, 3);
      },
    },
    'Pause and resume: One job that recurs or follows others': {
      check: async () => {
        await is('nightly-backup', 'paused');
        await isPausedBy('nightly-backup', 'person', 'disk is full');
        assert.equal((await status('nightly-backup')).nextExecution, undefined);
      },
    },
    'Pause and resume: Resume it': {
      check: async () => {
        await is('nightly-backup', 'scheduled');
        assert.ok((await status('nightly-backup')).nextExecution);
      },
    },
    'Pause and resume: A once job that waits for its time': {
      before: async () => {
        await add('migrate-once', 'migrate', { schedule: once({ in: '1h' }) });
      },
      check: async () => {
        await is('migrate-once', 'paused');
        await isPausedBy('migrate-once', 'person', 'not before the audit');
      },
    },
    'Pause and resume: Resume a once job': { check: () => is('migrate-once', 'scheduled') },
    'Pause and resume: Hold the whole queue': {
      check: async () => {
        assert.equal(await scheduler.isPaused(), true);
        await is('nightly-backup', 'paused');
        await isPausedBy('nightly-backup', 'scheduler', 'database upgrade');
        await add('held-once', 'import', NOW());
        // A list cannot tell a run that waits from one that has started: see JobInfo.
        await is('held-once', 'paused', 'running');
      },
    },
    'Pause and resume: See whether it is held, and why': {
      check: async (output) => {
        assert.match(output, /database upgrade/);
        await is('held-once', 'paused', 'running');
      },
    },
    'Pause and resume: Release the queue': {
      before: async () => {
        assert.deepEqual(callsOf('held-once'), []);
      },
      check: async () => {
        assert.equal(await scheduler.isPaused(), false);
        await is('held-once', 'completed');
        await is('nightly-backup', 'scheduled');
      },
    },
    'Change a job: A job that recurs': {
      check: async () => {
        await is('hourly-sync', 'scheduled');
        assert.deepEqual((await status('hourly-sync')).schedule, interval('2h'));
        await scheduler.triggerJob('hourly-sync');
        await called('hourly-sync', 1);
        assert.deepEqual(callsOf('hourly-sync')[0]?.payload, { full: true });
      },
    },
    'Change a job: A once job that waits': {
      check: async () => {
        assert.equal((await status('migrate-once')).priority, 'high');
        await eventually(
          () => scheduler.listJobs({ priority: 'high', kind: 'once' }),
          (jobs) => jobs.length === 1 && jobs[0]?.id === 'migrate-once',
        );
        await is('migrate-once', 'scheduled');
      },
    },
    'Stop a job: Stop a run, and leave the job': {
      before: async () => ({ WORKFLOW_ID: await running('nightly-backup', true) }),
      check: async () => {
        await is('nightly-backup', 'scheduled');
        await lastRunIs('nightly-backup', 'cancelled');
      },
    },
    'Stop a job: Stop a run that does not listen': {
      before: async () => ({ WORKFLOW_ID: await running('nightly-backup') }),
      check: async () => {
        await is('nightly-backup', 'scheduled');
        const { lastRun, lastError } = await lastRunIs('nightly-backup', 'failed');
        assert.deepEqual([lastRun?.error, lastError], ['terminated: does not stop', 'terminated: does not stop']);
        release();
      },
    },
    'Stop a job: Cancel a once job': { check: () => is('migrate-once', 'cancelled') },
    'Stop a job: End a job that recurs or follows others': {
      before: async () => {
        const before = callsOf('hourly-sync').length;
        work.set('hourly-sync', obey);
        // Not by the library: such a run has no attributes of ours.
        await temporal(server.address, 'schedule', 'trigger', '--schedule-id', 'hourly-sync');
        await called('hourly-sync', before + 1);
        await is('hourly-sync', 'running');
      },
      check: async () => {
        await eventually(
          () => scheduler.listJobs({ idPrefix: 'hourly-sync' }),
          ({ length }) => length === 0,
        );
        const { runningRuns } = await eventually(
          () => status('hourly-sync'),
          ({ state }) => state === 'cancelled',
        );
        assert.deepEqual(runningRuns, []);
      },
    },
    'A run has failed: Which have failed in the last day': {
      before: async () => {
        work.set('nightly-backup', fail('no space left'));
        for (const id of ['mail-1', 'mail-2']) {
          work.set(id, fail('no connection'));
          await add(id, 'mail', NOW());
        }
        await scheduler.updateJob('nightly-backup', { retryPolicy: { maximumAttempts: 1 } });
        const { workflowId } = await scheduler.triggerJob('nightly-backup');
        failedRun = workflowId;
        await lastRunIs('nightly-backup', 'failed');
        for (const id of ['mail-1', 'mail-2']) await is(id, 'failed');
        return { YESTERDAY: new Date(Date.now() - DAY).toISOString() };
      },
      check: async (output) => {
        for (const id of [failedRun, 'mail-1', 'mail-2']) assert.ok(output.includes(id), id);
        for (const { id } of await scheduler.listJobs({ state: 'completed' })) assert.ok(!output.includes(id), id);
      },
    },
    'A run has failed: Why it has': {
      before: async () => ({ WORKFLOW_ID: failedRun }),
      check: async (output) => {
        assert.match(output, /no space left/);
        assert.equal((await status('nightly-backup')).lastError, 'no space left');
      },
    },
    'A run has failed: Retry it': {
      before: async () => {
        work.delete('nightly-backup');
        return { WORKFLOW_ID: failedRun };
      },
      check: async () => {
        const { lastRun, lastError } = await lastRunIs('nightly-backup', 'completed');
        assert.deepEqual([lastRun?.workflowId, lastError], [failedRun, undefined]);
        await is('nightly-backup', 'scheduled');
      },
    },
    'A run has failed: Retry all that have failed': {
      before: async () => {
        for (const id of ['mail-1', 'mail-2']) work.delete(id);
      },
      check: async () => {
        for (const id of ['mail-1', 'mail-2']) await is(id, 'completed');
        assert.deepEqual(await scheduler.listJobs({ state: 'failed' }), []);
      },
    },
    'A run has failed: It waits long for its next attempt': {
      before: async () => {
        work.set('slow-retry', fail('busy'));
        await add('slow-retry', 'mail', {
          schedule: once(new Date(0)),
          retryPolicy: { initialInterval: '1h', maximumInterval: '1h' },
        });
        await eventually(
          () => status('slow-retry'),
          ({ lastError }) => lastError === 'busy',
        );
        work.delete('slow-retry');
        return { WORKFLOW_ID: 'slow-retry' };
      },
      check: async () => {
        await is('slow-retry', 'completed');
        assert.deepEqual(
          callsOf('slow-retry').map(({ attempt }) => attempt),
          [1, 1],
        );
      },
    },
    'A run has failed: It must not try again just now': {
      before: async () => {
        work.set('vendor', fail('maintenance'));
        await add('vendor', 'mail', {
          schedule: once(new Date(0)),
          retryPolicy: { initialInterval: '2s', maximumAttempts: 100, backoffCoefficient: 1 },
        });
        await eventually(
          () => status('vendor'),
          ({ lastError }) => lastError === 'maintenance',
        );
        return { WORKFLOW_ID: 'vendor' };
      },
      check: async () => {
        await is('vendor', 'paused', 'running');
        assert.equal((await status('vendor')).lastError, 'maintenance');
      },
    },
    'A run has failed: It may again': {
      before: async () => {
        work.delete('vendor');
        return { WORKFLOW_ID: 'vendor' };
      },
      check: () => is('vendor', 'completed'),
    },
    'Why did a job not run?: Is it due at all': {
      check: async (output) => {
        const { nextExecution } = await status('nightly-backup');
        assert.ok(output.includes(nextExecution!.toISOString().slice(0, 10)) || /NextRunTime/i.test(output));
        await is('nightly-backup', 'scheduled');
      },
    },
    'Why did a job not run?: Has its run been started': {
      check: async (output) => {
        const listed = [];
        for await (const { workflowId } of scheduler.listRuns('nightly-backup')) listed.push(workflowId);
        assert.ok(listed.length > 5);
        for (const workflowId of listed) assert.ok(output.includes(workflowId), workflowId);
      },
    },
    'Why did a job not run?: Does a worker listen': {
      check: async (output) => {
        assert.match(output, /activity/);
        assert.match(output, /Pollers/i);
        await is('nightly-backup', 'scheduled');
      },
    },
    'Why did a job not run?: What does its run do': {
      before: async () => ({ WORKFLOW_ID: await running('nightly-backup') }),
      check: async (output) => {
        assert.match(output, /Pending Activities: 1/);
        await is('nightly-backup', 'running');
        release();
        await is('nightly-backup', 'scheduled');
      },
    },
    'Queries to save: Waiting': {
      before: async () => {
        await add('later-once', 'import', { schedule: once({ in: '1h' }) });
        await is('later-once', 'scheduled');
        return { NOW: new Date().toISOString() };
      },
      check: async (output) => {
        assert.match(output, /later-once/);
        assert.deepEqual(
          (await scheduler.listJobs({ kind: 'once', state: 'scheduled' })).map(({ id }) => id),
          ['later-once'],
        );
      },
    },
    'Queries to save: Longest running': {
      before: async () => ({ AN_HOUR_AGO: new Date().toISOString() }),
      check: async (output) => {
        const jobs = await scheduler.listJobs({ kind: 'once' });
        for (const { id, state } of jobs) assert.equal(output.includes(id), state === 'scheduled', id);
      },
    },
    'Queries to save: How many of each': {
      check: async (output) => {
        const jobs = await scheduler.listJobs({ kind: 'once', state: 'scheduled' });
        assert.match(output, /Completed/);
        assert.match(output, new RegExp(`total: ${jobs.length}, .*Running`));
      },
    },
  };

  it('has a check for every block of commands', () => {
    assert.deepEqual([...blocks.keys()].toSorted(), Object.keys(steps).toSorted());
    const commands = [...blocks.values()].join('').match(/^temporal /gm) ?? [];
    assert.ok(commands.length >= 25, `${commands.length} commands`);
  });

  let isWhole = true;
  for (const [name, { before: prepare, check }] of Object.entries(steps)) {
    it(name, async function () {
      // Each goes on from where the one before it has left the jobs.
      if (!isWhole && process.env['OPS_ALL'] === undefined) this.skip();
      isWhole = false;
      const values = (await prepare?.()) ?? {};
      const script = (blocks.get(name) ?? '').replaceAll(/\b[A-Z]+(?:_[A-Z]+)*\b/g, (word) => values[word] ?? word);
      const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, TEMPORAL_ADDRESS: server.address };
      const { stdout } = await execute('bash', ['-euo', 'pipefail', '-c', script], { env });
      await check(stdout);
      isWhole = true;
    });
  }
});
