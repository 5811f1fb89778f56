import { randomUUID } from 'node:crypto';
import { DependencyCycleError, InvalidScheduleError, JobNotFoundError, TooManyDependentsError } from '../job/errors.ts';
import type { Job, JobId } from '../job/job.ts';
import type { AfterJobSchedule } from '../job/schedule.ts';
import { reasonOf } from '../workflows/follow-up.ts';
import type { After, Dependent, EndedRun } from '../workflows/messages.ts';
import { cancelDependents } from './cancel.ts';
import { deliver, toEndedRun } from './deliver.ts';
import { addDependent, addDependentOfOnce, readDependents, readDependentsOfOnce } from './dependents.ts';
import { readRecord, type JobRecord, type Scope } from './record.ts';
import { readRun, type WorkflowInfo } from './run.ts';
import { describeRun, latestRun } from './runs.ts';
import { ensureSweep } from './sweep.ts';

const MAX_DEPENDENTS = 1_000;

/** A job that another one is to follow. */
type Predecessor =
  | { readonly kind: 'once'; readonly id: string; readonly workflow: WorkflowInfo }
  | { readonly kind: 'record'; readonly id: string; readonly record: JobRecord }
  /** Its record is gone, a run of it is still known. */
  | { readonly kind: 'gone'; readonly id: string; readonly workflow: WorkflowInfo };

/** What was seen of what a job is to follow. */
export interface Leaders {
  readonly after: After;
  /** Those that are once jobs. */
  readonly once: ReadonlySet<JobId>;
}

/** Looks at what a job is to follow. Refuses what does not exist, cycles, and more dependents than one job may have. */
export async function examine(scope: Scope, job: Job, schedule: AfterJobSchedule): Promise<Leaders> {
  const found = await Promise.all(schedule.jobIds.map((id) => findPredecessor(scope, id, job.id)));
  if (found.length > 1 && found.some(({ kind }) => kind !== 'once')) {
    const other = found.find(({ kind }) => kind !== 'once')?.id;
    throw new InvalidScheduleError(
      'jobIds',
      `expected once jobs where there are several, got "${other}", which is none`,
    );
  }
  const ancestors = new Set(found.flatMap((predecessor) => [predecessor.id, ...ancestorsOf(predecessor)]));
  if (ancestors.has(job.id)) throw cycle(job.id, schedule.jobIds);
  const [first] = found;
  const after = {
    jobIds: schedule.jobIds,
    delay: schedule.delay,
    on: schedule.on,
    repeats: first?.kind === 'record' && first.record.definition.after?.repeats !== false,
    ancestors: [...ancestors],
    ...(found.length > 1 && first?.kind === 'once' && { workflowId: `${job.id}/after/${randomUUID()}` }),
  };
  return { after, once: new Set(found.filter(({ kind }) => kind === 'once').map(({ id }) => id)) };
}

async function findPredecessor(scope: Scope, id: string, dependentId: string): Promise<Predecessor> {
  const [record, workflow] = await Promise.all([readRecord(scope, id), describeRun(scope, id)]);
  const isOnce = workflow !== undefined && !record;
  const dependents = isOnce ? await readDependentsOfOnce(scope, id) : await readDependents(scope, id);
  if (dependents.length >= MAX_DEPENDENTS && !dependents.some(({ jobId }) => jobId === dependentId)) {
    throw new TooManyDependentsError(`expected at most ${MAX_DEPENDENTS} jobs after job "${id}", got one more`);
  }
  if (isOnce) return { kind: 'once', id, workflow };
  if (record) return { kind: 'record', id, record };
  const last = await latestRun(scope, id);
  if (last) return { kind: 'gone', id, workflow: last };
  throw new JobNotFoundError(id, `afterJob: expected the id of a job on task queue "${scope.queue}", got "${id}"`);
}

function ancestorsOf(predecessor: Predecessor): readonly string[] {
  return predecessor.kind === 'record' ? (predecessor.record.definition.after?.ancestors ?? []) : [];
}

function cycle(id: string, jobIds: readonly string[]): DependencyCycleError {
  return new DependencyCycleError(
    `expected afterJob() of a job that does not follow "${id}", got "${jobIds.join('", "')}"`,
  );
}

/**
 * Makes a job, whose record exists, follow its predecessors. Where one has ended for good, its end counts now. Every
 * step may be made again, by a repeated call or another client.
 */
export async function follow(scope: Scope, job: Job, { after, once }: Leaders): Promise<void> {
  await refuseCycle(scope, job, after);
  const { id: jobId, jobType, tags, priority } = job;
  const { on, delay, repeats, workflowId, suffix } = after;
  const dependent: Dependent = {
    jobId,
    jobType,
    tags,
    priority,
    on,
    delay,
    repeats,
    ...(workflowId && { workflowId }),
    ...(suffix && { suffix }),
  };
  for (const id of after.jobIds) {
    const ended = await (once.has(id) ? registerWithOnce(scope, id, dependent) : register(scope, id, dependent));
    // A job that was cancelled will not run again, also one that recurred.
    if (ended?.state === 'cancelled') await cancelDependents(scope, [jobId], reasonOf(ended), id);
    else if (ended) await deliver(scope, dependent, ended);
  }
  await ensureSweep(scope);
}

/** A job that somebody follows already could close a circle: then the whole chain above it is looked at. */
async function refuseCycle(scope: Scope, job: Job, after: After): Promise<void> {
  if ((await readDependents(scope, job.id)).length === 0) return;
  const seen = new Set<string>();
  for (let above = [...after.jobIds]; above.length > 0;) {
    if (above.includes(job.id)) throw cycle(job.id, after.jobIds);
    for (const id of above) seen.add(id);
    const records = await Promise.all(above.map((id) => readRecord(scope, id)));
    above = records.flatMap((record) => record?.definition.after?.jobIds ?? []).filter((id) => !seen.has(id));
  }
}

/** Registers the dependent with a once job. Answers how that one ended, if it has. */
async function registerWithOnce(scope: Scope, id: string, dependent: Dependent): Promise<EndedRun | undefined> {
  if (await addDependentOfOnce(scope, id, dependent)) return undefined;
  const closed = await describeRun(scope, id);
  return closed && toEndedRun(await readRun(scope.client, closed));
}

/** Registers the dependent with another job. Answers how that one ended, if it will not run again. */
async function register(scope: Scope, id: string, dependent: Dependent): Promise<EndedRun | undefined> {
  // In this order: a predecessor notes its end in its record before it asks who follows. So either it sees the
  // dependent, or its end is seen here.
  await addDependent(scope, id, dependent);
  const record = await readRecord(scope, id);
  if (!record) {
    const last = await latestRun(scope, id);
    return last && toEndedRun(await readRun(scope.client, last));
  }
  if (record.note.kind !== 'ended') return undefined;
  const { state, at, reason: error, run } = record.note;
  return {
    jobId: id,
    workflowId: run?.workflowId ?? id,
    runId: run?.runId ?? '',
    state,
    endedAt: at.toISOString(),
    ...(error && { error }),
    ...(run && { resultOmitted: true }),
  };
}
