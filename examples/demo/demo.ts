// Real jobs on a real Temporal server, from nothing to a verified backup: `npm run demo`.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { RunInfo } from 'temporal-job-scheduler';
import { startLocalScheduler, type LocalScheduler } from 'temporal-job-scheduler/local';
import { backupHandler } from './backup.ts';
import { diskSpaceHandler, inventoryHandler } from './housekeeping.ts';
import { KEPT_IN, PROJECT, readOptions, type DemoOptions } from './options.ts';
import { inventoryResult } from './jobs.ts';
import { followBackup, followVerification, printJobs, scheduleOnceJob, scheduleRecurringJobs } from './steps.ts';
import { inBytes } from './table.ts';
import { verifyHandler } from './verify.ts';

const DATABASE = join(KEPT_IN, 'jobs.db');

async function demo(options: DemoOptions): Promise<void> {
  // A worker tells of its every start and stop on standard error; here that would hide what the demo tells.
  Runtime.install({ logger: new DefaultLogger('WARN') });
  mkdirSync(options.destination, { recursive: true });

  heading('A Temporal server, a worker and a scheduler on this machine');
  console.log('  starting; the first time, the Temporal CLI is downloaded (45 MB)');
  await using scheduler = await startLocalScheduler({
    handlers: [backupHandler, verifyHandler, diskSpaceHandler, inventoryHandler],
    database: DATABASE,
  });
  console.log(`  server  ${scheduler.address}\n  Web UI  ${scheduler.webUiUrl}`);
  // A demo that was stopped half way may have left its pause.
  if (await scheduler.isPaused()) await scheduler.resume();

  heading('Schedule');
  await scheduleRecurringJobs(scheduler, options);

  heading(`Back up ${options.source} now, without waiting for the night`);
  const run = await scheduler.triggerJob('backup');
  console.log(`  watch it: ${linkTo(scheduler, run)}`);
  await followBackup(scheduler, run);

  heading('Verify, started by the end of the backup');
  await followVerification(scheduler, run);

  heading('Monitor');
  await scheduleOnceJob(scheduler, options);
  for (let look = 0; look < 2; look++) {
    await sleep(3_000);
    await printJobs(scheduler);
  }

  heading('Pause everything: nothing starts, whatever is due');
  await scheduler.pause({ reason: 'the demo shows a pause' });
  await sleep(10_000);
  await printJobs(scheduler);
  console.log('\n  inventory came due and waits; the due times of disk-space pass without a run');

  heading('Resume: what was held runs now');
  await scheduler.resume();
  const { archives, bytes } = inventoryResult.parse(await scheduler.waitForJob('inventory'));
  await printJobs(scheduler);
  console.log(`\n  inventory found ${archives === 1 ? 'one archive' : `${archives} archives`}: ${inBytes(bytes)}`);

  heading('Cancel');
  await scheduler.cancelJob('disk-space', { reason: 'the demo is over' });
  const { state, lastError } = await scheduler.getJobStatus('disk-space');
  console.log(`  disk-space: ${state}, ${lastError}`);
  printWhatToTry(scheduler, run);
}

function printWhatToTry(scheduler: LocalScheduler, run: RunInfo): void {
  const { address, webUiUrl } = scheduler;
  heading('Try it yourself');
  const [port, uiPort] = [address, webUiUrl].map((url) => url.split(':').at(-1));
  const cli = execFileSync(join(PROJECT, 'temporal-dev.sh'), ['cli'], { encoding: 'utf8' }).trim();
  const temporal = cli.startsWith(PROJECT) ? relative(process.cwd(), cli) : cli;
  console.log('  The server ends with the demo, its database stays. To start it again:');
  console.log(`    ./temporal-dev.sh --db ${relative(process.cwd(), DATABASE)} --port ${port} --ui-port ${uiPort}`);
  console.log(`  The backup's run in the Web UI:\n    ${linkTo(scheduler, run)}`);
  console.log(`  With the Temporal CLI:
    ${temporal} schedule list --address ${address}
    ${temporal} workflow list --query "JobId='backup'" --address ${address}
    ${temporal} workflow show --workflow-id '${run.workflowId}' --address ${address}`);
}

function linkTo({ webUiUrl }: LocalScheduler, { workflowId, runId }: RunInfo): string {
  return `${webUiUrl}/namespaces/default/workflows/${encodeURIComponent(workflowId)}/${runId}`;
}

function heading(text: string): void {
  console.log(`\n${text}`);
}

let isStopped = false;
// The worker ends in good order at a signal. The call that the demo waits for then fails, and that is no news.
process.once('SIGINT', () => (isStopped = true)).once('SIGTERM', () => (isStopped = true));

try {
  const options = readOptions(process.argv.slice(2));
  if (options !== 'help') await demo(options);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(isStopped ? '\nStopped.' : `\n${message}`);
  process.exitCode = 1;
}
