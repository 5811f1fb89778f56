import { randomUUID } from 'node:crypto';
import type { ScheduleHandle, ScheduleSpec } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';

/** The two implementations of schedules in Temporal's server. */
export const ENGINES = ['V1', 'V2'] as const;
export type Engine = (typeof ENGINES)[number];

export const TEMPORAL_CLI = process.env['TEMPORAL_CLI'] ?? '/tmp/lab/temporal';

const V2_FLAGS = ['history.enableCHASMSchedulerCreation=true', 'history.chasmSchedulerCreationRolloutPercent=100'];

export async function startServer(engine: Engine): Promise<TestWorkflowEnvironment> {
  const flags = engine === 'V2' ? V2_FLAGS : [];
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: TEMPORAL_CLI },
      extraArgs: flags.flatMap((flag) => ['--dynamic-config-value', flag]),
    },
  });
}

/** A paused schedule: nothing ever runs. */
export async function createSchedule(env: TestWorkflowEnvironment, spec: ScheduleSpec): Promise<ScheduleHandle> {
  return env.client.schedule.create({
    scheduleId: randomUUID(),
    spec,
    action: { type: 'startWorkflow', workflowType: 'never', taskQueue: 'none' },
    state: { paused: true },
  });
}

/** What the server itself says of a spec: the due times after one instant and up to another, at most 1,000. */
export async function matchingTimes(
  env: TestWorkflowEnvironment,
  spec: ScheduleSpec,
  from: Date,
  to: Date,
): Promise<Date[]> {
  const handle = await createSchedule(env, spec);
  const { startTime } = await env.connection.workflowService.listScheduleMatchingTimes({
    namespace: env.client.options.namespace,
    scheduleId: handle.scheduleId,
    startTime: toTimestamp(from),
    endTime: toTimestamp(to),
  });
  await handle.delete();
  return startTime.map(({ seconds, nanos }) => new Date(Number(seconds) * 1000 + (nanos ?? 0) / 1e6));
}

function toTimestamp(date: Date): { seconds: never; nanos: number } {
  const seconds = Math.floor(date.getTime() / 1000);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- protobuf takes numbers, its type wants a Long
  return { seconds: seconds as never, nanos: (date.getTime() - seconds * 1000) * 1e6 };
}
