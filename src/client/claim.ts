import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../job/job.ts';
import { ifFound, isAlreadyExists } from './map-error.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { CANCELLED, describeWorkflow, isRunOf, readRun, type WorkflowInfo } from './runs.ts';

/*
 * An id names one job, but a once job is a workflow and every other job a schedule, and the server keeps their ids apart.
 * So whoever creates the one looks for the other afterwards; of two who create at once, at least one sees the other. A
 * workflow gives way to a schedule that its creator sees. A schedule whose creator sees a workflow waits for that to
 * give way, and goes itself if it does not: its creator had looked before, and was answered.
 */

/** How long a schedule waits for a workflow to give way, in milliseconds. */
const GIVES_WAY_WITHIN = 5_000;
/** How long its creator may take to look for a schedule. */
const LOOKS_WITHIN = 2_000;
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
  try {
    await start();
  } catch (error) {
    if (isAlreadyExists(error)) return false;
    throw error;
  }
  if (!isIdGiven) return true;
  if (schedule.kind !== 'once') {
    if (await workflowGivesWay(scope, id)) return true;
    await giveUpSchedule(scope, id);
  } else {
    if (!(await hasSchedule(scope, id))) return true;
    await giveUpWorkflow(scope, id);
  }
  return false;
}

/** What an id names, once it is decided: neither, if that is no job of this task queue or has just been given up. */
export async function readHolder(scope: Scope, id: string): Promise<Holder> {
  // The schedule first: without a workflow beside it, it need not give way to a later one.
  const read = async () => [await readRecord(scope, id), await standingWorkflow(scope, id)] as const;
  let [record, workflow] = await read();
  if (workflow && !record && isYounger(workflow, LOOKS_WITHIN)) {
    await sleep(LOOKS_WITHIN);
    [record, workflow] = await read();
  }
  while (record && workflow?.status.name === 'RUNNING' && isYounger(workflow, 2 * GIVES_WAY_WITHIN)) {
    await sleep(LOOK_AGAIN);
    [record, workflow] = await read();
  }
  if (record && workflow?.status.name === 'RUNNING' && isCreatedWith(record, workflow)) {
    // The client that should have taken the schedule back did not live to do it.
    await giveUpSchedule(scope, id);
    record = undefined;
  }
  return { record, workflow: workflow && isRunOf(scope, workflow) ? workflow : undefined };
}

function isYounger({ startTime }: WorkflowInfo, milliseconds: number): boolean {
  return Date.now() - startTime.getTime() < milliseconds;
}

function isCreatedWith({ description }: JobRecord, { startTime }: WorkflowInfo): boolean {
  return Math.abs(description.info.createdAt.getTime() - startTime.getTime()) < GIVES_WAY_WITHIN;
}

/** Whether all that had the id have given it up. */
export async function isFree(scope: Scope, { id, schedule }: Job): Promise<boolean> {
  // What gave way may still be there to refuse a workflow, and schedules go first.
  if (schedule.kind === 'once') await sleep(LOOKS_WITHIN);
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
