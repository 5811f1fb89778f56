import assert from 'node:assert/strict';
import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import { Scheduler, afterJob, cron, interval, once } from '../../src/index.ts';
import { System, eventually } from '../support/system.ts';

// Exactly these calls, however fast the machine: one more has to be wanted.

describe('the calls to the server made by', () => {
  let system: System;
  let connection: Connection;
  let scheduler: Scheduler;
  let made: string[] = [];

  const count: Interceptor = (options, nextCall) => {
    made.push(options.method_definition.path.split('/').at(-1) ?? '');
    return new InterceptingCall(nextCall(options));
  };

  before(async () => {
    system = await System.start();
    connection = await Connection.connect({ address: system.address, interceptors: [count] });
    scheduler = await Scheduler.connect({ client: new Client({ connection }), taskQueue: system.taskQueue });
    // The first dependent of a task queue brings the schedule that sweeps it.
    await scheduler.scheduleJob({ ...job, schedule: afterJob(await add(later())) });
  });
  after(async () => {
    await scheduler.close();
    await connection.close();
    await system[Symbol.asyncDispose]();
  });

  /** What an operation calls, in alphabetical order. */
  const callsOf = async (operation: () => Promise<unknown>): Promise<string[]> => {
    made = [];
    await operation();
    return made.toSorted();
  };
  const NEW_YEAR = '0 0 1 1 *';
  let names = 0;
  const newId = () => system.name(`counted-${names++}`);
  const job = { jobType: 'task', payload: {} };
  const later = () => once({ in: '1h' });
  const add = (schedule: Parameters<Scheduler['scheduleJob']>[0]['schedule'], id = newId()) =>
    scheduler.scheduleJob({ ...job, id, schedule });

  describe('scheduleJob', () => {
    const CREATED: Record<string, [() => Promise<unknown>, string[]]> = {
      'of a once job': [() => scheduler.scheduleJob({ ...job, schedule: later() }), ['StartWorkflowExecution']],
      'of a once job with an id': [() => add(later()), ['DescribeSchedule', 'StartWorkflowExecution']],
      'of a once job that is due': [
        () => scheduler.scheduleJob({ ...job, schedule: once(new Date()) }),
        ['StartWorkflowExecution'],
      ],
      'of a once job that is due, with an id': [
        () => add(once(new Date())),
        ['DescribeSchedule', 'DescribeSchedule', 'StartWorkflowExecution'],
      ],
      'of a cron job': [() => scheduler.scheduleJob({ ...job, schedule: cron(NEW_YEAR) }), ['CreateSchedule']],
      'of a cron job with an id': [() => add(cron(NEW_YEAR)), ['CreateSchedule', 'DescribeWorkflowExecution']],
      'of an interval job': [() => scheduler.scheduleJob({ ...job, schedule: interval('1h') }), ['CreateSchedule']],
      'of an interval job with an id': [() => add(interval('1h')), ['CreateSchedule', 'DescribeWorkflowExecution']],
      'of a job due within a minute': [
        () => scheduler.scheduleJob({ ...job, schedule: interval('30s') }),
        ['CreateSchedule', 'DescribeSchedule'],
      ],
    };
    for (const [what, [operation, expected]] of Object.entries(CREATED)) {
      it(what, async () => {
        assert.deepEqual(await callsOf(operation), expected);
      });
    }

    it('of a job after a once job', async () => {
      const predecessor = await add(later());
      assert.deepEqual(await callsOf(() => scheduler.scheduleJob({ ...job, schedule: afterJob(predecessor) })), [
        'CreateSchedule',
        'DescribeSchedule',
        'DescribeWorkflowExecution',
        'GetWorkflowExecutionHistory',
        'GetWorkflowExecutionHistory',
        'SignalWorkflowExecution',
      ]);
    });

    it('of a job after a cron job', async () => {
      const predecessor = await add(cron(NEW_YEAR));
      assert.deepEqual(await callsOf(() => scheduler.scheduleJob({ ...job, schedule: afterJob(predecessor) })), [
        'CreateSchedule',
        'DescribeSchedule',
        'DescribeSchedule',
        'DescribeWorkflowExecution',
        'GetWorkflowExecutionHistory',
        'GetWorkflowExecutionHistory',
        'SignalWithStartWorkflowExecution',
      ]);
    });
  });

  it('scheduleJobs: one for each job', async () => {
    const jobs = Array.from({ length: 20 }, () => ({ ...job, schedule: later() }));
    assert.deepEqual(
      await callsOf(() => scheduler.scheduleJobs(jobs)),
      jobs.map(() => 'StartWorkflowExecution'),
    );
  });

  describe('getJobStatus', () => {
    const FIRST_ROUND = ['DescribeSchedule', 'DescribeTaskQueue', 'DescribeWorkflowExecution'];

    it('of a once job that waits: one round', async () => {
      const id = await add(later());
      assert.deepEqual(await callsOf(() => scheduler.getJobStatus(id)), FIRST_ROUND);
    });

    it('of a once job that ran: the history of its run too', async () => {
      const ended = await add(once(new Date()));
      await scheduler.waitForJob(ended);
      assert.deepEqual(await callsOf(() => scheduler.getJobStatus(ended)), [
        ...FIRST_ROUND,
        'GetWorkflowExecutionHistory',
      ]);
    });

    it('of a cron job: a list of its runs too', async () => {
      const id = await add(cron(NEW_YEAR));
      assert.deepEqual(await callsOf(() => scheduler.getJobStatus(id)), [...FIRST_ROUND, 'ListWorkflowExecutions']);
    });
  });

  it('listJobs', async () => {
    const ofAll = ['DescribeTaskQueue', 'ListSchedules', 'ListWorkflowExecutions', 'ListWorkflowExecutions'];
    assert.deepEqual(await callsOf(() => scheduler.listJobs()), ofAll);
    assert.deepEqual(await callsOf(() => scheduler.listJobs({ kind: 'once' })), [
      'DescribeTaskQueue',
      'ListWorkflowExecutions',
    ]);
    assert.deepEqual(await callsOf(() => scheduler.listJobs({ kind: 'cron' })), ofAll.slice(0, 3));
  });

  const LOOK = ['DescribeSchedule', 'DescribeWorkflowExecution'];
  const CHANGES: Record<string, [(id: string) => Promise<unknown>, { once: string[]; cron: string[] }]> = {
    pauseJob: [
      (id) => scheduler.pauseJob(id),
      { once: [...LOOK, 'UpdateWorkflowExecution'], cron: ['DescribeSchedule', ...LOOK, 'PatchSchedule'] },
    ],
    // The second description is what the change is made from, the third makes sure that it was kept.
    updateJob: [
      (id) => scheduler.updateJob(id, { priority: 'high' }),
      {
        once: [...LOOK, 'UpdateWorkflowExecution'],
        cron: ['DescribeSchedule', 'DescribeSchedule', ...LOOK, 'UpdateSchedule'],
      },
    ],
    triggerJob: [
      (id) => scheduler.triggerJob(id),
      {
        once: [...LOOK, 'DescribeWorkflowExecution', 'UpdateWorkflowExecution'],
        cron: [...LOOK, 'DescribeWorkflowExecution', 'StartWorkflowExecution'],
      },
    ],
    cancelJob: [
      (id) => scheduler.cancelJob(id),
      {
        once: [
          ...LOOK,
          'DescribeWorkflowExecution',
          'DescribeWorkflowExecution',
          'GetWorkflowExecutionHistory',
          'GetWorkflowExecutionHistory',
          'GetWorkflowExecutionHistory',
          'RequestCancelWorkflowExecution',
        ],
        cron: [
          'DescribeSchedule',
          'DescribeSchedule',
          'DescribeSchedule',
          ...LOOK,
          'GetWorkflowExecutionHistory',
          'ListWorkflowExecutions',
          'UpdateSchedule',
        ],
      },
    ],
  };
  for (const [name, [change, expected]] of Object.entries(CHANGES)) {
    describe(name, () => {
      it('of a once job that waits', async () => {
        const id = await add(later());
        assert.deepEqual(await callsOf(() => change(id)), expected.once);
      });

      it('of a cron job', async () => {
        const id = await add(cron(NEW_YEAR));
        assert.deepEqual(await callsOf(() => change(id)), expected.cron);
      });
    });
  }

  it('retryRun of a once job', async () => {
    system.on(() => {
      throw new Error('no');
    });
    const retryPolicy = { maximumAttempts: 1 };
    const id = await scheduler.scheduleJob({ ...job, schedule: once(new Date()), retryPolicy });
    await assert.rejects(scheduler.waitForJob(id), { code: 'JOB_FAILED' });
    system.on(() => 'done');
    assert.deepEqual(await callsOf(() => scheduler.retryRun(id)), [
      'DescribeSchedule',
      'DescribeWorkflowExecution',
      'DescribeWorkflowExecution',
      'GetWorkflowExecutionHistory',
      'GetWorkflowExecutionHistory',
      'ResetWorkflowExecution',
    ]);
  });

  it('a call for many jobs: of the list, and of each job', async () => {
    const tags = ['counted'];
    const schedule = later();
    const ids = [
      await scheduler.scheduleJob({ ...job, schedule, tags }),
      await scheduler.scheduleJob({ ...job, schedule, tags }),
    ];
    await eventually(
      () => scheduler.listJobs({ tag: 'counted' }),
      ({ length }) => length === ids.length,
    );
    assert.deepEqual(await callsOf(() => scheduler.pauseJobs({ tag: 'counted', kind: 'once' })), [
      'DescribeSchedule',
      'DescribeSchedule',
      'DescribeTaskQueue',
      'DescribeWorkflowExecution',
      'DescribeWorkflowExecution',
      'ListWorkflowExecutions',
      'UpdateWorkflowExecution',
      'UpdateWorkflowExecution',
    ]);
  });

  it('isPaused', async () => {
    assert.deepEqual(await callsOf(() => scheduler.isPaused()), ['DescribeTaskQueue']);
  });
});
