import { condition, continueAsNew, defineSignal, setHandler, workflowInfo } from '@temporalio/workflow';
import { ADD_DEPENDENT, REMOVE_DEPENDENT, type Dependent } from './messages.ts';

// Whoever wants to know the dependents reads this workflow's history, so it must stay short.
const LONGEST_HISTORY = 1_000;

/**
 * Keeps which jobs follow a recurring or chained job, durably and in one order. It is a record, no actor: its readers
 * take the signals from its history, which the server answers also while no worker lives.
 */
export async function dependents(first: readonly Dependent[]): Promise<void> {
  const byId = new Map(first.map((dependent) => [dependent.jobId, dependent]));
  setHandler(defineSignal<[Dependent]>(ADD_DEPENDENT), (dependent) => void byId.set(dependent.jobId, dependent));
  setHandler(defineSignal<[string]>(REMOVE_DEPENDENT), (jobId) => void byId.delete(jobId));
  await condition(() => byId.size === 0 || workflowInfo().historyLength > LONGEST_HISTORY);
  if (byId.size > 0) await continueAsNew<typeof dependents>([...byId.values()]);
}
