import { ScheduleOverlapPolicy, type ScheduleSummary } from '@temporalio/client';
import { fromScheduleSpec } from '../job/from-schedule-spec.ts';
import type { CompleteRetryPolicy, Job, OverlapPolicy, Priority } from '../job/job.ts';
import type { AfterJobSchedule, OnceSchedule, Schedule } from '../job/schedule.ts';
import type { JobState, JobStatus, PauseInfo, RunInfo } from '../job/status.ts';
import { JOB_KIND, JOB_PRIORITY, JOB_TAGS, JOB_TYPE } from '../workflows/attributes.ts';
import type { Definition } from '../workflows/messages.ts';
import type { Hold } from './hold.ts';
import { isCancelled, standing, type Note } from './notes.ts';
import type { JobRecord } from './record.ts';
import { identityOf, onceMemo, type Run, type WorkflowInfo } from './run.ts';

const OVERLAP: Record<NonNullable<ScheduleOverlapPolicy>, OverlapPolicy> = {
  [ScheduleOverlapPolicy.SKIP]: 'skip',
  [ScheduleOverlapPolicy.BUFFER_ONE]: 'bufferOne',
  [ScheduleOverlapPolicy.BUFFER_ALL]: 'bufferAll',
  [ScheduleOverlapPolicy.CANCEL_OTHER]: 'cancelOther',
  [ScheduleOverlapPolicy.TERMINATE_OTHER]: 'terminateOther',
  [ScheduleOverlapPolicy.ALLOW_ALL]: 'allowAll',
};
// Only records are dated so far ahead: see toScheduleSpec.
const NEVER = 2100;
const DEFAULT_RETRY: CompleteRetryPolicy = {
  maximumAttempts: 3,
  initialInterval: 1_000,
  backoffCoefficient: 2,
  maximumInterval: 100_000,
  nonRetryableErrorTypes: [],
};

/** The whole job that a record holds, whoever wrote it: what is missing has its default. */
export function toJob({ id, definition, description }: JobRecord): Job {
  const { policies, memo, spec } = description;
  const overlap = OVERLAP[policies.overlap ?? ScheduleOverlapPolicy.SKIP];
  return {
    id,
    ...jobFields(definition),
    overlap,
    catchupWindow: policies.catchupWindow,
    schedule: scheduleOf(spec, memo, definition.maxRuns),
  };
}

function jobFields(definition: Definition) {
  const { timeout, totalTimeout, applied } = definition;
  return {
    jobType: definition.jobType,
    payload: definition.payload,
    priority: definition.priority ?? 'normal',
    retryPolicy: { ...DEFAULT_RETRY, ...definition.retryPolicy },
    heartbeatTimeout: definition.heartbeatTimeout ?? 30_000,
    tags: definition.tags ?? [],
    ...(timeout !== undefined && { timeout }),
    ...(totalTimeout !== undefined && { totalTimeout }),
    ...(applied && { applied }),
  };
}

export function scheduleOf(
  spec: ScheduleSummary['spec'],
  memo: Record<string, unknown> | undefined,
  maxRuns?: number,
): Schedule {
  // What a job follows can be longer than a comment in its spec.
  const after = memo?.['schedule'] as AfterJobSchedule | undefined;
  if (after?.kind === 'afterJob') return after;
  const schedule = fromScheduleSpec(spec ?? {});
  return maxRuns !== undefined && (schedule.kind === 'cron' || schedule.kind === 'interval')
    ? { ...schedule, maxRuns }
    : schedule;
}

export function onceSchedule(info: WorkflowInfo): OnceSchedule {
  const source = onceMemo(info)?.schedule;
  if (source && 'in' in source) return { kind: 'once', in: source.in };
  return { kind: 'once', at: source ? new Date(source.at) : identityOf(info).scheduledAt };
}

export function pauseOf(note: Note): PauseInfo | undefined {
  return note.kind === 'paused' ? { by: note.by, reason: note.reason } : undefined;
}

/** The status of a job that is a schedule. `runs` are its newest and its open ones. */
export function statusOfRecord(record: JobRecord, runs: readonly Run[], hold: Hold | undefined): JobStatus {
  const { description } = record;
  const note = standing(
    record.note,
    runs.filter(({ isOpen }) => isOpen),
  );
  const { schedule, ...job } = toJob(record);
  const { info, state } = description;
  // Beyond a thousand due times that wait their turn the server drops them.
  const dropped = Number(description.raw.info?.bufferDropped ?? 0);
  const nextExecution =
    note.kind === 'ended' || state.paused ? undefined : nextOf(info.nextActionTimes, state.remainingActions);
  const paused = pauseOf(note) ?? heldBy(hold);
  const isTaken = Number(description.raw.info?.bufferSize ?? 0) > 0;
  return {
    ...summaryOf(job, schedule),
    ...statusOfRuns(runs),
    state: stateOfRecord(note, schedule, nextExecution, runs, paused, isTaken),
    ...(nextExecution && { nextExecution }),
    skipped: { overlap: info.numActionsSkippedOverlap + dropped, missed: info.numActionsMissedCatchupWindow },
    ...(note.kind !== 'ended' && paused && { paused }),
    ...(isCancelled(note) && cancelledBecause(note.reason, note.at)),
  };
}

/** `isTaken`: the schedule has taken a due time whose run is not started yet, the last of `maxRuns` perhaps. */
export function stateOfRecord(
  note: Note,
  { kind }: Schedule,
  nextExecution: Date | undefined,
  runs: readonly RunInfo[],
  paused: PauseInfo | undefined,
  isTaken = false,
): JobState {
  if (note.kind === 'ended') return note.state;
  const states = new Set(runs.map(({ state }) => state));
  if (states.has('running')) return 'running';
  if (paused) return 'paused';
  if (states.has('queued') || isTaken) return 'queued';
  if (states.has('paused')) return 'paused';
  if (kind === 'afterJob') return 'waiting';
  return nextExecution ? 'scheduled' : 'completed';
}

/** The status of a once job. */
export function statusOfOnce(info: WorkflowInfo, run: Run, hold: Hold | undefined): JobStatus {
  const job = { id: info.workflowId, ...attributesOf(info) };
  const { isOpen, ...rest } = run;
  const pausedReason = info.memo?.['paused'];
  const person: PauseInfo | undefined =
    typeof pausedReason === 'string' ? { by: 'person', reason: pausedReason } : undefined;
  const paused = isOpen && run.state !== 'running' ? (person ?? heldBy(hold)) : undefined;
  const isWaiting = isOpen && run.attempts === 0 && run.state !== 'queued';
  return {
    ...summaryOf(job, onceSchedule(info)),
    ...statusOfRuns(run.startedAt || !isWaiting ? [run] : []),
    state: paused ? 'paused' : rest.state,
    ...(isWaiting && !paused && { nextExecution: rest.scheduledAt }),
    skipped: { overlap: 0, missed: 0 },
    ...(paused && { paused }),
    ...(run.state === 'cancelled' && cancelledBecause(run.error ?? '', run.endedAt)),
  };
}

/** A once job as its memo has it: whole, but for the payload. */
export function onceJob(info: WorkflowInfo): Job {
  const definition = { ...attributesOf(info), ...onceMemo(info) };
  return {
    id: info.workflowId,
    ...jobFields(definition),
    payload: null,
    overlap: 'bufferOne',
    catchupWindow: 86_400_000,
    schedule: onceSchedule(info),
  };
}

/** The status of a job whose record the server has deleted: of its runs, the newest first. */
export function statusOfGone(id: string, info: WorkflowInfo, runs: readonly Run[]): JobStatus {
  const [last] = runs;
  const kind = info.typedSearchAttributes.get(JOB_KIND);
  const schedule: Schedule =
    kind === 'afterJob' && last?.predecessor
      ? { kind: 'afterJob', jobIds: [last.predecessor.jobId], delay: 0, on: 'completion' }
      : { kind: 'once', at: last?.scheduledAt ?? info.startTime };
  const states = runs.map(({ state }) => state);
  return {
    ...summaryOf({ id, ...attributesOf(info) }, schedule),
    ...statusOfRuns(runs),
    state: states.find((state) => state === 'running' || state === 'queued') ?? last?.state ?? 'completed',
    skipped: { overlap: 0, missed: 0 },
  };
}

export function attributesOf({ typedSearchAttributes: attributes }: Pick<ScheduleSummary, 'typedSearchAttributes'>) {
  return {
    jobType: attributes?.get(JOB_TYPE) ?? '',
    priority: (attributes?.get(JOB_PRIORITY) ?? 'normal') as Priority,
    tags: attributes?.get(JOB_TAGS) ?? [],
  };
}

export function summaryOf(job: Pick<Job, 'id' | 'jobType' | 'priority' | 'tags'>, schedule: Schedule) {
  const { id, jobType, priority, tags } = job;
  return { id, jobType, schedule, priority, tags };
}

function statusOfRuns(
  runs: readonly Run[],
): Pick<JobStatus, 'lastExecution' | 'lastError' | 'lastRun' | 'runningRuns' | 'progress'> {
  const newestFirst = runs.toSorted((a, b) => b.scheduledAt.getTime() - a.scheduledAt.getTime());
  const [last] = newestFirst;
  const open = newestFirst.filter(({ isOpen }) => isOpen);
  const started = newestFirst.flatMap(({ startedAt }) => startedAt ?? []).toSorted((a, b) => b.getTime() - a.getTime());
  // A run that waits has no error of its own yet: then the one before it tells.
  const teller = newestFirst.find((run) => !run.isOpen || run.error !== undefined);
  const progress = open.find((run) => run.progress !== undefined)?.progress;
  return {
    runningRuns: open.map(withoutExtras),
    ...(last && { lastRun: withoutExtras(last) }),
    ...(started[0] && { lastExecution: started[0] }),
    ...(teller?.error !== undefined && { lastError: teller.error }),
    ...(progress !== undefined && { progress }),
  };
}

export function withoutExtras({ isOpen: _, progress: _progress, ...run }: Run): RunInfo {
  return run;
}

export function heldBy(hold: Hold | undefined): PauseInfo | undefined {
  return hold && { by: 'scheduler', reason: hold.reason };
}

function cancelledBecause(reason: string, at: Date | undefined): Pick<JobStatus, 'cancelled' | 'lastError'> {
  return { lastError: reason, cancelled: { reason, ...(at && { at }) } };
}

export function nextOf(times: readonly Date[], remaining: number | undefined): Date | undefined {
  const [next] = times;
  return remaining === 0 || (next?.getUTCFullYear() ?? NEVER) >= NEVER ? undefined : next;
}
