import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { Client, ScheduleDescription, ScheduleSpec } from '@temporalio/client';
import {
  encodeScheduleAction,
  encodeSchedulePolicies,
  encodeScheduleSpec,
  encodeScheduleState,
} from '@temporalio/client/lib/schedule-helpers.js';
import { encodeUnifiedSearchAttributes } from '@temporalio/common/lib/converter/payload-search-attributes.js';
import { ConcurrentUpdateError } from '../job/errors.ts';
import { RUN_JOB, type Definition, type EndedRun } from '../workflows/messages.ts';
import { grpcStatus, ifFound } from './map-error.ts';
import { ended, parseNote, type EndState, type Note, type RunRef } from './notes.ts';
import type { toScheduleOptions } from './to-temporal.ts';

type RawSchedule = NonNullable<ScheduleDescription['raw']['schedule']>;

/** Where a scheduler's jobs are: in a namespace, those whose runs go through one task queue. */
export interface Scope {
  readonly client: Client;
  readonly queue: string;
}

/** The Temporal Schedule that is an interval, cron or afterJob job. */
export interface JobRecord {
  readonly id: string;
  readonly definition: Definition;
  readonly description: ScheduleDescription;
  readonly note: Note;
}

// Each of our updates leaves its own mark in the record, to see by reading it back that it was not overtaken.
const REVISION = 'temporal-job-scheduler-revision';
const TRIES = 8;

/** The record of a job of this task queue, or undefined: a schedule that starts something else is none of ours. */
export async function readRecord({ client, queue }: Scope, id: string): Promise<JobRecord | undefined> {
  const description = await ifFound(client.schedule.getHandle(id).describe());
  if (!description) return undefined;
  const { action, state } = description;
  if (action.workflowType !== RUN_JOB || action.taskQueue !== queue) return undefined;
  const [input] = action.args as [Definition | undefined];
  const definition = typeof input === 'object' && input !== null ? input : { jobType: '' };
  return { id, definition, description, note: parseNote(state.note, state.paused) };
}

/** What to change of a record; whatever is not named stays, the pause and the action limit included. */
export interface RecordChange {
  readonly note?: string;
  readonly paused?: boolean;
  /** How many scheduled runs are left; 0 ends the job, null takes the limit away. */
  readonly remainingActions?: number | null;
  /** A whole new definition, with times of its own only where `spec` is there. */
  readonly options?: Omit<ReturnType<typeof toScheduleOptions>, 'spec'> & { readonly spec?: ScheduleSpec };
}

/**
 * Reads a record, changes it and makes sure that the change was not lost to another: Temporal refuses an update made
 * from an old state (V2 schedules) or drops it without a word (V1), so it is read back, and tried again.
 *
 * @returns the record as it was before the change, or undefined if there is none
 */
export async function changeRecord(
  scope: Scope,
  id: string,
  change: (record: JobRecord) => RecordChange | undefined | Promise<RecordChange | undefined>,
): Promise<JobRecord | undefined> {
  let record = await readRecord(scope, id);
  for (let tries = 0; record && tries < TRIES; tries++) {
    const wanted = await change(record);
    if (!wanted) return record;
    const revision = randomUUID();
    await tryUpdate(scope.client, record, wanted, revision);
    const after = await readRecord(scope, id);
    if (!after || revisionOf(after.description) === revision) return record;
    record = after;
  }
  if (!record) return undefined;
  throw new ConcurrentUpdateError(
    id,
    `job "${id}" is being changed by others: nothing of this change was kept, call again`,
  );
}

/** Ends a job: no scheduled run will come. The server deletes the record a week later. */
export function endOf(state: EndState, reason?: string, run?: RunRef & { readonly endedAt: string }): RecordChange {
  const at = run ? new Date(run.endedAt) : new Date();
  return { note: ended(state, at, reason, run), paused: false, remainingActions: 0 };
}

/** Ends a job with the one run it has. What a codec hides from the server, a handler's error, must not stand in a note. */
export function endWith({ client }: Scope, run: EndedRun): RecordChange {
  const isHidden = run.state === 'failed' && client.options.loadedDataConverter.payloadCodecs.length > 0;
  return endOf(run.state, isHidden ? undefined : run.error, run);
}

async function tryUpdate(client: Client, record: JobRecord, change: RecordChange, revision: string): Promise<void> {
  const { raw } = record.description;
  const { namespace, identity } = client.options;
  try {
    await client.workflowService.updateSchedule({
      namespace,
      identity,
      scheduleId: record.id,
      requestId: revision,
      conflictToken: raw.conflictToken,
      schedule: await changedSchedule(client, raw.schedule ?? {}, change, revision),
      ...(change.options && {
        searchAttributes: {
          indexedFields: encodeUnifiedSearchAttributes(undefined, change.options.typedSearchAttributes),
        },
      }),
    });
  } catch (error) {
    // V2: somebody was faster. What is read back has not our revision.
    if (grpcStatus(error)?.code !== status.FAILED_PRECONDITION) throw error;
  }
}

async function changedSchedule(
  client: Client,
  before: RawSchedule,
  { note, paused, remainingActions, options }: RecordChange,
  revision: string,
): Promise<RawSchedule> {
  const { loadedDataConverter, namespace } = client.options;
  const action = options
    ? await encodeScheduleAction(loadedDataConverter, namespace, options.action, {})
    : before.action;
  const mark = { metadata: { encoding: Buffer.from('binary/plain') }, data: Buffer.from(revision) };
  const fields = { ...action?.startWorkflow?.header?.fields, [REVISION]: mark };
  return {
    ...before,
    ...(options && { policies: encodeSchedulePolicies(options.policies) }),
    ...(options?.spec && { spec: encodeScheduleSpec(options.spec) }),
    action: { startWorkflow: { ...action?.startWorkflow, header: { fields } } },
    state: {
      ...before.state,
      ...(note !== undefined && { notes: note }),
      ...(paused !== undefined && { paused }),
      ...(remainingActions !== undefined && limit(remainingActions)),
    },
  };
}

function limit(
  remaining: number | null,
): Pick<NonNullable<RawSchedule['state']>, 'limitedActions' | 'remainingActions'> {
  const { limitedActions, remainingActions } = encodeScheduleState({ remainingActions: remaining ?? undefined });
  return { limitedActions, remainingActions };
}

function revisionOf({ raw }: ScheduleDescription): string | undefined {
  const data = raw.schedule?.action?.startWorkflow?.header?.fields?.[REVISION]?.data;
  return data ? Buffer.from(data).toString() : undefined;
}
