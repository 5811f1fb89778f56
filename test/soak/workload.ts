import { setTimeout as sleep } from 'node:timers/promises';
import { afterJob, interval, once, type JobId, type Scheduler } from '../../src/index.ts';

const ROUND = 2_000;
const ROUNDS_TO_PAUSE = 30;
const RETRY = { initialInterval: 50 };

/** Every call of the library, again and again: what it leaves behind would show after an hour. */
export class Workload {
  rounds = 0;
  calls = 0;
  readonly #scheduler: Scheduler;
  #followed = '' as JobId;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** The jobs that stay: two of every second, and one that others follow. */
  async begin(): Promise<void> {
    const errand = { jobType: 'errand', payload: {} };
    for (const id of ['every-1', 'every-2'])
      await this.#scheduler.scheduleJob({ ...errand, id, schedule: interval('1s') });
    this.#followed = await this.#scheduler.scheduleJob({ ...errand, id: 'followed', schedule: interval('3s') });
    await this.#scheduler.scheduleJob({ ...errand, id: 'follower', schedule: afterJob(this.#followed) });
  }

  async run(until: number): Promise<void> {
    while (Date.now() < until) {
      const next = sleep(ROUND);
      await this.#round();
      this.rounds++;
      await next;
    }
  }

  async #round(): Promise<void> {
    const scheduler = this.#scheduler;
    const errand = { jobType: 'errand', payload: { fails: this.rounds % 5 === 0 }, retryPolicy: RETRY };
    const first = await scheduler.scheduleJob({ ...errand, schedule: once({ in: 300 }) });
    const second = await scheduler.scheduleJob({ ...errand, schedule: afterJob(first) });
    const late = await scheduler.scheduleJob({ ...errand, schedule: once({ in: '1h' }) });
    await scheduler.waitForJob(second);
    await scheduler.pauseJob(late);
    await scheduler.resumeJob(late);
    await scheduler.updateJob(late, { priority: 'high' });
    await scheduler.cancelJob(late);
    await scheduler.getJobStatus(this.#followed);
    await scheduler.listJobs({ limit: 20 });
    this.calls += 10;
    if (this.rounds % ROUNDS_TO_PAUSE !== 0) return;
    await scheduler.pause({ reason: 'soak' });
    await scheduler.resume();
    this.calls += 2;
  }
}
