import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { LineBody } from './line.ts';
import type { World } from './world.ts';

type History = Awaited<ReturnType<Client['workflowService']['getWorkflowExecutionHistory']>>['history'];
type HistoryEvent = NonNullable<NonNullable<History>['events']>[number];

const AT_ONCE = 20;
// HISTORY_EVENT_FILTER_TYPE_ALL_EVENT, ..._CLOSE_EVENT
const ALL_EVENTS = 1;
const CLOSE_EVENT = 2;

/** Writes down what the server says of every run: how it ended, and whose result it kept. */
export async function collectRuns({ onlooker, prefix, journal }: World): Promise<void> {
  const query = `WorkflowType = 'runJob' AND JobId STARTS_WITH '${prefix}'`;
  const runs = onlooker.workflow.list({ query, pageSize: 1_000 })[Symbol.asyncIterator]();
  const collect = async () => {
    for (let next = await runs.next(); !next.done; next = await runs.next()) {
      journal.write(await describe(onlooker, next.value));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, collect));
}

/** How many runs of this world are still open, as far as the lists know. */
export async function openRuns({ onlooker, prefix }: World): Promise<number> {
  const query = `WorkflowType = 'runJob' AND JobId STARTS_WITH '${prefix}' AND ExecutionStatus = 'Running'`;
  return (await onlooker.workflow.count(query)).count;
}

async function describe(client: Client, run: WorkflowExecutionInfo): Promise<LineBody> {
  const { workflowId, runId, status, startTime, closeTime, searchAttributes } = run;
  const job = String(searchAttributes['JobId']?.[0] ?? workflowId);
  const isOfBurst = /-burst-\d+-\d+$/.test(job);
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    historyEventFilterType: isOfBurst ? ALL_EVENTS : CLOSE_EVENT,
  });
  const events = history?.events ?? [];
  const queued = events.find((event) => event.activityTaskScheduledEventAttributes)?.eventTime;
  const result = events.at(-1)?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0]?.data;
  const failure = words(events.at(-1)?.workflowExecutionFailedEventAttributes?.failure);
  const kept = parseKept(result ? Buffer.from(result).toString() : '');
  return {
    kind: 'run',
    job,
    workflowId,
    runId,
    status: status.name,
    startedAt: startTime.getTime(),
    ...(closeTime && { closedAt: closeTime.getTime() }),
    ...(failure && { failure }),
    ...(kept && { kept }),
    ...(queued && { queuedAt: Number(queued.seconds) * 1_000 + Number(queued.nanos) / 1e6 }),
  };
}

type Failure = NonNullable<NonNullable<HistoryEvent['workflowExecutionFailedEventAttributes']>['failure']>;

function words(outermost: Failure | null | undefined): string {
  const all: string[] = [];
  for (let failure = outermost; failure; failure = failure.cause) {
    const { activityFailureInfo: activity, applicationFailureInfo: application, timeoutFailureInfo: timeout } = failure;
    const kind = activity?.activityType?.name ?? application?.type ?? (timeout ? `timeout ${timeout.timeoutType}` : '');
    all.push(`${kind}: ${failure.message}`);
  }
  return all.join(' < ');
}

function parseKept(json: string): { attempt: number; pid: number } | undefined {
  if (!json.startsWith('{"attempt"')) return undefined;
  const { attempt, pid } = JSON.parse(json) as { attempt: number; pid: number };
  return { attempt, pid };
}
