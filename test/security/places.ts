import type { Connection } from '@temporalio/client';

/** Where in a message a word stands: the names of the fields down to it, without the positions in lists. */
export function* placesOf(word: string, message: unknown, path = ''): Generator<string> {
  if (typeof message === 'string' || message instanceof Uint8Array) {
    if (Buffer.from(message as string).includes(word)) yield path;
  } else if (typeof message === 'object' && message !== null) {
    for (const [name, inner] of Object.entries(message))
      yield* placesOf(word, inner, Array.isArray(message) ? path : `${path}${path && '.'}${name}`);
  }
}

/** All that the server tells of a namespace to who has no key: of each workflow, each schedule, and the task queue. */
export async function readNamespace(
  { workflowService }: Connection,
  namespace: string,
  taskQueue: string,
): Promise<Record<string, unknown[]>> {
  const { executions } = await workflowService.listWorkflowExecutions({ namespace, pageSize: 1_000 });
  const { schedules } = await workflowService.listSchedules({ namespace, maximumPageSize: 1_000 });
  const runs = (executions ?? []).map(({ execution }) => ({ namespace, execution }));
  const ids = (schedules ?? []).map(({ scheduleId }) => ({ namespace, scheduleId }));
  return {
    list: [executions, schedules],
    workflow: await Promise.all(runs.map((run) => workflowService.describeWorkflowExecution(run))),
    history: await Promise.all(
      runs.map(async (run) => {
        const { history } = await workflowService.getWorkflowExecutionHistory({ ...run, maximumPageSize: 1_000 });
        return (history?.events ?? []).map(namedByKind);
      }),
    ),
    schedule: await Promise.all(ids.map((id) => workflowService.describeSchedule(id))),
    taskQueue: [
      await workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: taskQueue },
        taskQueueType: 2,
        reportConfig: true,
      }),
    ],
  };
}

/** An event's fields under the name of its kind. */
function namedByKind(event: object): object {
  const kind = Object.keys(event).find((name) => name.endsWith('EventAttributes')) ?? '';
  const { [kind as never]: attributes, ...others } = event;
  return { ...others, [kind.replace('EventAttributes', '')]: attributes };
}

/** A word as bytes may have it: as it is, in hexadecimal digits, and in base64 wherever in a text it begins. */
function formsOf(word: string): Buffer[] {
  const inBase64 = [0, 1, 2].map((offset) => {
    const text = Buffer.from(`${'.'.repeat(offset)}${word}..`).toString('base64');
    // The first and the last characters depend on what stands beside the word.
    return text.slice(offset === 0 ? 0 : 4, -8);
  });
  return [word, Buffer.from(word).toString('hex'), ...inBase64].map((form) => Buffer.from(form));
}

export function contains(bytes: Buffer, word: string): boolean {
  return formsOf(word).some((form) => bytes.includes(form));
}
