import { once as event } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import {
  type Scheduler,
  afterJob,
  cron,
  interval,
  once,
  type JobId,
  type JobState,
  type ScheduledJob,
} from '../../src/index.ts';
import { eventually, task } from '../support/system.ts';

const NAMESPACE = 'default';
const NEW_YEAR = cron('0 0 1 1 *');
const LARGE = 'x'.repeat(2_000);

/** Does with jobs all that can be done, so that client and worker make every call they have. */
export class Everything {
  readonly #taskQueue: string;
  readonly #scheduler: Scheduler;
  /** Calls the server as neither of the two: what an operator does. */
  readonly #operator: Connection;
  #names = 0;

  static readonly handler = task.handler(async (payload, { signal, progress }) => {
    if (payload === 'fail') throw new Error('failed');
    if (payload === 'obey') {
      progress('begun');
      if (!signal.aborted) await event(signal, 'abort');
      signal.throwIfAborted();
    }
    return LARGE;
  });

  constructor(taskQueue: string, scheduler: Scheduler, operator: Connection) {
    this.#taskQueue = taskQueue;
    this.#scheduler = scheduler;
    this.#operator = operator;
  }

  /** @param idle schedules for a task queue that has no worker. */
  async run(idle: Scheduler): Promise<void> {
    await this.#ofOnceJobs(idle);
    await this.#ofRecurringJobs();
    await this.#ofChains();
    await this.#ofRetries();
    await this.#ofTerminatedRuns();
    await this.#ofPauses();
    await this.#ofWorkflowTasks();
  }

  async #add(schedule: ScheduledJob['schedule'], payload = 'done', id?: JobId): Promise<JobId> {
    const retryPolicy = { maximumAttempts: 2, initialInterval: 20 };
    const job = { id: id ?? `${this.#taskQueue}-${this.#names++}`, jobType: 'task', schedule, payload, retryPolicy };
    return this.#scheduler.scheduleJob(job, { onConflict: 'replace' });
  }

  async #becomes(id: JobId, ...states: JobState[]): Promise<void> {
    await eventually(
      () => this.#scheduler.getJobStatus(id),
      ({ state }) => states.includes(state),
      30_000,
    );
  }

  async #ofOnceJobs(idle: Scheduler): Promise<void> {
    const scheduler = this.#scheduler;
    await scheduler.waitForJob(await this.#add(once({ in: 0 })));
    const id = await this.#add(once({ in: '1h' }));
    await scheduler.pauseJob(id, { reason: 'wait' });
    await scheduler.resumeJob(id);
    await scheduler.updateJob(id, { priority: 'high' });
    // Another definition: the old one is cancelled and deleted.
    await this.#add(once({ in: '2h' }), 'obey', id);
    await scheduler.triggerJob(id);
    await this.#becomes(id, 'running');
    await scheduler.cancelJob(id, { reason: 'enough' });
    // Without a worker nothing but a termination closes it.
    const held = await idle.scheduleJob({ jobType: 'task', schedule: once({ in: '1h' }), payload: 'done' });
    await idle.cancelJob(held);
  }

  async #ofRecurringJobs(): Promise<void> {
    const scheduler = this.#scheduler;
    const id = await this.#add(interval('30s'));
    await this.#add(NEW_YEAR, 'done', id);
    await scheduler.pauseJob(id);
    await scheduler.resumeJob(id);
    await scheduler.updateJob(id, { priority: 'low' });
    await scheduler.triggerJob(id);
    const year = new Date().getUTCFullYear();
    await scheduler.backfillJob(id, { from: new Date(Date.UTC(year - 1, 11, 31)), to: new Date(Date.UTC(year, 0, 2)) });
    for await (const _ of scheduler.listRuns(id)) break;
    await scheduler.listJobs();
    await scheduler.cancelJobs({ idPrefix: id });
    const job = { id: `${id}-applied`, jobType: 'task', schedule: NEW_YEAR, payload: 'done' };
    await scheduler.applyJobs([job], { owner: this.#taskQueue });
    await scheduler.applyJobs([], { owner: this.#taskQueue });
  }

  async #ofChains(): Promise<void> {
    const scheduler = this.#scheduler;
    const first = await this.#add(once({ in: '1h' }));
    const second = await this.#add(afterJob(first));
    await scheduler.triggerJob(first);
    await this.#becomes(second, 'completed');
    const recurring = await this.#add(NEW_YEAR);
    const third = await this.#add(afterJob(recurring));
    await scheduler.triggerJob(recurring);
    await eventually(
      () => scheduler.getJobStatus(third),
      ({ lastRun }) => lastRun?.state === 'completed',
    );
    // A chained job is replaced, and one is cancelled: their predecessor hears of both.
    await this.#add(afterJob(recurring, { delay: '1h' }), 'done', third);
    await scheduler.cancelJob(third);
    // One of two ends well, so that the run waits for the other; that one fails, and nobody waits any more.
    const [well, badly] = [await this.#add(once({ in: '1h' })), await this.#add(once({ in: '1h' }), 'fail')];
    const both = await this.#add(afterJob([well, badly]));
    await scheduler.triggerJob(well);
    await scheduler.waitForJob(well);
    await scheduler.triggerJob(badly);
    await this.#becomes(both, 'cancelled');
    // Paused as its predecessor ends, it owes a run.
    const leader = await this.#add(once({ in: '1h' }));
    const paused = await this.#add(afterJob(leader));
    await scheduler.pauseJob(paused);
    await scheduler.triggerJob(leader);
    await eventually(
      () => this.#operator.workflowService.describeSchedule({ namespace: NAMESPACE, scheduleId: paused }),
      ({ schedule }) => schedule?.state?.limitedActions === true,
    );
    await scheduler.resumeJob(paused);
    await this.#becomes(paused, 'completed');
  }

  async #ofRetries(): Promise<void> {
    const id = await this.#add(once({ in: 0 }), 'fail');
    await this.#becomes(id, 'failed');
    await this.#scheduler.retryRun(id);
    await this.#becomes(id, 'failed');
  }

  async #ofTerminatedRuns(): Promise<void> {
    const { workflowService } = this.#operator;
    const [one, other] = [await this.#add(once({ in: '1h' })), await this.#add(once({ in: '1h' }))];
    const after = [
      await this.#add(afterJob(one, { on: 'completion' })),
      await this.#add(afterJob([one, other], { on: 'completion' })),
    ];
    for (const workflowId of [one, other])
      await workflowService.terminateWorkflowExecution({ namespace: NAMESPACE, workflowExecution: { workflowId } });
    // What the server would do within a minute.
    const sweep = () =>
      workflowService.patchSchedule({
        namespace: NAMESPACE,
        scheduleId: `temporal-job-scheduler/sweep/${this.#taskQueue}`,
        patch: { triggerImmediately: { overlapPolicy: 1 } },
      });
    for (const id of after) {
      await eventually(
        async () => {
          await sweep();
          await sleep(500);
          return this.#scheduler.getJobStatus(id);
        },
        ({ state }) => state === 'completed',
        30_000,
      );
    }
  }

  async #ofPauses(): Promise<void> {
    const scheduler = this.#scheduler;
    const id = await this.#add(NEW_YEAR);
    await scheduler.pause();
    await scheduler.resume({ missed: 'latest' });
    // A worker ends this one.
    await scheduler.pause({ until: new Date(Date.now() + 4_000) });
    await eventually(
      () => scheduler.isPaused(),
      (isPaused) => !isPaused,
      30_000,
    );
    await this.#becomes(id, 'scheduled');
  }

  /** A query, as the Web UI makes it, and a workflow of a type that the worker does not have. */
  async #ofWorkflowTasks(): Promise<void> {
    const { workflowService } = this.#operator;
    const id = await this.#add(once({ in: 0 }), 'obey');
    await this.#becomes(id, 'running');
    await workflowService.queryWorkflow({
      namespace: NAMESPACE,
      execution: { workflowId: id },
      query: { queryType: '__temporal_workflow_metadata' },
    });
    await this.#scheduler.cancelJob(id);
    const execution = { workflowId: `${this.#taskQueue}-stranger` };
    await workflowService.startWorkflowExecution({
      namespace: NAMESPACE,
      ...execution,
      requestId: execution.workflowId,
      workflowType: { name: 'stranger' },
      taskQueue: { name: this.#taskQueue },
    });
    await eventually(
      async () => (await workflowService.getWorkflowExecutionHistory({ namespace: NAMESPACE, execution })).history,
      (history) => history?.events?.some((one) => one.workflowTaskFailedEventAttributes) ?? false,
    );
    await workflowService.terminateWorkflowExecution({ namespace: NAMESPACE, workflowExecution: execution });
  }
}
