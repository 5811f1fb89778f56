// Pauses, and runs by hand.
import { setTimeout as sleep } from 'node:timers/promises';
import { isOn, randomOf, type World } from './world.ts';

/** Pauses all jobs of one task queue for a while; the other task queues must not notice. */
export async function pauses(world: World): Promise<void> {
  const { calls, schedulers, observer, prefix } = world;
  const random = randomOf(world, `pause at ${Date.now()}`);
  const about = { queue: 'held' } as const;
  await calls.insist('pause', about, () => schedulers.held.pause({ reason: 'chaos' }));
  await sleep(random.between(1_500, 3_500));
  for (let isPaused = true; isPaused;) {
    await calls.insist('resume', about, () => schedulers.held.resume());
    const jobs = [`${prefix}-held-0`, `${prefix}-held-1`];
    // The record shows it, and the rule of states complains; the next jobs must not suffer from it.
    isPaused = (await Promise.all(jobs.map((job) => observer.seesPaused(world, job, 'held')))).includes(true);
  }
  if (!isOn(world)) world.owed.excuse('-held-');
}

/** Pauses one job for a while. */
export async function pausesOfOne(world: World): Promise<void> {
  const { calls, schedulers, prefix, observer } = world;
  const job = `${prefix}-switched`;
  await calls.insist('pauseJob', { job }, () => schedulers.main.pauseJob(job, { reason: 'chaos' }));
  await sleep(3_000);
  await calls.insist('resumeJob', { job }, () => schedulers.main.resumeJob(job));
  await observer.seesPaused(world, job, 'main');
  if (!isOn(world)) world.owed.excuse(job);
}

/** Made once: whether a call that got no answer has started a run, only the record knows. */
export async function triggers(world: World): Promise<void> {
  const job = `${world.prefix}-handmade`;
  await world.calls.make('trigger', { job }, () => world.schedulers.main.triggerJob(job));
}
