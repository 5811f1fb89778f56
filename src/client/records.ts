import type { Records } from '../activities/chain.ts';
import type { EndedRun } from '../workflows/messages.ts';
import { cancelDependents } from './cancel.ts';
import { readDependents } from './dependents.ts';
import type { QueueHold } from './hold.ts';
import { oweRun, settleDebt } from './owe.ts';
import { resumeAll } from './pause.ts';
import { changeRecord, endOf, readRecord, type Scope } from './record.ts';
import { describeRun, readRun } from './runs.ts';
import { sweepSince } from './sweep.ts';

/** What the worker's local activities do with the records of jobs. */
export function createRecords(scope: Scope, hold: QueueHold): Records {
  return {
    async load(jobId) {
      const record = await readRecord(scope, jobId);
      if (!record || (record.note.kind === 'ended' && record.note.state === 'cancelled')) return undefined;
      return { definition: record.definition, isPaused: record.note.kind === 'paused' };
    },
    owe: (jobId, predecessors) => oweRun(scope, jobId, predecessors),
    settleDebt: (jobId) => settleDebt(scope, jobId),
    async end(jobId, ended) {
      await changeRecord(scope, jobId, ({ note, definition }) => {
        if (note.kind === 'ended' || definition.after?.repeats !== false) return undefined;
        return endOf(ended.state, ended.error, ended);
      });
    },
    dependents: (jobId) => readDependents(scope, jobId),
    cancel: (jobIds, reason) => cancelDependents(scope, jobIds, reason),
    result: (run) => readResult(scope, run),
    sweep: (since) => sweepSince(scope, since),
    async resume(token) {
      if ((await hold.read())?.token === token) await resumeAll(scope, hold, 'skip');
    },
  };
}

async function readResult(scope: Scope, run: EndedRun): Promise<EndedRun> {
  const info = await describeRun(scope, run.workflowId, run.runId);
  const { resultOmitted: _, ...known } = run;
  if (!info) return known;
  // Its end is noted before it is closed: a moment more, for which this activity is tried again.
  if (info.status.name === 'RUNNING') throw new Error(`run ${run.workflowId} is about to close`);
  const { result } = await readRun(scope.client, info);
  return { ...known, ...(result !== undefined && { result }) };
}
