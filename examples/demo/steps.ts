import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  afterJob,
  cron,
  interval,
  nextRunTimes,
  once,
  progressBar,
  type JobStatus,
  type RunInfo,
  type Schedule,
} from 'temporal-job-scheduler';
import type { LocalScheduler } from 'temporal-job-scheduler/local';
import { backupResult, verifyResult } from './jobs.ts';
import type { DemoOptions } from './options.ts';
import { firstLine, inBytes, localTime, table } from './table.ts';

// The demo may have run before, with other folders, and its jobs are kept.
const replace = { onConflict: 'replace' } as const;
const ENDED = new Set(['completed', 'failed', 'cancelled']);

export async function scheduleRecurringJobs(scheduler: LocalScheduler, options: DemoOptions): Promise<void> {
  const everyNight = cron('0 2 * * *');
  await scheduler.scheduleJob({ id: 'backup', jobType: 'backup', schedule: everyNight, payload: options }, replace);
  await scheduler.scheduleJob({ id: 'verify', jobType: 'verify', schedule: afterJob('backup'), payload: {} }, replace);
  const folder = options.destination;
  await scheduler.scheduleJob(
    { id: 'disk-space', jobType: 'disk-space', schedule: interval('5s'), payload: { folder } },
    replace,
  );
  console.log(
    `  backup      every night at 02:00 UTC, next ${localTime(nextRunTimes(everyNight, { count: 1 })[0])}, high priority`,
  );
  console.log('  verify      after each backup that succeeds');
  console.log('  disk-space  every 5 seconds');
}

export async function scheduleOnceJob(scheduler: LocalScheduler, { destination: folder }: DemoOptions): Promise<void> {
  const schedule = once(new Date(Date.now() + 15_000));
  await scheduler.scheduleJob({ id: 'inventory', jobType: 'inventory', schedule, payload: { folder } }, replace);
  console.log('  inventory   once, 15 seconds from now, low priority');
}

/** Follows a run to its end, telling its progress. */
export async function followBackup(scheduler: LocalScheduler, run: RunInfo): Promise<void> {
  const show = progressBar('  percent backed up');
  for (;;) {
    const { progress, lastRun, runningRuns } = await scheduler.getJobStatus('backup');
    const isOpen = runningRuns.some(({ runId }) => runId === run.runId);
    const { percent = 0 } = (progress ?? {}) as { percent?: number };
    show({ done: isOpen ? Math.min(percent, 99) : 100, total: 100 });
    if (!isOpen) return printBackup(lastRun);
    await sleep(500);
  }
}

function printBackup(run: RunInfo | undefined): void {
  if (run?.state !== 'completed')
    throw new Error(`the backup ${run?.state ?? 'is gone'}: ${run?.error ?? 'no reason given'}`);
  const { archive, files, bytes } = backupResult.parse(run.result);
  console.log(`  100 %  ${files} files, ${inBytes(bytes)}, packed into ${inBytes(statSync(archive).size)}`);
  console.log(`  ${archive}`);
}

/** Waits for the run of `verify` that follows a run of `backup`. */
export async function followVerification(scheduler: LocalScheduler, backupRun: RunInfo): Promise<void> {
  for (;;) {
    const { lastRun } = await scheduler.getJobStatus('verify');
    if (lastRun?.predecessor?.runId === backupRun.runId && ENDED.has(lastRun.state)) {
      if (lastRun.state !== 'completed') throw new Error(`the verification ${lastRun.state}: ${lastRun.error}`);
      const { verified } = verifyResult.parse(lastRun.result);
      console.log(`  ${verified} files read back from the archive: every SHA-256 is that of the source`);
      return;
    }
    await sleep(500);
  }
}

/** The monitoring loop: lists all jobs, and asks how each of them stands. */
export async function printJobs(scheduler: LocalScheduler): Promise<void> {
  const jobs = await scheduler.listJobs();
  const statuses = await Promise.all(jobs.map(({ id }) => scheduler.getJobStatus(id)));
  console.log(`\n  At ${localTime(new Date())}`);
  console.log(
    table(['job', 'schedule', 'priority', 'state', 'next run', 'last run', 'last error'], statuses.map(toRow)),
  );
}

function toRow({ id, schedule, priority, state, nextExecution, lastExecution, lastError = '-' }: JobStatus): string[] {
  const times = [localTime(nextExecution), localTime(lastExecution)];
  return [id, inWords(schedule), priority, state, ...times, firstLine(lastError, 60)];
}

function inWords(schedule: Schedule): string {
  if (schedule.kind === 'cron') return `cron ${schedule.expression}`;
  if (schedule.kind === 'interval') return `every ${schedule.every / 1_000} s`;
  return schedule.kind === 'afterJob' ? `after ${schedule.jobIds.join(', ')}` : 'once';
}
