import { setTimeout as sleep } from 'node:timers/promises';
import { burst } from './burst.ts';
import { plan, schedule } from './jobs.ts';
import { cancelled, chain, failing, flaky, follower, plain, shortLived } from './streams.ts';
import { pauses, pausesOfOne, triggers } from './switches.ts';
import { isOn, randomOf, type World } from './world.ts';

const THROTTLED_BY = 5_000;

/** The jobs that are due all the time. About four due times a second. */
export async function scheduleRecurring(world: World): Promise<void> {
  const { prefix, endAt, observer } = world;
  const random = randomOf(world, 'recurring');
  const startAt = Math.ceil(Date.now() / 1_000) * 1_000 + 4_000;
  const every = (seconds: number, offset = 0) =>
    ({ kind: 'interval', every: seconds * 1_000, startAt: startAt + offset * 1_000, endAt }) as const;
  const byCron = (expression: string) => ({ kind: 'cron', expression, startAt, endAt }) as const;
  const jobs = [
    plan({ id: `${prefix}-every-0`, when: every(2) }),
    plan({ id: `${prefix}-every-1`, when: every(3, 1) }),
    plan({ id: `${prefix}-turns-0`, when: every(6), overlap: 'bufferAll' }),
    plan({ id: `${prefix}-turns-1`, when: every(9, 2), overlap: 'bufferAll' }),
    plan({ id: `${prefix}-one-0`, when: every(3), overlap: 'bufferOne' }),
    plan({ id: `${prefix}-one-1`, when: every(4, 2), overlap: 'bufferOne' }),
    plan({ id: `${prefix}-cron-0`, when: byCron('*/3 * * * * *') }),
    plan({ id: `${prefix}-cron-1`, when: byCron('2-59/9 * * * * *'), overlap: 'bufferAll' }),
    plan({ id: `${prefix}-parent`, when: every(5) }),
    plan({ id: `${prefix}-switched`, when: every(3, 1) }),
    plan({ id: `${prefix}-held-0`, when: every(3), queue: 'held' }),
    plan({ id: `${prefix}-held-1`, when: every(4, 1), queue: 'held', overlap: 'bufferOne' }),
    plan({ id: `${prefix}-handmade`, when: { kind: 'never' } }),
  ];
  await Promise.all(
    jobs.map(async (job) => {
      await schedule(world, job, { work: random.whole(20, 400) });
      observer.follow(job.id, job.queue);
    }),
  );
  const child = plan({
    id: `${prefix}-child`,
    when: { kind: 'after', job: `${prefix}-parent`, delay: 0, on: 'success' },
  });
  await schedule(world, child, { work: 100 });
  observer.follow(child.id, child.queue);
}

/** What else the client does until the end. Each answers when its last call was answered. */
export async function keepBusy(world: World): Promise<void> {
  await Promise.all([
    again(world, 'plain', 1_500, () => plain(world)),
    again(world, 'chain', 8_000, () => chain(world)),
    again(world, 'flaky', 6_000, () => flaky(world)),
    again(world, 'failing', 12_000, () => failing(world)),
    again(world, 'cancelled', 3_500, () => cancelled(world)),
    again(world, 'follower', 4_000, () => follower(world)),
    again(world, 'shortLived', 15_000, () => shortLived(world)),
    again(world, 'burst', 10_000, () => burst(world), 5_000),
    again(world, 'pauses', 7_000, () => pauses(world), 8_000),
    again(world, 'pausesOfOne', 8_000, () => pausesOfOne(world), 8_000),
    again(world, 'triggers', 5_000, () => triggers(world)),
  ]);
}

/** However much ends were put off by what went on: these races go the other way, and nothing disturbs this burst. */
export async function raceAfterwards(world: World): Promise<void> {
  await Promise.all([
    cancelled(world, true),
    cancelled(world, true),
    follower(world, true),
    follower(world, true),
    burst(world),
  ]);
}

/**
 * Does something every so often.
 *
 * @param takes how long it takes, of what is done one after the other; what takes no time may overlap with itself.
 */
async function again(world: World, part: string, every: number, act: () => Promise<void>, takes = 0): Promise<void> {
  const random = randomOf(world, `pace of ${part}`);
  const acts: Promise<void>[] = [];
  for (;;) {
    await sleep(random.between(0.5, 1.5) * every);
    // On a machine that is too busy for all of this, it is less.
    await world.progress.inTime(THROTTLED_BY);
    if (!isOn(world, takes)) break;
    const acting = act();
    if (takes > 0) await acting;
    else acts.push(acting);
  }
  await Promise.all(acts);
}
