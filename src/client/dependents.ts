import type { Client } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';
import { INTERNAL_PREFIX } from '../job/parse-job.ts';
import { hear } from '../workflows/follow-up.ts';
import { ADD_DEPENDENT, DEPENDENTS, REMOVE_DEPENDENT, type Dependent } from '../workflows/messages.ts';
import { ifFound, isNotFound } from './map-error.ts';
import type { Scope } from './record.ts';
import type { HistoryPage } from './run.ts';
import { describeRun } from './runs.ts';

// Which jobs follow a once job stands in the history of its workflow; which follow any other job, in the history of a
// small workflow beside it. A history is read back as it is written, whether or not a worker lives.

/** The workflow that keeps the dependents of a job that is a schedule. */
function keeperId(jobId: string): string {
  return `${INTERNAL_PREFIX}dependents/${jobId}`;
}

/** Makes a job follow a recurring or chained one. */
export async function addDependent({ client, queue }: Scope, jobId: string, dependent: Dependent): Promise<void> {
  await client.workflow.signalWithStart(DEPENDENTS, {
    workflowId: keeperId(jobId),
    taskQueue: queue,
    args: [[dependent]],
    signal: ADD_DEPENDENT,
    signalArgs: [dependent],
    staticSummary: `the jobs that follow ${jobId}`,
  });
}

/** Makes a job follow a once job. False if that one has ended. */
export async function addDependentOfOnce({ client }: Scope, jobId: string, dependent: Dependent): Promise<boolean> {
  return signal(client, jobId, ADD_DEPENDENT, dependent);
}

/** Of a job of whatever kind. A once job keeps its own; that id may be of a workflow that is none of ours. */
export async function removeDependent(scope: Scope, jobId: string, dependentId: string): Promise<void> {
  const isOnce = (await describeRun(scope, jobId)) !== undefined;
  await signal(scope.client, isOnce ? jobId : keeperId(jobId), REMOVE_DEPENDENT, dependentId);
}

export async function readDependents({ client }: Scope, jobId: string): Promise<Dependent[]> {
  return foldHistory(client, keeperId(jobId));
}

export async function readDependentsOfOnce({ client }: Scope, jobId: string): Promise<Dependent[]> {
  return foldHistory(client, jobId);
}

/** False if the workflow is closed or was never there. */
async function signal(client: Client, workflowId: string, name: string, argument: unknown): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId).signal(name, argument);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function foldHistory(client: Client, workflowId: string): Promise<Dependent[]> {
  const byId = new Map<string, Dependent>();
  const { loadedDataConverter, namespace } = client.options;
  let nextPageToken: Uint8Array | null | undefined;
  do {
    const request = { namespace, execution: { workflowId }, nextPageToken };
    const page: HistoryPage | undefined = await ifFound(client.workflowService.getWorkflowExecutionHistory(request));
    if (!page) return [];
    for (const event of page.history?.events ?? []) {
      const started = event.workflowExecutionStartedEventAttributes;
      const signaled = event.workflowExecutionSignaledEventAttributes;
      const [argument] = await decodeArrayFromPayloads(loadedDataConverter, (started ?? signaled)?.input?.payloads);
      if (Array.isArray(argument))
        for (const dependent of argument as Dependent[]) byId.set(dependent.jobId, dependent);
      if (signaled?.signalName) hear(byId, signaled.signalName, argument);
    }
    nextPageToken = page.nextPageToken;
  } while (nextPageToken?.length);
  return [...byId.values()];
}
