/** The same jobs without us: the calls of the SDK, as a careful engineer writes them. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { heartbeat } from '@temporalio/activity';
import { ScheduleOverlapPolicy, type Client, type ScheduleSpec } from '@temporalio/client';
import { SearchAttributeType, defineSearchAttributeKey, type Priority } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Worker, bundleWorkflowCode, type WorkerOptions } from '@temporalio/worker';
import type { RawInput } from './raw-workflows.ts';
import type { Starts } from './starts.ts';

export interface RawTask {
  readonly key: string;
  readonly work?: number;
}

export const RAW_QUEUE = 'raw';
export const RAW_WORKFLOWS = fileURLToPath(new URL('./raw-workflows.ts', import.meta.url));
const PRIORITY: Priority = { priorityKey: 3 };
const RETRY = { maximumAttempts: 3, initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 100_000 };

const key = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const KEYS = ['JobId', 'JobType', 'JobKind', 'JobPriority', 'JobQueue'].map(key);

/** What the jobs are to be found by. */
function attributes(id: string, kind: string) {
  const values = [id, 'bench', kind, 'normal', RAW_QUEUE];
  return KEYS.map((attribute, index) => ({ key: attribute, value: values[index] ?? '' }));
}

export function rawInput(payload: RawTask, next?: RawInput['next']): RawInput {
  return { payload, priority: PRIORITY, retry: RETRY, ...(next && { next }) };
}

/** A job that runs once: a delayed workflow. */
export async function rawOnce(
  client: Client,
  input: RawInput,
  { id = randomUUID(), delay = 0 }: { readonly id?: string; readonly delay?: number } = {},
): Promise<string> {
  await client.workflow.start('rawTask', {
    workflowId: id,
    taskQueue: RAW_QUEUE,
    args: [input],
    ...(delay > 0 && { startDelay: delay }),
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    typedSearchAttributes: attributes(id, 'once'),
    // What a list is to show of it.
    memo: { job: { at: new Date(Date.now() + delay).toISOString(), retry: RETRY } },
    staticSummary: `bench: ${id}`,
    priority: PRIORITY,
  });
  return id;
}

/** A job that runs again and again: a Schedule. */
export async function rawSchedule(
  client: Client,
  payload: RawTask,
  spec: ScheduleSpec,
  { id = randomUUID() }: { readonly id?: string } = {},
): Promise<string> {
  await client.schedule.create({
    scheduleId: id,
    spec,
    action: {
      type: 'startWorkflow',
      workflowType: 'rawTask',
      workflowId: id,
      taskQueue: RAW_QUEUE,
      args: [rawInput(payload)],
      typedSearchAttributes: attributes(id, 'cron'),
      staticSummary: `bench: ${id}`,
      // The SDK's type lacks it, its encoder knows it.
      ...({ priority: PRIORITY } as object),
    },
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ONE, catchupWindow: '1 day' },
    state: { note: 'bench' },
    typedSearchAttributes: attributes(id, 'cron'),
  });
  return id;
}

let bundle: Promise<{ code: string }> | undefined;

/** The workflows, bundled once. */
export function rawBundle(): Promise<{ code: string }> {
  bundle ??= bundleWorkflowCode({ workflowsPath: RAW_WORKFLOWS, logger: new DefaultLogger('ERROR') });
  return bundle;
}

/** A worker for them. Long handlers have to give signs of life, so the activity does that for them. */
export async function rawWorker(
  address: string,
  starts: Starts,
  options: Partial<WorkerOptions> = {},
): Promise<{ worker: Worker; connection: NativeConnection }> {
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    namespace: 'default',
    taskQueue: RAW_QUEUE,
    ...(!options.workflowBundle && { workflowBundle: await rawBundle() }),
    activities: {
      async task({ key: which, work = 0 }: RawTask, dueAt: number) {
        const beating = setInterval(heartbeat, 4_000);
        try {
          return await starts.run(which, work, dueAt);
        } finally {
          clearInterval(beating);
        }
      },
    },
    ...options,
  });
  return { worker, connection };
}
