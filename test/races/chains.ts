import { afterJob, interval, once } from '../../src/index.ts';
import { eventually, type System } from '../support/system.ts';
import { Aim } from './aim.ts';
import { pass, type Outcome, type Race, type RoundContext } from './race.ts';

const LOOKED_AT_TWICE = 400;

/** The runs of a job that the server knows, until their number has not changed for a moment. */
async function settledRuns(system: System, jobId: string, atLeast: number): Promise<number> {
  const count = async () => {
    const runs = [];
    for await (const run of system.scheduler.listRuns(jobId)) runs.push(run);
    return runs.every(({ state }) => ['completed', 'failed', 'cancelled'].includes(state)) ? runs.length : -1;
  };
  const first = await eventually(count, (runs) => runs >= atLeast, 20_000).catch(count);
  await pass(LOOKED_AT_TWICE);
  return Math.max(first, await count());
}

/** When the activity of a run's handler was closed: the end that counts. */
async function handlerClosedAt(system: System, workflowId: string): Promise<number> {
  const { events } = await system.client.workflow.getHandle(workflowId).fetchHistory();
  const closed = events?.find((event) => event.activityTaskCompletedEventAttributes)?.eventTime;
  return Number(closed?.seconds) * 1_000 + Math.floor((closed?.nanos ?? 0) / 1e6);
}

/** A dependent is registered around the end of its predecessor: it has exactly one run, whichever is first. */
function afterOnce(outcome: 'succeeds' | 'fails'): Race {
  return {
    name: `afterJob registered around the end of a once job that ${outcome}`,
    sides: ['registered before the end', 'registered after the end'],
    aim: Aim.around(60),
    async round(system: System, { name, moment }: RoundContext): Promise<Outcome> {
      const { scheduler } = system;
      const first = await scheduler.scheduleJob({
        id: `${name}-p`,
        jobType: 'task',
        payload: outcome === 'fails' ? 'fail' : 'long',
        schedule: once(new Date()),
        retryPolicy: { maximumAttempts: 1 },
      });
      await pass(moment());
      const on = outcome === 'fails' ? 'failure' : 'success';
      const id = await scheduler.scheduleJob({
        id: `${name}-d`,
        jobType: 'task',
        payload: 'ok',
        schedule: afterJob(first, { on }),
      });
      const runs = await settledRuns(system, id, 1);
      if (runs !== 1) return { violation: `${runs} runs of ${id}` };
      if (system.callsOf(id).length !== 1) return { violation: `${system.callsOf(id).length} calls for ${id}` };
      const { lastRun, state } = await scheduler.getJobStatus(id);
      if (state !== 'completed') return { violation: `${id} is ${state}` };
      const { parentExecution } = await system.client.workflow.getHandle(lastRun!.workflowId).describe();
      return { side: parentExecution ? 'registered before the end' : 'registered after the end' };
    },
  };
}

/** The end of the predecessor is not the one asked for: the dependent is cancelled, and so is what follows it. */
const mismatch: Race = {
  name: 'afterJob registered around an end that does not match',
  sides: ['cancelled by the run', 'cancelled at once'],
  aim: Aim.around(80),
  async round(system: System, { name, moment }: RoundContext): Promise<Outcome> {
    const { scheduler } = system;
    const job = { jobType: 'task', retryPolicy: { maximumAttempts: 1 } };
    const first = await scheduler.scheduleJob({ ...job, id: `${name}-p`, payload: 'fail', schedule: once(new Date()) });
    await pass(moment());
    const second = await scheduler.scheduleJob({ ...job, id: `${name}-d`, payload: 'ok', schedule: afterJob(first) });
    const { state: atOnce } = await scheduler.getJobStatus(second);
    const third = await scheduler.scheduleJob({ ...job, id: `${name}-e`, payload: 'ok', schedule: afterJob(second) });
    for (const id of [second, third]) {
      const { state } = await eventually(
        () => scheduler.getJobStatus(id),
        (status) => status.state === 'cancelled',
      ).catch(() => scheduler.getJobStatus(id));
      if (state !== 'cancelled') return { violation: `${id} is ${state}` };
      if (system.callsOf(id).length > 0) return { violation: `${id} ran` };
    }
    return { side: atOnce === 'cancelled' ? 'cancelled at once' : 'cancelled by the run' };
  },
};

/** Each end of a recurring job after the registration was answered has one run of the dependent; earlier ones none. */
const afterRecurring: Race = {
  name: 'afterJob registered around the end of a run of a recurring job',
  // The run is what moves, since a registration takes longer.
  sides: ['ended before the registration', 'seen by the run'],
  aim: Aim.around(100),
  async round(system: System, { name, moment }: RoundContext): Promise<Outcome> {
    const { scheduler } = system;
    const first = await scheduler.scheduleJob({
      id: `${name}-p`,
      jobType: 'task',
      payload: 'ok',
      schedule: interval('1h'),
    });
    const register = async () => {
      await pass(50);
      const askedAt = Date.now();
      const id = await scheduler.scheduleJob({
        id: `${name}-d`,
        jobType: 'task',
        payload: 'ok',
        schedule: afterJob(first),
      });
      return { id, askedAt, answeredAt: Date.now() };
    };
    const [early, { id, askedAt, answeredAt }] = await Promise.all([
      pass(moment()).then(() => scheduler.triggerJob(first)),
      register(),
    ]);
    const late = await scheduler.triggerJob(first);
    for (const { workflowId } of [early, late]) await system.client.workflow.getHandle(workflowId).result();
    const runs = await settledRuns(system, id, 1);
    const ends = [];
    for await (const run of scheduler.listRuns(first)) ends.push(await handlerClosedAt(system, run.workflowId));
    const certain = ends.filter((end) => end > answeredAt).length;
    const possible = ends.filter((end) => end >= askedAt).length;
    if (runs < certain || runs > possible)
      return { violation: `${runs} runs of ${id} for ${certain} to ${possible} ends` };
    await scheduler.cancelJob(first);
    return { side: runs === 2 ? 'seen by the run' : 'ended before the registration' };
  },
};

/** A job that follows a chained job, registered around that one's only end. */
const afterChained: Race = {
  name: 'afterJob registered around the end of a chained job',
  sides: ['registered before the end', 'registered after the end'],
  aim: Aim.around(100),
  async round(system: System, { name, moment }: RoundContext): Promise<Outcome> {
    const { scheduler } = system;
    const job = { jobType: 'task', payload: 'ok' };
    const first = await scheduler.scheduleJob({ ...job, id: `${name}-p`, schedule: once(new Date()) });
    const second = await scheduler.scheduleJob({ ...job, id: `${name}-d`, schedule: afterJob(first) });
    await pass(moment());
    const third = await scheduler.scheduleJob({ ...job, id: `${name}-e`, schedule: afterJob(second) });
    const runs = await settledRuns(system, third, 1);
    if (runs !== 1 || system.callsOf(third).length !== 1)
      return { violation: `${runs} runs, ${system.callsOf(third).length} calls of ${third}` };
    const { lastRun, state } = await scheduler.getJobStatus(third);
    if (state !== 'completed') return { violation: `${third} is ${state}` };
    const { parentExecution } = await system.client.workflow.getHandle(lastRun!.workflowId).describe();
    return { side: parentExecution ? 'registered before the end' : 'registered after the end' };
  },
};

/** A job after several, registered while they end: one run, after the last. */
const afterSeveral: Race = {
  name: 'afterJob of several, registered while they end',
  sides: ['started by a run', 'started by the client'],
  aim: Aim.around(150),
  async round(system: System, { name, between, moment }: RoundContext): Promise<Outcome> {
    const { scheduler } = system;
    const job = { jobType: 'task', payload: 'ok' };
    const ids = await Promise.all(
      [0, 1, 2].map((part) =>
        scheduler.scheduleJob({ ...job, id: `${name}-${part}`, schedule: once({ in: between(0, 50) }) }),
      ),
    );
    await pass(moment());
    const id = await scheduler.scheduleJob({ ...job, id: `${name}-all`, schedule: afterJob(ids) });
    const runs = await settledRuns(system, id, 1);
    if (runs !== 1 || system.callsOf(id).length !== 1)
      return { violation: `${runs} runs, ${system.callsOf(id).length} calls of ${id}` };
    const { predecessors } = system.callsOf(id)[0]!.context;
    if (predecessors.length !== 3) return { violation: `${id} follows ${predecessors.length} of 3` };
    const { lastRun } = await scheduler.getJobStatus(id);
    const { parentExecution } = await system.client.workflow.getHandle(lastRun!.workflowId).describe();
    return { side: parentExecution ? 'started by a run' : 'started by the client' };
  },
};

export const chains: Race[] = [
  afterOnce('succeeds'),
  afterOnce('fails'),
  mismatch,
  afterRecurring,
  afterChained,
  afterSeveral,
];
