import { once } from 'temporal-job-scheduler';
import { quietMoment } from './machine.ts';
import { pool, type Sides } from './sides.ts';

export const MANY_QUEUE = 'many';

/** A scheduler of a task queue with exactly so many once jobs, which wait. */
export async function manyJobs(sides: Sides, count: number, queue = MANY_QUEUE): Promise<Sides['scheduler']> {
  const scheduler = await sides.schedulerOn(queue);
  const { count: there } = await sides.client.workflow.count(`JobQueue = '${queue}'`);
  await pool(count - there, 20, () =>
    scheduler.scheduleJob({ jobType: 'bench', schedule: once({ in: '7d' }), payload: { key: '' } }),
  );
  await quietMoment(60_000);
  return scheduler;
}
