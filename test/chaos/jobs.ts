import { afterJob, cron, interval, once, type Schedule, type ScheduledJob } from '../../src/index.ts';
import type { Act } from './handlers.ts';
import type { JobPlan } from './line.ts';
import type { Outcome } from './calls.ts';
import { HEARTBEAT_TIMEOUT } from './settings.ts';
import type { World } from './world.ts';

export interface Payload {
  readonly work: number;
  readonly act?: Act;
  readonly times?: number;
  readonly ballast?: string;
}

/** Retries that faults cannot use up, and soon enough for the promise of recovery. */
const PATIENT = { maximumAttempts: 0, initialInterval: 200, backoffCoefficient: 1.5, maximumInterval: 1_000 };

export type PlanOptions = Pick<JobPlan, 'id' | 'when'> & Partial<JobPlan>;

export function plan(options: PlanOptions): JobPlan {
  return {
    queue: 'main',
    overlap: 'allowAll',
    priority: 'normal',
    comesTo: 'completed',
    retries: PATIENT,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    ...options,
  };
}

/** Writes down what is asked for, and asks for it, again and again while the outcome is unknown. */
export async function schedule(world: World, job: JobPlan, payload: Payload, tries?: number): Promise<Outcome> {
  world.journal.write({ kind: 'job', plan: job });
  const about = { job: job.id, queue: job.queue };
  const outcome = await world.calls.insist(
    'schedule',
    about,
    () => world.schedulers[job.queue].scheduleJob(toJob(job, payload)),
    tries,
  );
  if (outcome === 'ok') world.owed.expect(job);
  return outcome;
}

function toJob(job: JobPlan, payload: Payload): ScheduledJob {
  const { id, overlap, priority, heartbeatTimeout, timeout, retries } = job;
  const isRecurring = job.when.kind !== 'once' && job.when.kind !== 'after';
  return {
    id,
    jobType: 'errand',
    schedule: toSchedule(job),
    priority,
    heartbeatTimeout,
    ...(timeout !== undefined && { timeout }),
    ...(isRecurring && { overlap, catchupWindow: '1h' }),
    retryPolicy: { ...retries, maximumAttempts: retries.maximumAttempts || Infinity },
    payload,
  };
}

function toSchedule({ when }: JobPlan): Schedule {
  switch (when.kind) {
    case 'once':
      return once(new Date(when.at));
    case 'interval':
      return interval(when.every, { startAt: new Date(when.startAt), endAt: new Date(when.endAt) });
    case 'from now':
      return interval(when.every, { maxRuns: when.runs });
    case 'cron':
      return cron(when.expression, { startAt: new Date(when.startAt), endAt: new Date(when.endAt) });
    case 'after':
      return afterJob(when.job, { delay: when.delay, on: when.on });
    case 'never':
      return interval('90d');
  }
}
