import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../job/job.ts';
import { ifFound, isAlreadyExists } from './map-error.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { CANCELLED, readRun, type WorkflowInfo } from './run.ts';
import { describeWorkflow, isRunOf } from './runs.ts';

/*
 * An id names one job, but a once job is a workflow and every other job a schedule, and the server keeps their ids apart.
 * So whoever creates the one looks for the other afterwards; of two who create at once, at least one sees the other. A
 * workflow gives way to a schedule that its creator sees. A schedule whose creator sees a workflow waits for that to give
 * way; an older one may have been answered before, so that the schedule goes if it does not. If both stay, a client died
 * in between.
 */

/** From then on others go by a workflow that has no schedule beside it, in milliseconds. */
const STANDS_AFTER = 2_000;
/** How long one waits for the other to go. */
const GOES_WITHIN = 10_000;
/** Many may wait for one id at once, and each asks the server. */
const LOOK_AGAIN = 400;
const GAVE_WAY = 'its id names another job';

export interface Holder {
  readonly record?: JobRecord | undefined;
  readonly workflow?: WorkflowInfo | undefined;
}

/** Creates a job, unless its id names one. */
export async function claim(
  scope: Scope,
  { id, schedule }: Job,
  isIdGiven: boolean,
  start: () => Promise<void>,
): Promise<boolean> {
  try {
    await start();
  } catch (error) {
    if (isAlreadyExists(error)) return false;
    throw error;
  }
  if (!isIdGiven) return true;
  return schedule.kind === 'once' ? workflowStays(scope, id) : scheduleStays(scope, id);
}

/** What an id names, once it is decided: neither, if that is no job of this task queue or has just been given up. */
export async function readHolder(scope: Scope, id: string): Promise<Holder> {
  let { record, workflow } = await readBoth(scope, id);
  if (workflow && !record && isYounger(workflow, STANDS_AFTER)) {
    await sleep(STANDS_AFTER);
    ({ record, workflow } = await readBoth(scope, id));
  }
  const until = performance.now() + GOES_WITHIN;
  while (record && isRival(scope, record, workflow) && performance.now() < until) {
    await sleep(LOOK_AGAIN);
    ({ record, workflow } = await readBoth(scope, id));
  }
  if (record && isRival(scope, record, workflow)) {
    if (isOlder(workflow, record)) {
      await giveUpSchedule(scope, id);
      record = undefined;
    } else {
      await giveUpWorkflow(scope, id);
      workflow = undefined;
    }
  }
  return { record, workflow: workflow && isRunOf(scope, workflow) ? workflow : undefined };
}

async function readBoth(scope: Scope, id: string): Promise<Holder> {
  // The schedule first: without a workflow beside it, it need not give way to a later one.
  const record = await readRecord(scope, id);
  return { record, workflow: await standingWorkflow(scope, id) };
}

function isYounger({ startTime }: WorkflowInfo, milliseconds: number): boolean {
  return Date.now() - startTime.getTime() < milliseconds;
}

/** How long a schedule was created after a workflow, by the server's clock. */
function lead({ startTime }: WorkflowInfo, { description }: JobRecord): number {
  return description.info.createdAt.getTime() - startTime.getTime();
}

function isOlder(workflow: WorkflowInfo, record: JobRecord): boolean {
  return lead(workflow, record) > 0;
}

/** Whether a workflow was created at the same time as a schedule, and one of them has to go. */
function isRival(scope: Scope, record: JobRecord, workflow: WorkflowInfo | undefined): workflow is WorkflowInfo {
  if (workflow?.status.name !== 'RUNNING' || !isRunOf(scope, workflow)) return false;
  return Math.abs(lead(workflow, record)) < GOES_WITHIN;
}

/** Whether a workflow that has just been created is the job that its id names. */
async function workflowStays(scope: Scope, id: string): Promise<boolean> {
  for (const until = performance.now() + GOES_WITHIN; performance.now() < until; await sleep(LOOK_AGAIN)) {
    if (!(await hasSchedule(scope, id))) return true;
    const { record, workflow } = await readBoth(scope, id);
    // Nobody has gone by the workflow yet, unless the schedule came long after it. That goes: its creator sees this one.
    if (!record || !workflow || lead(workflow, record) < STANDS_AFTER) break;
  }
  await giveUpWorkflow(scope, id);
  return false;
}

/** Whether a schedule that has just been created is the job that its id names. */
async function scheduleStays(scope: Scope, id: string): Promise<boolean> {
  let rival = await standingWorkflow(scope, id);
  if (!rival) return true;
  const record = await readRecord(scope, id);
  for (const until = performance.now() + GOES_WITHIN; performance.now() < until; await sleep(LOOK_AGAIN)) {
    if (!record || !isRival(scope, record, rival)) break;
    rival = await standingWorkflow(scope, id);
    if (!rival) return true;
  }
  if (record && isRival(scope, record, rival) && !isOlder(rival, record)) {
    await giveUpWorkflow(scope, id);
    return true;
  }
  await giveUpSchedule(scope, id);
  return false;
}

/** Whether all that had the id have given it up. */
export async function isFree(scope: Scope, { id, schedule }: Job): Promise<boolean> {
  // What gave way may still be there to refuse a workflow, and schedules go first.
  if (schedule.kind === 'once') await sleep(STANDS_AFTER);
  return !(await hasSchedule(scope, id)) && !(await standingWorkflow(scope, id));
}

export async function hasSchedule({ client }: Scope, id: string): Promise<boolean> {
  return (await ifFound(client.schedule.getHandle(id).describe())) !== undefined;
}

/** The workflow with this id, but not one that gave way and which the server has still to delete. */
async function standingWorkflow(scope: Scope, id: string): Promise<WorkflowInfo | undefined> {
  const workflow = await describeWorkflow(scope.client, id);
  if (workflow?.status.name !== 'TERMINATED') return workflow;
  return (await readRun(scope.client, workflow)).error === GAVE_WAY ? undefined : workflow;
}

async function giveUpWorkflow({ client }: Scope, id: string): Promise<void> {
  const { namespace, identity } = client.options;
  const workflowExecution = { workflowId: id };
  const reason = `${CANCELLED}${GAVE_WAY}`;
  const request = { namespace, identity, workflowExecution, reason };
  // One that was due at once may have ended already: it stays.
  if (!(await ifFound(client.workflowService.terminateWorkflowExecution(request)))) return;
  await ifFound(client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution }));
}

async function giveUpSchedule({ client }: Scope, id: string): Promise<void> {
  await ifFound(client.schedule.getHandle(id).delete());
}
