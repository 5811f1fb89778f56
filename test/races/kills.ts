import { fork } from 'node:child_process';
import { once as event } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterJob, interval, once } from '../../src/index.ts';
import { eventually, type System } from '../support/system.ts';
import { Aim } from './aim.ts';
import { pass, type Outcome, type Race, type RoundContext } from './race.ts';

const CLIENT = fileURLToPath(new URL('client.mjs', import.meta.url));

/** Makes a call in a process of its own, which is killed at a random moment of it. True if the call was cut off. */
async function killedCall(system: System, method: string, args: unknown[], after: number): Promise<boolean> {
  const { address, taskQueue } = system;
  const child = fork(CLIENT, [JSON.stringify({ address, taskQueue, method, args })], {
    execArgv: [],
    stdio: 'inherit',
  });
  const exited = event(child, 'exit');
  await Promise.race([event(child, 'message'), exited]);
  await pass(after);
  const isCutOff = child.exitCode === null && child.kill('SIGKILL');
  await exited;
  return isCutOff;
}

/** A call is cut off, and made again by another client: the state is as if it had been made once. */
function killRace(
  name: string,
  duration: number,
  call: (
    system: System,
    context: RoundContext,
  ) => Promise<{ method: string; args: unknown[]; check: () => Promise<string | undefined> }>,
): Race {
  return {
    name: `client killed in ${name}`,
    sides: ['cut off', 'had answered'],
    width: 4,
    aim: Aim.through(duration),
    async round(system, context): Promise<Outcome> {
      const { method, args, check } = await call(system, context);
      const isCutOff = await killedCall(system, method, args, context.moment());
      const client = system.scheduler as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>;
      await client[method]!(...args);
      const violation = await check();
      return violation ? { violation } : { side: isCutOff ? 'cut off' : 'had answered' };
    },
  };
}

const scheduling = killRace('scheduleJob(afterJob)', 90, async (system, { name }) => {
  const { scheduler } = system;
  const first = await scheduler.scheduleJob({
    id: `${name}-p`,
    jobType: 'task',
    payload: 'ok',
    schedule: once(new Date()),
  });
  const id = `${name}-d`;
  const job = { id, jobType: 'task', payload: 'ok', schedule: afterJob(first) };
  return {
    method: 'scheduleJob',
    args: [job],
    async check() {
      const { state } = await eventually(
        () => scheduler.getJobStatus(id),
        (status) => status.state === 'completed',
      );
      const calls = system.callsOf(id).length;
      return calls === 1 ? undefined : `${calls} calls for ${id}, which is ${state}`;
    },
  };
});

const cancelling = killRace('cancelJob', 120, async (system, { name }) => {
  const { scheduler } = system;
  const first = await scheduler.scheduleJob({
    id: `${name}-p`,
    jobType: 'task',
    payload: 'obedient',
    schedule: interval('1s'),
  });
  const second = await scheduler.scheduleJob({
    id: `${name}-d`,
    jobType: 'task',
    payload: 'ok',
    schedule: afterJob(first),
  });
  return {
    method: 'cancelJob',
    args: [first, { reason: 'race' }],
    async check() {
      // A run of the dependent that had begun goes on; its end is awaited.
      await eventually(
        () => scheduler.getJobStatus(second),
        ({ runningRuns }) => runningRuns.length === 0,
      ).catch(() => undefined);
      for (const id of [first, second]) {
        const { state, runningRuns } = await scheduler.getJobStatus(id);
        if (state !== 'cancelled' || runningRuns.length > 0)
          return `${id} is ${state} with ${runningRuns.length} open runs`;
      }
      return undefined;
    },
  };
});

const updating = killRace('updateJob', 80, async (system, { name }) => {
  const id = await system.scheduler.scheduleJob({ id: name, jobType: 'task', payload: 1, schedule: interval('1h') });
  await system.scheduler.pauseJob(id, { reason: 'kept' });
  return {
    method: 'updateJob',
    args: [id, { priority: 'high', tags: ['x'] }],
    async check() {
      const { priority, tags, paused } = await system.scheduler.getJobStatus(id);
      await system.scheduler.cancelJob(id);
      return priority === 'high' && tags[0] === 'x' && paused?.reason === 'kept'
        ? undefined
        : `${id}: ${priority}, ${tags.join()}, ${paused?.reason}`;
    },
  };
});

function pausing(method: 'pause' | 'resume'): Race {
  return killRace(method, 1_200, async (system, { name }) => {
    const { scheduler } = system;
    const ids = await Promise.all(
      [1, 2, 3].map((number) =>
        scheduler.scheduleJob({ id: `${name}-${number}`, jobType: 'task', payload: 1, schedule: interval('1h') }),
      ),
    );
    if (method === 'resume') await scheduler.pause();
    return {
      method,
      args: [],
      async check() {
        const isWanted = method === 'pause';
        const states = await Promise.all(ids.map((id) => system.client.schedule.getHandle(id).describe()));
        const wrong = states.filter(({ state }) => state.paused !== isWanted);
        const isPaused = await scheduler.isPaused();
        await scheduler.resume();
        await Promise.all(ids.map((id) => scheduler.cancelJob(id)));
        if (isPaused !== isWanted) return `isPaused() is ${isPaused}`;
        return wrong.length > 0
          ? `${wrong.length} of ${ids.length} schedules are not as ${method}() wants them`
          : undefined;
      },
    };
  });
}

export const kills: Race[] = [scheduling, cancelling, updating, pausing('pause'), pausing('resume')];
