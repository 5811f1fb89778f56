import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import {
  decodeArrayFromPayloads,
  decodeFromPayloadsAtIndex,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';
import type { RunInfo, RunState } from '../job/status.ts';
import { JOB_ID } from '../workflows/attributes.ts';
import { describeFailure } from '../workflows/failure.ts';
import type { HandlerInput, OnceMemo } from '../workflows/messages.ts';

export type HistoryPage = Awaited<ReturnType<Client['workflowService']['getWorkflowExecutionHistory']>>;
type HistoryEvent = NonNullable<NonNullable<HistoryPage['history']>['events']>[number];
type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** A run, with what only an open one has. */
export interface Run extends RunInfo {
  readonly isOpen: boolean;
  /** What the handler reported last. */
  readonly progress?: unknown;
}

/** The events of a history's first page, and the last event of all. */
interface History {
  readonly events: readonly HistoryEvent[];
  readonly last: HistoryEvent | undefined;
}

/** How a run is cancelled that would not end by itself: its reason tells it from one that somebody terminated. */
export const CANCELLED = 'Cancelled: ';

// PENDING_ACTIVITY_STATE_SCHEDULED, _PAUSED and _PAUSE_REQUESTED
const SCHEDULED = 1;
const PAUSED = [4, 5];
const CLOSING = [
  'workflowExecutionCompletedEventAttributes',
  'workflowExecutionFailedEventAttributes',
  'workflowExecutionCanceledEventAttributes',
  'workflowExecutionTerminatedEventAttributes',
  'workflowExecutionTimedOutEventAttributes',
] as const;
// HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT
const CLOSE_EVENT = 2;

/** A workflow as a list or a description gives it. */
export type WorkflowInfo = WorkflowExecutionInfo | WorkflowExecutionDescription;

/** All that is known of a run: of an open one by describing it, of a closed one from its history. */
export async function readRun(client: Client, info: WorkflowInfo, history?: History): Promise<Run> {
  if (info.status.name !== 'RUNNING') return readClosedRun(client, info, history);
  const description = isDescription(info)
    ? info
    : await client.workflow.getHandle(info.workflowId, info.runId).describe();
  return description.status.name === 'RUNNING' ? readOpenRun(client, description) : readClosedRun(client, description);
}

function isDescription(info: WorkflowInfo): info is WorkflowExecutionDescription {
  return 'staticSummary' in info;
}

async function readOpenRun(client: Client, description: WorkflowExecutionDescription): Promise<Run> {
  const activity = description.raw.pendingActivities?.[0] ?? undefined;
  const common = { ...identityOf(description), isOpen: true };
  if (!activity) return { ...common, state: stateBeforeHandler(description), attempts: 0 };
  const isStarted = activity.state !== SCHEDULED;
  const { loadedDataConverter } = client.options;
  const [progress] = await decodeArrayFromPayloads(loadedDataConverter, activity.heartbeatDetails?.payloads);
  const failure = await decodeOptionalFailureToOptionalError(loadedDataConverter, activity.lastFailure);
  const startedAt = toDate(activity.lastStartedTime);
  return {
    ...common,
    state: stateOfActivity(activity),
    attempts: (activity.attempt ?? 1) - (isStarted ? 0 : 1),
    ...(startedAt && { startedAt }),
    ...(failure && { error: describeFailure(failure) }),
    ...(progress !== undefined && progress !== null && { progress }),
  };
}

function stateOfActivity({ state, attempt }: PendingActivity): RunState {
  if (PAUSED.includes(Number(state))) return 'paused';
  return state === SCHEDULED && (attempt ?? 1) <= 1 ? 'queued' : 'running';
}

function stateBeforeHandler(info: WorkflowInfo): RunState {
  if (info.memo?.['paused']) return 'paused';
  const { jobId, scheduledAt } = identityOf(info);
  if (scheduledAt.getTime() > Date.now()) return jobId === info.workflowId ? 'scheduled' : 'waiting';
  return info.memo?.['predecessor'] ? 'waiting' : 'queued';
}

async function readClosedRun(client: Client, info: WorkflowInfo, known?: History): Promise<Run> {
  // A history that was read beside the description may be from before the end.
  const isWhole = known?.last && CLOSING.some((attributes) => known.last?.[attributes]);
  const { events, last } = isWhole ? known : await readHistory(client, info.workflowId, info.runId);
  const { loadedDataConverter } = client.options;
  let attempts = 0;
  let input: Partial<HandlerInput> = {};
  let startedAt: Date | undefined;
  let cancelCause: string | undefined;
  for (const event of events) {
    const { activityTaskScheduledEventAttributes: scheduled, activityTaskStartedEventAttributes: started } = event;
    if (scheduled) input = await decodeFromPayloadsAtIndex(loadedDataConverter, 0, scheduled.input?.payloads);
    if (started) {
      attempts = (started.attempt ?? 1) + (input.attemptsBefore ?? 0);
      startedAt = toDate(event.eventTime);
    }
    cancelCause = event.workflowExecutionCancelRequestedEventAttributes?.cause || cancelCause;
  }
  const endedAt = toDate(last?.eventTime) ?? info.closeTime;
  const identity = identityOf(info);
  return {
    ...identity,
    ...(input.scheduledAt && { scheduledAt: new Date(input.scheduledAt) }),
    isOpen: false,
    attempts,
    ...(startedAt && { startedAt }),
    ...(endedAt && { endedAt }),
    ...(await readOutcome(client, last, cancelCause)),
  };
}

export async function readHistory(client: Client, workflowId: string, runId?: string): Promise<History> {
  const request = { namespace: client.options.namespace, execution: { workflowId, runId } };
  const page = await client.workflowService.getWorkflowExecutionHistory(request);
  const events = page.history?.events ?? [];
  if (!page.nextPageToken?.length) return { events, last: events.at(-1) };
  const closing = await client.workflowService.getWorkflowExecutionHistory({
    ...request,
    historyEventFilterType: CLOSE_EVENT,
  });
  return { events, last: closing.history?.events?.at(-1) };
}

async function readOutcome(
  client: Client,
  event: HistoryEvent | undefined,
  cancelCause: string | undefined,
): Promise<Pick<Run, 'state' | 'result' | 'error'>> {
  const { loadedDataConverter } = client.options;
  if (event?.workflowExecutionCompletedEventAttributes) {
    const { payloads } = event.workflowExecutionCompletedEventAttributes.result ?? {};
    const [result] = await decodeArrayFromPayloads(loadedDataConverter, payloads);
    return { state: 'completed', ...(result !== undefined && { result }) };
  }
  if (event?.workflowExecutionFailedEventAttributes) {
    const { failure } = event.workflowExecutionFailedEventAttributes;
    const error = await decodeOptionalFailureToOptionalError(loadedDataConverter, failure);
    return { state: 'failed', error: describeFailure(error) };
  }
  if (event?.workflowExecutionCanceledEventAttributes) {
    return { state: 'cancelled', error: cancelCause ?? 'cancelled' };
  }
  const reason = event?.workflowExecutionTerminatedEventAttributes?.reason ?? '';
  if (reason.startsWith(CANCELLED)) return { state: 'cancelled', error: reason.slice(CANCELLED.length) };
  if (event?.workflowExecutionTerminatedEventAttributes) return { state: 'failed', error: `terminated: ${reason}` };
  return { state: 'failed', error: 'timed out' };
}

/** What the workflow's own fields tell of the run. */
export function identityOf(
  info: WorkflowInfo,
): Pick<Run, 'jobId' | 'workflowId' | 'runId' | 'scheduledAt' | 'predecessor'> {
  const { workflowId, runId, memo, searchAttributes, executionTime, startTime } = info;
  const jobId = info.typedSearchAttributes.get(JOB_ID) ?? searchAttributes['TemporalScheduledById']?.[0]?.toString();
  const nominal = searchAttributes['TemporalScheduledStartTime']?.[0];
  const at = onceMemo(info)?.at ?? (memo?.['scheduledAt'] as string | undefined);
  const predecessor = memo?.['predecessor'] as Run['predecessor'];
  const scheduledAt = at ? new Date(at) : nominal instanceof Date ? nominal : (executionTime ?? startTime);
  return { jobId: jobId ?? workflowId, workflowId, runId, scheduledAt, ...(predecessor && { predecessor }) };
}

export function onceMemo(info: WorkflowInfo): OnceMemo | undefined {
  return info.memo?.['job'] as OnceMemo | undefined;
}

function toDate(time: HistoryEvent['eventTime']): Date | undefined {
  return time ? new Date(Number(time.seconds ?? 0) * 1000 + Math.floor((time.nanos ?? 0) / 1e6)) : undefined;
}
