import { condition, continueAsNew, setDefaultSignalHandler, workflowInfo } from '@temporalio/workflow';
import { hear } from './follow-up.ts';
import type { Dependent } from './messages.ts';

// Whoever wants to know the dependents reads this workflow's history, so it must stay short.
const LONGEST_HISTORY = 1_000;

/**
 * Keeps which jobs follow a recurring or chained job, durably and in one order. It is a record, no actor: its readers
 * take the signals from its history, which the server answers also while no worker lives.
 */
export async function dependents(first: readonly Dependent[]): Promise<void> {
  const byId = hearOfDependents(first);
  await condition(() => byId.size === 0 || workflowInfo().historyLength > LONGEST_HISTORY);
  if (byId.size > 0) await continueAsNew<typeof dependents>([...byId.values()]);
}

/**
 * The jobs that follow, as they come and go from now on. One handler for both signals: to handlers of their own the SDK
 * would give what came before the first task by name, all that came and then all that went.
 */
export function hearOfDependents(first: readonly Dependent[] = []): Map<string, Dependent> {
  const byId = new Map(first.map((dependent) => [dependent.jobId, dependent]));
  setDefaultSignalHandler((name, argument) => hear(byId, name, argument));
  return byId;
}
