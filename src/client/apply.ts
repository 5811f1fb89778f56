import type { Catalogue } from '../job/catalogue.ts';
import { InvalidArgumentError, InvalidJobError } from '../job/errors.ts';
import type { Job, JobId } from '../job/job.ts';
import { MOST_TAGS } from '../job/parse-job.ts';
import { show } from '../job/show.ts';
import { isOpen, type BulkResult } from './bulk.ts';
import { cancel } from './cancel.ts';
import { readHolder } from './claim.ts';
import { create } from './create.ts';
import { onceJob, toJob } from './from-temporal.ts';
import type { QueueHold } from './hold.ts';
import { inParallel } from './in-parallel.ts';
import { iterate } from './list.ts';
import { isCancelled } from './notes.ts';
import type { Scope } from './record.ts';
import { onceMemo, readRun } from './run.ts';
import { hash } from './to-temporal.ts';

/** What `applyJobs` did, or with `dryRun` would do. */
export interface AppliedJobs {
  readonly created: JobId[];
  readonly changed: JobDifference[];
  /** Those of the same owner that the list does not have any more. */
  readonly cancelled: JobId[];
  readonly unchanged: JobId[];
  /** What somebody else has changed since it was applied last, whether or not it had to be changed back. */
  readonly drifted: JobDifference[];
  /** None of them keeps the others from being applied. */
  readonly failures: BulkResult['failures'];
}

/** Where a job differs: fields such as `schedule` and `retryPolicy`, or `cancelled`, or `paused`. */
export interface JobDifference {
  readonly id: JobId;
  readonly fields: string[];
}

export interface ApplyOptions {
  /** Whose list it is: only jobs of the same owner are cancelled when the list does not have them. @default 'applyJobs' */
  readonly owner?: string;
  /** Only tell. @default false */
  readonly dryRun?: boolean;
}

/** What is to be done for one job of the list. */
interface Step {
  readonly job: Job;
  readonly todo: 'create' | 'change' | 'none';
  readonly fields: string[];
  readonly drift: string[];
}

const AT_ONCE = 10;
const NOT_DECLARED = 'applyJobs() was called without it';

export function ownerTag(owner: unknown = 'applyJobs'): string {
  if (typeof owner === 'string' && /^[\w.-]{1,90}$/.test(owner)) return `owner:${owner}`;
  throw new InvalidArgumentError(
    `owner: expected 1 to 90 letters, digits, dots, hyphens and underscores, got ${show(owner)}`,
  );
}

/** The whole list, checked before any call: each job with an id, and marked with what is applied. */
export async function parseList(catalogue: Catalogue, given: unknown, tag: string): Promise<Job[]> {
  if (!Array.isArray(given)) throw new InvalidArgumentError(`jobs: expected an array of jobs, got ${show(given)}`);
  const byId = new Map<JobId, Job>();
  for (const job of given as unknown[]) {
    if ((job as { id?: unknown } | null)?.id === undefined)
      throw new InvalidJobError(
        'id',
        'id: expected an id, by which the job is found when it is applied again, got none',
      );
    const parsed = await catalogue.parse(job);
    if (byId.has(parsed.id)) throw new InvalidJobError('id', `id: expected each once, got ${show(parsed.id)} twice`);
    if (parsed.tags.length >= MOST_TAGS)
      throw new InvalidJobError(
        'tags',
        `tags: expected at most ${MOST_TAGS - 1} beside the owner's, got ${parsed.tags.length} of job ${show(parsed.id)}`,
      );
    const tagged = { ...parsed, tags: [...parsed.tags, tag] };
    byId.set(parsed.id, { ...tagged, applied: fingerprints(tagged) });
  }
  return inOrder([...byId.values()]);
}

/** Makes the jobs of the owner equal to the list. */
export async function apply(
  scope: Scope,
  hold: QueueHold,
  jobs: readonly Job[],
  tag: string,
  isDryRun: boolean,
): Promise<AppliedJobs> {
  const undeclared = await findUndeclared(scope, hold, jobs, tag);
  const failures: BulkResult['failures'] = [];
  const attempt = async (id: JobId, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      failures.push({ id, error });
    }
  };
  const steps: Step[] = [];
  const look = async (job: Job) => compare(job, await standOf(scope, job.id));
  await inParallel(jobs, (job) => attempt(job.id, async () => void steps.push(await look(job))), AT_ONCE);
  if (!isDryRun) {
    const first = new Map(steps.map((step) => [step.job.id, step]));
    const isAnyReplaced = steps.some(({ todo }) => todo === 'change');
    // One after the other: a job may follow one that stands before it. What followed a job that was replaced has been
    // cancelled with it.
    for (const job of jobs) {
      const step = first.get(job.id);
      const mayBeLost = isAnyReplaced && job.schedule.kind === 'afterJob';
      if (!step || (step.todo === 'none' && !mayBeLost)) continue;
      await attempt(job.id, async () => {
        if (step.todo !== 'none' || (await look(job)).todo !== 'none') await create(scope, job, true, 'replace');
      });
    }
    for (const id of undeclared) await attempt(id, () => cancel(scope, id, NOT_DECLARED));
  }
  const failed = new Set(failures.map(({ id }) => id));
  const of = (todo: Step['todo']) => steps.filter((step) => step.todo === todo && !failed.has(step.job.id));
  return {
    created: of('create').map(({ job }) => job.id),
    changed: of('change').map(({ job, fields }) => ({ id: job.id, fields })),
    cancelled: undeclared.filter((id) => !failed.has(id)),
    unchanged: of('none').map(({ job }) => job.id),
    drifted: steps.filter(({ drift }) => drift.length > 0).map(({ job, drift }) => ({ id: job.id, fields: drift })),
    failures,
  };
}

async function findUndeclared(scope: Scope, hold: QueueHold, jobs: readonly Job[], tag: string): Promise<JobId[]> {
  const declared = new Set(jobs.map(({ id }) => id));
  const found: JobId[] = [];
  for await (const job of iterate(scope, hold, { tag })) if (isOpen(job) && !declared.has(job.id)) found.push(job.id);
  return found;
}

function compare(job: Job, { current, applied, isPaused, cancelled, hasRun }: Stand): Step {
  if (!current) return { job, todo: 'create', fields: [], drift: [] };
  if (cancelled !== undefined) {
    return { job, todo: 'create', fields: [], drift: cancelled === NOT_DECLARED ? [] : ['cancelled'] };
  }
  const fields = hasRun ? [] : differences(job.applied ?? {}, current);
  const changed = applied ? differences(applied, current) : fields;
  const drift = isPaused ? [...changed, 'paused'] : changed;
  return { job, todo: fields.length > 0 ? 'change' : 'none', fields, drift };
}

type Fingerprints = NonNullable<Job['applied']>;

/** What stands under an id now. */
interface Stand {
  readonly current?: Fingerprints;
  readonly applied?: Fingerprints;
  readonly isPaused?: boolean;
  /** Why, if it is. */
  readonly cancelled?: string;
  /** A once job whose run has ended: it is not run again for a change of the list. */
  readonly hasRun?: boolean;
}

async function standOf(scope: Scope, id: JobId): Promise<Stand> {
  const { record, workflow } = await readHolder(scope, id);
  if (record) {
    const { note } = record;
    const job = toJob(record);
    return {
      current: fingerprints(job),
      ...(job.applied && { applied: job.applied }),
      isPaused: note.kind === 'paused' && note.by === 'person',
      ...(isCancelled(note) && { cancelled: note.reason }),
    };
  }
  if (!workflow) return {};
  const memo = onceMemo(workflow);
  const run = await readRun(scope.client, workflow);
  return {
    current: { ...fingerprints(onceJob(workflow)), payload: shorten(memo?.payloadHash ?? '') },
    ...(memo?.applied && { applied: memo.applied }),
    isPaused: run.isOpen && workflow.memo?.['paused'] !== undefined,
    ...(run.state === 'cancelled' ? { cancelled: run.error ?? '' } : { hasRun: !run.isOpen }),
  };
}

/** A few characters for each field, by which to see whether it is still the same. */
function fingerprints({ id: _, applied: _applied, overlap, catchupWindow, ...fields }: Job): Fingerprints {
  // A once job has no use for these two, and no place to keep them.
  const all = fields.schedule.kind === 'once' ? fields : { ...fields, overlap, catchupWindow };
  return Object.fromEntries(Object.entries(all).map(([field, value]) => [field, shorten(hash(value))]));
}

function shorten(digest: string): string {
  return digest.slice(0, 12);
}

function differences(one: Fingerprints, other: Fingerprints): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((field) => one[field] !== other[field]);
}

/** Each after those of the list that it follows. Of a circle, which will be refused, any is the first. */
function inOrder(jobs: readonly Job[]): Job[] {
  const ordered: Job[] = [];
  let waiting = [...jobs];
  while (waiting.length > 0) {
    const ids = new Set(waiting.map(({ id }) => id));
    const isFree = ({ schedule }: Job) => schedule.kind !== 'afterJob' || !schedule.jobIds.some((id) => ids.has(id));
    const free = waiting.filter(isFree);
    const next = free.length > 0 ? free : waiting;
    ordered.push(...next);
    waiting = waiting.filter((job) => !next.includes(job));
  }
  return ordered;
}
