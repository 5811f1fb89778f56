import assert from 'node:assert/strict';
import { afterJob, interval, once, type JobId } from '../../src/index.ts';
import { System } from '../support/system.ts';

// Each event of a history is paid for: exactly these, however fast the machine.

/** Of a workflow that does nothing but call one activity. */
const WITH_ONE_ACTIVITY = [
  'workflowExecutionStarted',
  'workflowTaskScheduled',
  'workflowTaskStarted',
  'workflowTaskCompleted',
  'activityTaskScheduled',
  'activityTaskStarted',
  'activityTaskCompleted',
  'workflowTaskScheduled',
  'workflowTaskStarted',
  'workflowTaskCompleted',
  'workflowExecutionCompleted',
];

describe('the history of', () => {
  let system: System;

  before(async () => {
    system = await System.start();
  });
  after(async () => system[Symbol.asyncDispose]());

  /** The names of a closed workflow's events. */
  const eventsOf = async (workflowId: string): Promise<string[]> => {
    const handle = system.client.workflow.getHandle(workflowId);
    await handle.result();
    const { events } = await handle.fetchHistory();
    return (events ?? []).map((event) => {
      const attributes = Object.keys(event).find((name) => name.endsWith('EventAttributes')) ?? '';
      return attributes.replace('EventAttributes', '');
    });
  };
  const runOf = async (jobId: JobId): Promise<string> => {
    for await (const { workflowId } of system.scheduler.listRuns(jobId)) return workflowId;
    throw new Error(`no run of ${jobId}`);
  };
  const schedule = (job: Pick<Parameters<System['scheduler']['scheduleJob']>[0], 'schedule'>) =>
    system.scheduler.scheduleJob({ jobType: 'task', payload: {}, ...job });

  it('a once run: a workflow with one activity', async () => {
    const id = await schedule({ schedule: once(new Date()) });
    assert.deepEqual(await eventsOf(id), WITH_ONE_ACTIVITY);
  });

  it('a recurring run: and the look who follows', async () => {
    const id = await schedule({ schedule: interval('1h') });
    const { workflowId } = await system.scheduler.triggerJob(id);
    assert.deepEqual(await eventsOf(workflowId), WITH_ONE_ACTIVITY.toSpliced(-1, 0, 'markerRecorded'));
  });

  it('a once run with a dependent: and its signal, the start of the child and its confirmation', async () => {
    let end: () => void = () => {};
    const isRegistered = new Promise<void>((resolve) => (end = resolve));
    system.on(() => isRegistered);
    const first = await schedule({ schedule: once(new Date()) });
    await system.called(1, first);
    const second = await schedule({ schedule: afterJob(first) });
    end();
    const events = await eventsOf(first);
    const added = [
      // The signal, as it comes.
      'workflowExecutionSignaled',
      'workflowTaskScheduled',
      'workflowTaskStarted',
      'workflowTaskCompleted',
      'startChildWorkflowExecutionInitiated',
      'childWorkflowExecutionStarted',
      'workflowTaskScheduled',
      'workflowTaskStarted',
      'workflowTaskCompleted',
    ];
    assert.deepEqual(events.toSorted(), [...WITH_ONE_ACTIVITY, ...added].toSorted());
    await system.called(1, second);
    // The chained run: reads what the job is by now, and looks who follows.
    assert.deepEqual(
      (await eventsOf(await runOf(second))).toSorted(),
      [...WITH_ONE_ACTIVITY, 'markerRecorded', 'markerRecorded'].toSorted(),
    );
  });
});
