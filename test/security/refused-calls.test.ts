import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { Worker } from '@temporalio/worker';
import { Scheduler, cron, once, type ScheduledJob } from '../../src/index.ts';
import { JobWorker, createJobWorker } from '../../src/worker.ts';
import { Gateway } from '../support/gateway.ts';
import { bareNamespace } from '../support/namespace.ts';
import { testServer } from '../support/servers.ts';
import { task } from '../support/system.ts';

// An authorizer lets a client in and refuses it single calls. The server's words for it are "Request unauthorized.".

const DETAILS = 'Request unauthorized.';

describe('a call that an authorizer refuses', function () {
  this.timeout(30_000);
  let target: string;
  let gateway: Gateway;
  let scheduler: Scheduler;
  let jobs: { once: string; cron: string };
  let denied = { call: '', code: status.PERMISSION_DENIED };

  before(async () => {
    ({ address: target } = await testServer());
    gateway = await Gateway.to(target, {
      refuse: ({ name }) => (name === denied.call ? { code: denied.code, details: DETAILS } : undefined),
    });
    scheduler = await Scheduler.connect({ address: gateway.address, taskQueue: `refused-${randomUUID()}` });
    const job = { jobType: 'task', payload: {} };
    jobs = {
      once: await scheduler.scheduleJob({ ...job, schedule: once({ in: '1h' }) }),
      cron: await scheduler.scheduleJob({ ...job, schedule: cron('0 0 1 1 *') }),
    };
  });
  beforeEach(() => (denied = { call: '', code: status.PERMISSION_DENIED }));
  after(async () => {
    await scheduler.close();
    await gateway[Symbol.asyncDispose]();
  });

  const expected = (call: string) => ({
    name: 'PermissionDeniedError',
    code: 'PERMISSION_DENIED',
    call,
    message: new RegExp(
      `^the Temporal server at ${gateway.address} \\(namespace "default"\\) refused this client ${call}: Request unauthorized\\. Check its API key, certificate and role`,
    ),
  });
  const add = (schedule: ScheduledJob['schedule']) => scheduler.scheduleJob({ jobType: 'task', payload: {}, schedule });

  const CALLS: Record<string, () => Promise<unknown>> = {
    StartWorkflowExecution: () => add(once({ in: '1h' })),
    CreateSchedule: () => add(cron('0 0 1 1 *')),
    DescribeSchedule: () => scheduler.getJobStatus(jobs.cron),
    DescribeWorkflowExecution: () => scheduler.getJobStatus(jobs.once),
    ListSchedules: () => scheduler.listJobs(),
    ListWorkflowExecutions: () => scheduler.listJobs({ kind: 'once' }),
    DescribeTaskQueue: () => scheduler.isPaused(),
    UpdateTaskQueueConfig: () => scheduler.pause(),
    PatchSchedule: () => scheduler.pauseJob(jobs.cron),
    UpdateSchedule: () => scheduler.updateJob(jobs.cron, { priority: 'high' }),
    UpdateWorkflowExecution: () => scheduler.pauseJob(jobs.once),
    RequestCancelWorkflowExecution: () => scheduler.cancelJob(jobs.once),
    CountWorkflowExecutions: () => Scheduler.connect({ address: gateway.address }),
    GetSystemInfo: () => Scheduler.connect({ address: gateway.address }),
  };
  for (const [call, operation] of Object.entries(CALLS)) {
    it(`is named to the client: ${call}`, async () => {
      denied.call = call;
      await assert.rejects(operation(), expected(call));
    });
  }

  it('is the same where the server asks who the client is', async () => {
    denied = { call: 'ListSchedules', code: status.UNAUTHENTICATED };
    await assert.rejects(scheduler.listJobs(), expected('ListSchedules'));
  });

  for (const call of ['GetSystemInfo', 'CountWorkflowExecutions', 'DescribeNamespace']) {
    it(`is named to a worker: ${call}`, async () => {
      denied.call = call;
      await assert.rejects(
        createJobWorker({ address: gateway.address, handlers: [task.handler(() => 1)] }),
        expected(call),
      );
    });
  }

  it('ends a worker whose polls it is, though the SDK then waits for ever for those that go on', async () => {
    // The SDK makes a refused poll again for a minute before it fails: here it has.
    const failed = { getState: () => 'FAILED', run: () => new Promise<void>(() => {}) } as unknown as Worker;
    const place = { address: gateway.address, namespace: 'default' };
    const ask = () => scheduler.isPaused();
    await assert.rejects(new JobWorker(failed, place, undefined, ask).run(), {
      code: 'UNAVAILABLE',
      message: /gives this worker no runs: the worker's log says why, perhaps that its role does not allow it to poll$/,
    });
    denied.call = 'DescribeTaskQueue';
    await assert.rejects(new JobWorker(failed, place, undefined, ask).run(), expected('DescribeTaskQueue'));
  });

  it('that would add search attributes leads to the command that an administrator runs', async () => {
    const namespace = await bareNamespace(target);
    denied.call = 'AddSearchAttributes';
    await assert.rejects(Scheduler.connect({ address: gateway.address, namespace }), {
      code: 'SEARCH_ATTRIBUTES_MISSING',
      message: new RegExp(
        `could not add JobId, .* \\(${DETAILS}\\): run: temporal operator search-attribute create --namespace ${namespace}`,
      ),
    });
  });
});
