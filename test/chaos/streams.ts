// Jobs that come and go: each function schedules a few, in a way of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { plan, schedule } from './jobs.ts';
import type { JobPlan } from './line.ts';
import type { Random } from './random.ts';
import { randomOf, type World } from './world.ts';

const ENDS_WITHIN = 60_000;

let count = 0;
const randoms = new Map<string, Random>();

/** A new id, and the chance of this kind of job. */
function next(world: World, word: string): { id: string; random: Random } {
  const random = randoms.get(word) ?? randomOf(world, word);
  randoms.set(word, random);
  return { id: `${world.prefix}-${word}-${++count}`, random };
}

const soon = (random: Random, low: number, high: number): JobPlan['when'] => ({
  kind: 'once',
  at: Math.round(Date.now() + random.between(low, high)),
});

/** One in six is not asked for again when the outcome of its call is unknown: it is there wholly, or not at all. */
export async function plain(world: World): Promise<void> {
  const { id, random } = next(world, 'plain');
  const queue = random.chance(0.25) ? 'held' : 'main';
  const job = plan({ id, queue, when: soon(random, 0, 6_000) });
  world.observer.follow(id, queue);
  await schedule(world, job, { work: random.whole(20, 1_800) }, random.chance(1 / 6) ? 1 : undefined);
}

/** Three jobs, each after the one before. */
export async function chain(world: World): Promise<void> {
  const { id, random } = next(world, 'chain');
  const jobs = [plan({ id, when: soon(random, 500, 4_000) })];
  for (const number of [1, 2]) {
    const delay = random.chance(0.5) ? 0 : random.whole(1, 800);
    const on = random.chance(0.5) ? 'success' : 'completion';
    const when = { kind: 'after', job: jobs.at(-1)!.id, delay, on } as const;
    jobs.push(plan({ id: `${id}-${number}`, when }));
  }
  for (const job of jobs) {
    world.observer.follow(job.id, job.queue);
    if ((await schedule(world, job, { work: random.whole(20, 400) })) !== 'ok') return;
  }
}

/** Throws in its first attempts, and waits longer before each further one. */
export async function flaky(world: World): Promise<void> {
  const { id, random } = next(world, 'flaky');
  const retries = { maximumAttempts: 0, initialInterval: 400, backoffCoefficient: 2, maximumInterval: 1_000 };
  const job = plan({ id, when: soon(random, 0, 2_000), retries });
  world.observer.follow(id, job.queue);
  await schedule(world, job, { work: 30, act: 'throw', times: random.whole(1, 4) });
}

/** Fails: at once, or by its last attempt. One job follows a failure, one a success that does not come. */
export async function failing(world: World): Promise<void> {
  const { id, random } = next(world, 'failing');
  const retries = { maximumAttempts: 3, initialInterval: 200, backoffCoefficient: 1, maximumInterval: 200 };
  const job = plan({ id, when: soon(random, 1_000, 3_000), comesTo: 'failed', retries });
  const follow = (on: 'failure' | 'success') =>
    plan({ id: `${id}-${on}`, when: { kind: 'after', job: id, delay: 0, on } });
  world.observer.follow(id, job.queue);
  const act = random.chance(0.5) ? 'throw' : 'refuse';
  if ((await schedule(world, job, { work: 20, act, times: 100 })) !== 'ok') return;
  for (const dependent of [follow('failure'), follow('success')]) {
    world.observer.follow(dependent.id, dependent.queue);
    await schedule(world, dependent, { work: 20 });
  }
}

/** Cancelled before its due time, about then, while it runs, or when it has ended. */
export async function cancelled(world: World, afterItsEnd = false): Promise<void> {
  const { id, random } = next(world, 'cancelled');
  const when = soon(random, 1_000, 2_500);
  const job = plan({ id, when, race: 'cancel' });
  world.observer.follow(id, job.queue);
  const outcome = await schedule(world, job, { work: random.whole(20, 1_500) });
  if (outcome !== 'ok' || when.kind !== 'once') return;
  if (afterItsEnd) await ended(world, id);
  else await sleep(Math.max(0, when.at - Date.now() + random.between(-1_500, 2_500)));
  await world.calls.insist('cancel', { job: id }, () => world.schedulers.main.cancelJob(id, { reason: 'chaos' }));
}

/** A dependent registered at about the time its predecessor ends. */
export async function follower(world: World, afterItsEnd = false): Promise<void> {
  const { id, random } = next(world, 'followed');
  const when = soon(random, 300, 800);
  const work = random.whole(20, 200);
  const first = plan({ id, when });
  world.observer.follow(id, first.queue);
  if ((await schedule(world, first, { work })) !== 'ok' || when.kind !== 'once') return;
  if (afterItsEnd) await ended(world, id);
  else await sleep(Math.max(0, when.at + work - Date.now() + random.between(-250, 350)));
  const second = plan({
    id: `${id}-follower`,
    when: { kind: 'after', job: id, delay: 0, on: 'success' },
    race: 'follow',
  });
  world.observer.follow(second.id, second.queue);
  await schedule(world, second, { work: 30 });
}

async function ended(world: World, id: string): Promise<void> {
  const end = world.schedulers.main.waitForJob(id).catch(() => undefined);
  await Promise.race([end, sleep(ENDS_WITHIN)]);
}

/** A recurring job that is created in the middle of it all, and counts from then. */
export async function shortLived(world: World): Promise<void> {
  const { id, random } = next(world, 'short');
  const job = plan({ id, when: { kind: 'from now', every: random.pick([1_000, 2_000]), runs: 4 } });
  world.observer.follow(id, job.queue);
  await schedule(world, job, { work: random.whole(20, 200) });
}
