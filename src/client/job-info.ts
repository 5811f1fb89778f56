import type { ScheduleSummary } from '@temporalio/client';
import type { JobInfo, JobState, RunInfo } from '../job/status.ts';
import {
  attributesOf,
  heldBy,
  nextOf,
  onceSchedule,
  pauseOf,
  scheduleOf,
  stateOfRecord,
  summaryOf,
} from './from-temporal.ts';
import type { Hold } from './hold.ts';
import { parseNote, standing, type RunRef } from './notes.ts';
import { identityOf, type WorkflowInfo } from './run.ts';

/** The open runs of each job that has some. */
export type OpenRuns = ReadonlyMap<string, readonly RunRef[]>;

/** What a list tells of a job that is a schedule. */
export function infoOfRecord(summary: ScheduleSummary, running: OpenRuns, hold: Hold | undefined): JobInfo {
  const { scheduleId: id, spec, memo, info, state } = summary;
  const runs = running.get(id) ?? [];
  const note = standing(parseNote(state.note, state.paused), runs);
  const schedule = scheduleOf(spec, memo);
  const nextExecution = note.kind === 'ended' || state.paused ? undefined : nextOf(info.nextActionTimes, undefined);
  const open: Pick<RunInfo, 'state'>[] = runs.length > 0 ? [{ state: 'running' }] : [];
  const lastExecution = info.recentActions.at(-1)?.scheduledAt;
  return {
    ...summaryOf({ id, ...attributesOf(summary) }, schedule),
    kind: schedule.kind,
    state: stateOfRecord(note, schedule, nextExecution, open as RunInfo[], pauseOf(note) ?? heldBy(hold)),
    ...(nextExecution && { nextExecution }),
    ...(lastExecution && { lastExecution }),
  };
}

/** What a list tells of a once job. */
export function infoOfOnce(info: WorkflowInfo, hold: Hold | undefined, now: Date): JobInfo {
  const { scheduledAt } = identityOf(info);
  const isDue = scheduledAt <= now;
  const state = stateOfOnce(info, isDue, hold);
  return {
    ...summaryOf({ id: info.workflowId, ...attributesOf(info) }, onceSchedule(info)),
    kind: 'once',
    state,
    ...(state === 'scheduled' && { nextExecution: scheduledAt }),
    ...(isDue && state !== 'paused' && { lastExecution: scheduledAt }),
  };
}

function stateOfOnce({ status, memo }: WorkflowInfo, isDue: boolean, hold: Hold | undefined): JobState {
  switch (status.name) {
    case 'COMPLETED':
      return 'completed';
    case 'CANCELLED':
      return 'cancelled';
    case 'RUNNING':
      if (memo?.['paused'] || (hold && !isDue)) return 'paused';
      return isDue ? 'running' : 'scheduled';
    default:
      return 'failed';
  }
}
