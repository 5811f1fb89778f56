import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../job/job.ts';
import { ifFound, isAlreadyExists } from './map-error.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { CANCELLED, describeWorkflow, isRunOf, readRun, type WorkflowInfo } from './runs.ts';

/*
 * An id names one job, but a once job is a workflow and every other job a schedule, and the server keeps their ids apart.
 * So whoever creates the one looks for the other afterwards; of two who create at once, at least one sees the other. A
 * workflow gives way to a schedule that its creator sees, if he sees it in time: later on others go by the workflow. A
 * schedule whose creator sees a workflow waits for that to give way, and goes itself if it does not. If both stay, the
 * client that should have taken its own back is dead, or the other was answered before: the older one stays.
 */

/** How long the creator of a workflow may take to see a schedule and give way, in milliseconds. */
const SEES_WITHIN = 1_000;
/** From then on others go by a workflow. */
const STANDS_AFTER = 2_000;
/** How long a schedule waits for a workflow to give way. */
const GIVES_WAY_WITHIN = 5_000;
/** After that, and some time for a slow server, both would stay. */
const BOTH_STAY_AFTER = 2 * GIVES_WAY_WITHIN;
const LOOK_AGAIN = 50;
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
  const begun = performance.now();
  try {
    await start();
  } catch (error) {
    if (isAlreadyExists(error)) return false;
    throw error;
  }
  if (!isIdGiven) return true;
  if (schedule.kind === 'once') return !(await hasSchedule(scope, id)) || (await workflowStays(scope, id, begun));
  if (await workflowGivesWay(scope, id)) return true;
  await giveUpSchedule(scope, id);
  return false;
}

/** What an id names, once it is decided: neither, if that is no job of this task queue or has just been given up. */
export async function readHolder(scope: Scope, id: string): Promise<Holder> {
  let { record, workflow } = await readBoth(scope, id);
  if (workflow && !record && isYounger(workflow, STANDS_AFTER)) {
    await sleep(STANDS_AFTER);
    ({ record, workflow } = await readBoth(scope, id));
  }
  while (record && workflow?.status.name === 'RUNNING' && isYounger(workflow, BOTH_STAY_AFTER)) {
    await sleep(LOOK_AGAIN);
    ({ record, workflow } = await readBoth(scope, id));
  }
  if (record && workflow?.status.name === 'RUNNING' && isCreatedWith(record, workflow)) {
    if (await olderStays(scope, id, record, workflow)) record = undefined;
    else workflow = undefined;
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

function isCreatedWith({ description }: JobRecord, { startTime }: WorkflowInfo): boolean {
  return Math.abs(description.info.createdAt.getTime() - startTime.getTime()) < BOTH_STAY_AFTER;
}

/** Whether a workflow stays whose creator, who began to create it then, has seen a schedule. */
async function workflowStays(scope: Scope, id: string, begun: number): Promise<boolean> {
  const isInTime = performance.now() - begun < SEES_WITHIN;
  if (isInTime && (await givesWayBefore(scope, id, begun + STANDS_AFTER))) return false;
  // Now the schedule has to go, unless its creator was answered before there was this workflow.
  for (const since = performance.now(); performance.now() - since < BOTH_STAY_AFTER; await sleep(LOOK_AGAIN)) {
    if (!(await hasSchedule(scope, id))) return true;
  }
  const { record, workflow } = await readBoth(scope, id);
  if (!workflow) return false;
  if (record) return olderStays(scope, id, record, workflow);
  if (!(await hasSchedule(scope, id))) return true;
  await giveUpWorkflow(scope, id);
  return false;
}

/** Gives up the younger of two. Answers whether the workflow stays. */
async function olderStays(scope: Scope, id: string, record: JobRecord, workflow: WorkflowInfo): Promise<boolean> {
  const isWorkflowOlder = workflow.startTime < record.description.info.createdAt || !isRunOf(scope, workflow);
  await (isWorkflowOlder ? giveUpSchedule(scope, id) : giveUpWorkflow(scope, id));
  return isWorkflowOlder;
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

async function workflowGivesWay(scope: Scope, id: string): Promise<boolean> {
  for (let rival = await standingWorkflow(scope, id); rival; rival = await standingWorkflow(scope, id)) {
    if (rival.status.name !== 'RUNNING' || !isYounger(rival, GIVES_WAY_WITHIN)) return false;
    await sleep(LOOK_AGAIN);
  }
  return true;
}

/** The workflow with this id, but not one that gave way and which the server has still to delete. */
async function standingWorkflow(scope: Scope, id: string): Promise<WorkflowInfo | undefined> {
  const workflow = await describeWorkflow(scope.client, id);
  if (workflow?.status.name !== 'TERMINATED') return workflow;
  return (await readRun(scope.client, workflow)).error === GAVE_WAY ? undefined : workflow;
}

/** Gives up a workflow before others go by it; false if the server took too long, and it stays. */
async function givesWayBefore(scope: Scope, id: string, time: number): Promise<boolean> {
  const deadline = Date.now() + time - performance.now();
  try {
    await scope.client.withDeadline(deadline, () => giveUpWorkflow(scope, id));
    return true;
  } catch {
    // Perhaps it was done all the same. Where the server cannot be asked, it cannot.
    return (await standingWorkflow(scope, id)) === undefined;
  }
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
