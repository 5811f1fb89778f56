import { Scheduler, interval, once } from '../../src/index.ts';
import { eventually, type System } from '../support/system.ts';
import { Aim } from './aim.ts';
import { pass, type Outcome, type Race, type RoundContext } from './race.ts';

// On a machine that has more to do than it can.
const LATEST_AFTER_RESUME = 60_000;

/** Paused around due times, with jobs being scheduled meanwhile: nothing starts once pause() has answered. */
const pauseUnderLoad: Race = {
  name: 'pause around due times, with jobs being scheduled meanwhile',
  sides: ['some held'],
  width: 4,
  async round(system: System, { name, between }: RoundContext): Promise<Outcome> {
    const { scheduler } = system;
    const ids: string[] = [];
    const stop = new AbortController();
    const load = (async () => {
      for (let number = 0; !stop.signal.aborted; number++) {
        ids.push(
          await scheduler.scheduleJob({
            id: `${name}-${number}`,
            jobType: 'task',
            payload: 'ok',
            schedule: once({ in: between(0, 60) }),
          }),
        );
      }
    })();
    await pass(between(100, 400));
    await scheduler.pause({ reason: 'race' });
    const answeredAt = Date.now();
    await pass(500);
    stop.abort();
    await load;
    const early = system.calls.filter(({ at, jobId }) => at > answeredAt && jobId.startsWith(name));
    const held = ids.filter((id) => system.callsOf(id).length === 0).length;
    await scheduler.resume();
    if (early.length > 0)
      return {
        violation: `${early.length} handlers started up to ${Math.max(...early.map(({ at }) => at - answeredAt))} ms after pause() answered`,
      };
    await eventually(
      async () => ids.filter((id) => system.callsOf(id).length === 0).length,
      (left) => left === 0,
      LATEST_AFTER_RESUME,
    ).catch(() => undefined);
    const calls = ids.map((id) => system.callsOf(id).length);
    if (calls.some((count) => count !== 1))
      return {
        violation: `runs of ${ids.length} jobs: ${calls.filter((count) => count === 0).length} none, ${calls.filter((count) => count > 1).length} several`,
      };
    return { side: held > 0 ? 'some held' : 'none held' };
  },
};

/** Pause and resume called at once by several clients: all agree in the end. */
const pauseAndResume: Race = {
  name: 'pause and resume at once by several clients',
  sides: ['paused', 'resumed'],
  // Of the last resume.
  aim: Aim.around(150, 150),
  width: 4,
  async round(system: System, { name, between, moment }: RoundContext): Promise<Outcome> {
    const { scheduler, address, taskQueue } = system;
    const other = await Scheduler.connect({ address, taskQueue });
    try {
      const ids = await Promise.all(
        [1, 2, 3].map((number) =>
          scheduler.scheduleJob({ id: `${name}-${number}`, jobType: 'task', payload: 1, schedule: interval('1h') }),
        ),
      );
      await Promise.all([
        scheduler.pause(),
        pass(between(0, 300)).then(() => other.resume()),
        pass(between(0, 300)).then(() => other.pause()),
        pass(moment()).then(() => scheduler.resume()),
      ]);
      const isPaused = await other.isPaused();
      const wanted = isPaused ? 'paused' : 'scheduled';
      for (const id of ids) {
        const { state } = await system.client.schedule.getHandle(id).describe();
        if (state.paused !== isPaused)
          return { violation: `${id} is ${state.paused ? '' : 'not '}paused, all jobs are ${wanted}: ${state.note}` };
      }
      await scheduler.resume();
      await Promise.all(ids.map((id) => scheduler.cancelJob(id)));
      return { side: isPaused ? 'paused' : 'resumed' };
    } finally {
      await other.close();
    }
  },
};

export const pauses: Race[] = [pauseUnderLoad, pauseAndResume];
