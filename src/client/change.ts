import { isDeepStrictEqual } from 'node:util';
import type { Catalogue } from '../job/catalogue.ts';
import { InvalidArgumentError, InvalidJobError, JobNotChangeableError } from '../job/errors.ts';
import type { Job, JobOptions } from '../job/job.ts';
import { parseJob } from '../job/parse-job.ts';
import { show } from '../job/show.ts';
import { CHANGE, type OnceChange } from '../workflows/messages.ts';
import { notFound } from './cancel.ts';
import { onceJob, toJob } from './from-temporal.ts';
import { changeRecord, readRecord, type JobRecord, type Scope } from './record.ts';
import type { WorkflowInfo } from './run.ts';
import { describeRun } from './runs.ts';
import { updateOnce } from './pause-job.ts';
import { dueTime, hash, toDefinition, toOnceMemo, toScheduleOptions } from './to-temporal.ts';

/** A job's fields as the user gave them: what is undefined is not to be changed. */
export type JobChanges = Partial<JobOptions> & {
  readonly jobType?: string;
  readonly payload?: unknown;
  readonly schedule?: unknown;
};

/** What is to be changed of a job, each field of it checked by itself. */
export function parseChanges(id: string, given: unknown): JobChanges {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidArgumentError(`changes: expected an object with what to change, got ${show(given)}`);
  }
  const changes: JobChanges & { id?: unknown } = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  if (changes.id !== undefined && changes.id !== id) {
    throw new InvalidJobError('id', `id: expected ${show(id)}, which can't be changed, got ${show(changes.id)}`);
  }
  // A policy's two intervals are compared when what is not named is known.
  const { retryPolicy } = changes;
  const policy = typeof retryPolicy === 'object' && { retryPolicy: { initialInterval: 1, ...retryPolicy } };
  parseJob({ jobType: 'any', schedule: { kind: 'once', in: 0 }, payload: null, ...changes, ...policy });
  return changes;
}

/** Changes of a job what is named, and nothing else. */
export async function change(scope: Scope, id: string, changes: JobChanges, catalogue: Catalogue): Promise<void> {
  const [record, workflow] = await Promise.all([readRecord(scope, id), describeRun(scope, id)]);
  if (record) await changeScheduled(scope, record, changes, catalogue);
  else if (workflow) await changeOnce(scope, workflow, changes, catalogue);
  else throw notFound(scope, id);
}

async function changeScheduled(
  scope: Scope,
  first: JobRecord,
  changes: JobChanges,
  catalogue: Catalogue,
): Promise<void> {
  await changeRecord(scope, first.id, async (record) => {
    const before = toJob(record);
    if (record.note.kind === 'ended')
      throw new JobNotChangeableError(record.id, `job "${record.id}" is ${record.note.state}: it can't be changed`);
    const job = await catalogue.parse(merge(before, changes), { isComplete: true });
    refuseOtherKind(before, job);
    const { applied } = before;
    const { spec, ...options } = toScheduleOptions(
      applied ? { ...job, applied } : job,
      scope.queue,
      new Date(),
      record.definition,
    );
    const { remainingActions = null } = options.state;
    const isTimeChanged = changes.schedule !== undefined;
    return { options: { ...options, ...(isTimeChanged && { spec }) }, ...(isTimeChanged && { remainingActions }) };
  });
}

async function changeOnce(
  { client }: Scope,
  workflow: WorkflowInfo,
  changes: JobChanges,
  catalogue: Catalogue,
): Promise<void> {
  const { workflowId: id, status } = workflow;
  if (status.name !== 'RUNNING') throw new JobNotChangeableError(id, `job "${id}" has ended: it can't be changed`);
  const before = onceJob(workflow);
  const job = await catalogue.parse(merge(before, changes), {
    isComplete: true,
    ignorePayload: changes.payload === undefined,
  });
  refuseOtherKind(before, job);
  const at = dueTime(job.schedule, new Date());
  const { schedule, at: _, payloadHash: _hash, ...memo } = toOnceMemo(job, at);
  const named = (fields: object) =>
    Object.fromEntries(Object.entries(fields).filter(([key]) => Object.hasOwn(changes, key)));
  const times = changes.schedule !== undefined && { at: at.toISOString() };
  const payload = changes.payload !== undefined && { payloadHash: hash(job.payload) };
  const retryPolicy = changes.retryPolicy && { retryPolicy: only(job.retryPolicy, changes.retryPolicy) };
  const onceChange: OnceChange = {
    input: { ...named(toDefinition(job)), ...times, ...retryPolicy },
    memo: { ...named(memo), ...(times && { ...times, schedule }), ...payload, ...retryPolicy },
  };
  await updateOnce(client, id, CHANGE, onceChange);
}

function only<Fields extends object>(fields: Fields, named: object): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => Object.hasOwn(named, key))) as Fields;
}

function merge({ applied: _, ...job }: Job, changes: JobChanges): Record<string, unknown> {
  const { maximumAttempts, ...retryPolicy } = job.retryPolicy;
  const policy = { ...retryPolicy, maximumAttempts: maximumAttempts === 0 ? Infinity : maximumAttempts };
  return { ...job, ...changes, id: job.id, retryPolicy: { ...policy, ...changes.retryPolicy } };
}

function refuseOtherKind(before: Job, after: Job): void {
  const [from, to] = [before.schedule.kind, after.schedule.kind];
  const isRecurring = (kind: string) => kind === 'interval' || kind === 'cron';
  if (isRecurring(from) && isRecurring(to)) return;
  if (from === to && (from === 'once' || isDeepStrictEqual(before.schedule, after.schedule))) return;
  throw new JobNotChangeableError(
    before.id,
    `schedule: job "${before.id}" is ${from}, which can't become another kind or follow another job in place: schedule it again with { onConflict: 'replace' }`,
  );
}
