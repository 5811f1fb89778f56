import { interval, once } from '../../src/index.ts';
import type { System } from '../support/system.ts';
import { Aim } from './aim.ts';
import { pass, type Outcome, type Race, type RoundContext } from './race.ts';

/** Cancelled around its completion: one end, and what cancelJob left is what is so. */
const cancelAroundCompletion: Race = {
  name: 'cancelJob around completion',
  sides: ['cancelled', 'completed'],
  aim: Aim.around(1_000, 250),
  async round(system: System, { name, moment }: RoundContext): Promise<Outcome> {
    const { scheduler } = system;
    const id = await scheduler.scheduleJob({
      id: name,
      jobType: 'task',
      payload: 'stops',
      schedule: once(new Date()),
      // A worker hears of the cancellation with a heartbeat, so they must be frequent.
      heartbeatTimeout: '2s',
    });
    await pass(moment());
    await scheduler.cancelJob(id, { reason: 'race' });
    const { state, runningRuns, lastRun } = await scheduler.getJobStatus(id);
    const calls = system.callsOf(id).length;
    if (runningRuns.length > 0) return { violation: `${id} has an open run after cancelJob answered` };
    if (state !== 'completed' && state !== 'cancelled') return { violation: `${id} is ${state}` };
    if (state === 'completed' && lastRun?.result !== 'done') return { violation: `${id} completed without its result` };
    await pass(300);
    const later = await scheduler.getJobStatus(id);
    if (later.state !== state) return { violation: `${id} was ${state}, is ${later.state}` };
    if (system.callsOf(id).length !== calls)
      return { violation: `a handler of ${id} started after cancelJob answered` };
    return { side: state };
  },
};

/** Cancelled around its start: no handler starts once cancelJob has answered. */
const cancelAroundStart: Race = {
  name: 'cancelJob around the start',
  sides: ['never started', 'started'],
  aim: Aim.around(150, 60),
  async round(system: System, { name, moment }: RoundContext): Promise<Outcome> {
    const { scheduler } = system;
    const id = await scheduler.scheduleJob({
      id: name,
      jobType: 'task',
      payload: 'obedient',
      schedule: once({ in: 150 }),
    });
    await pass(moment());
    await scheduler.cancelJob(id, { reason: 'race' });
    const answeredAt = Date.now();
    const { state } = await scheduler.getJobStatus(id);
    await pass(300);
    if (system.callsOf(id).some(({ at }) => at > answeredAt))
      return { violation: `a handler of ${id} started after the answer` };
    if (state !== 'cancelled' && state !== 'completed') return { violation: `${id} is ${state}` };
    return { side: system.callsOf(id).length > 0 ? 'started' : 'never started' };
  },
};

/** A recurring job cancelled around a due time: nothing starts afterwards. */
const cancelRecurring: Race = {
  name: 'cancelJob around a due time',
  sides: ['had none', 'had a run'],
  aim: Aim.around(460, 100),
  async round(system: System, { name, moment }: RoundContext): Promise<Outcome> {
    const { scheduler } = system;
    const at = new Date(Math.ceil((Date.now() + 400) / 1_000) * 1_000);
    const id = await scheduler.scheduleJob({
      id: name,
      jobType: 'task',
      payload: 'obedient',
      schedule: interval('1s', { startAt: at }),
    });
    await pass(at.getTime() - Date.now() - 400 + moment());
    await scheduler.cancelJob(id, { reason: 'race' });
    const answeredAt = Date.now();
    await pass(1_300);
    const { state, runningRuns } = await scheduler.getJobStatus(id);
    if (state !== 'cancelled' || runningRuns.length > 0)
      return { violation: `${id} is ${state} with ${runningRuns.length} open runs` };
    if (system.callsOf(id).some((call) => call.at > answeredAt))
      return { violation: `a handler of ${id} started after the answer` };
    return { side: system.callsOf(id).length > 0 ? 'had a run' : 'had none' };
  },
};

/** Many clients create the same id at once: one definition wins, the others get the id or a typed conflict. */
const sameId: Race = {
  name: '50 clients create the same id',
  sides: ['one definition'],
  width: 2,
  async round(system: System, { name, random }: RoundContext): Promise<Outcome> {
    const { scheduler } = system;
    const jobs = Array.from({ length: 50 }, () => {
      const payload = Math.floor(random() * 5);
      return { id: name, jobType: 'task', payload, schedule: random() < 0.5 ? once({ in: '1h' }) : interval('1h') };
    });
    const results = await Promise.allSettled(jobs.map((job) => scheduler.scheduleJob(job)));
    const winners = jobs.filter((_, index) => results[index]?.status === 'fulfilled');
    const errors = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as Error & { code?: string }] : [],
    );
    const other = errors.find(({ code }) => code !== 'JOB_ALREADY_EXISTS');
    if (other) return { violation: `not a typed conflict: ${other.message}` };
    const definitions = new Set(winners.map(({ payload, schedule }) => `${payload} ${schedule.kind}`));
    if (definitions.size !== 1)
      return { violation: `${definitions.size} definitions of ${name} were accepted: ${[...definitions].join(', ')}` };
    const { schedule } = await scheduler.getJobStatus(name);
    if (winners[0]?.schedule.kind !== schedule.kind)
      return { violation: `${name} is ${schedule.kind}, accepted was ${winners[0]?.schedule.kind}` };
    await scheduler.cancelJob(name);
    return { side: 'one definition' };
  },
};

/** Two changes of different fields at once: both take effect, or one is refused. */
const concurrentUpdates: Race = {
  name: 'two updateJob at once, and a pause',
  sides: ['all took effect'],
  async round(system: System, { name }: RoundContext): Promise<Outcome> {
    const { scheduler } = system;
    const id = await scheduler.scheduleJob({ id: name, jobType: 'task', payload: 1, schedule: interval('1h') });
    const changes = [
      { field: 'priority', done: scheduler.updateJob(id, { priority: 'high' }) },
      { field: 'tags', done: scheduler.updateJob(id, { tags: ['x'] }) },
      { field: 'paused', done: scheduler.pauseJob(id, { reason: 'race' }) },
    ];
    const results = await Promise.allSettled(changes.map(({ done }) => done));
    const { priority, tags, paused } = await scheduler.getJobStatus(id);
    const isSo: Record<string, boolean> = {
      priority: priority === 'high',
      tags: tags[0] === 'x',
      paused: paused?.reason === 'race',
    };
    for (const [index, { field }] of changes.entries()) {
      if ((results[index]?.status === 'fulfilled') !== isSo[field])
        return { violation: `${field} of ${id}: ${results[index]?.status}, but ${isSo[field] ? 'so' : 'not so'}` };
    }
    await scheduler.cancelJob(id);
    return { side: 'all took effect' };
  },
};

export const ends: Race[] = [cancelAroundCompletion, cancelAroundStart, cancelRecurring, sameId, concurrentUpdates];
