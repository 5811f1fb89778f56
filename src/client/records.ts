import { setTimeout as sleep } from 'node:timers/promises';
import type { Records } from '../activities/chain.ts';
import { JOB_KIND } from '../workflows/attributes.ts';
import type { EndedRun } from '../workflows/messages.ts';
import { cancelDependents } from './cancel.ts';
import { readDependents } from './dependents.ts';
import type { QueueHold } from './hold.ts';
import { isCancelled, isRetried } from './notes.ts';
import { oweRun, settleDebt } from './owe.ts';
import { resumeAll } from './pause.ts';
import { changeRecord, endWith, readRecord, type Scope } from './record.ts';
import { readRun } from './run.ts';
import { describeRun } from './runs.ts';
import { sweepSince } from './sweep.ts';

const LOOK_EVERY = 100;

/** What the worker's local activities do with the records of jobs. */
export function createRecords(scope: Scope, hold: QueueHold): Records {
  return {
    async load(jobId) {
      const record = await readRecord(scope, jobId);
      if (!record || isCancelled(record.note)) return undefined;
      // Replaced by one that recurs. The CLI can take away what it follows, but not that it does.
      const kind = record.description.typedSearchAttributes.get(JOB_KIND);
      if (!record.definition.after && kind !== 'afterJob') return undefined;
      return { definition: record.definition, isPaused: record.note.kind === 'paused' };
    },
    owe: (jobId, predecessors) => oweRun(scope, jobId, predecessors),
    settleDebt: (jobId) => settleDebt(scope, jobId),
    async end(jobId, ended) {
      await changeRecord(scope, jobId, ({ note, definition }) => {
        if (definition.after?.repeats !== false || (note.kind === 'ended' && !isRetried(note, ended))) return undefined;
        return endWith(scope, ended);
      });
    },
    dependents: (jobId) => readDependents(scope, jobId),
    cancel: (jobIds, reason, of) => cancelDependents(scope, jobIds, reason, of),
    sweep: (since) => sweepSince(scope, since),
    async resume(token) {
      if ((await hold.read())?.token === token) await resumeAll(scope, hold, 'skip');
    },
  };
}

/** What a run has returned, once it is closed: its end is told a moment before. */
export async function readResult(scope: Scope, run: EndedRun): Promise<EndedRun> {
  const { resultOmitted: _, ...known } = run;
  let info = await describeRun(scope, run.workflowId, run.runId);
  for (; info?.status.name === 'RUNNING'; info = await describeRun(scope, run.workflowId, run.runId)) {
    await sleep(LOOK_EVERY);
  }
  if (!info) return known;
  const { result } = await readRun(scope.client, info);
  return { ...known, ...(result !== undefined && { result }) };
}
