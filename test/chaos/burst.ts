import { plan, schedule } from './jobs.ts';
import type { JobPlan } from './line.ts';
import { NARROW_SLOT } from './settings.ts';
import { randomOf, type World } from './world.ts';

const PRIORITIES: readonly JobPlan['priority'][] = ['high', 'high', 'normal', 'normal', 'low', 'low'];
let count = 0;

/** Fills the queue that has one slot behind a job that takes long: then its order is one of priorities. */
export async function burst(world: World): Promise<void> {
  const name = `${world.prefix}-burst-${++count}`;
  const random = randomOf(world, name);
  const now = () => ({ kind: 'once', at: Date.now() }) as const;
  const blocker = plan({ id: `${name}-blocker`, queue: 'narrow', priority: 'high', when: now() });
  world.observer.follow(blocker.id, blocker.queue);
  const isBlocked = world.slots[NARROW_SLOT]!.started(4_000, ({ job }) => job === blocker.id);
  if ((await schedule(world, blocker, { work: 2_000 }, 3)) !== 'ok' || !(await isBlocked)) return;
  await Promise.all(
    random.shuffled(PRIORITIES).map(async (priority, index) => {
      const job = plan({ id: `${name}-${index}`, queue: 'narrow', priority, when: now(), burst: name });
      world.observer.follow(job.id, job.queue);
      await schedule(world, job, { work: 40 });
    }),
  );
}
