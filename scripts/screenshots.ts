// Takes the pictures of Temporal's Web UI in docs/: npm run screenshots
import { statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Page } from 'playwright-core';
import { afterJob, cron, defineJob, interval, once, type RunInfo } from 'temporal-job-scheduler';
import { startLocalScheduler, type LocalScheduler } from 'temporal-job-scheduler/local';
import { z } from 'zod';
import { launchChromium } from '../test/support/browser.ts';

const DOCS = fileURLToPath(new URL('../docs', import.meta.url));
const DAY = 86_400_000;

const backup = defineJob('backup', {
  payload: z.object({ source: z.string(), destination: z.string() }),
  priority: 'high',
  timeout: '1 hour',
});
const verify = defineJob('verify', { payload: z.object({}) });
const rates = defineJob('exchange-rates', { payload: z.object({ currencies: z.array(z.string()) }) });
const newsletter = defineJob('newsletter', { payload: z.object({ list: z.string() }), priority: 'low' });

const handlers = [
  backup.handler(async ({ source, destination }, { scheduledAt }) => {
    await sleep(1_500);
    return {
      archive: `${destination}/${source.split('/').at(-1)}-${scheduledAt.toISOString().slice(0, 10)}.tar.gz`,
      files: 1_284,
    };
  }),
  verify.handler(async (_payload, { predecessor }) => {
    await sleep(500);
    return { verified: predecessor?.result };
  }),
  rates.handler(({ currencies }) => ({ updated: currencies.length })),
  newsletter.handler(() => ({ sent: 0 })),
];

/** Jobs with a past: three nights of backups, each verified after it. */
async function schedule(scheduler: LocalScheduler): Promise<RunInfo> {
  await scheduler.scheduleJob({
    id: 'nightly-backup',
    jobType: 'backup',
    schedule: cron('0 2 * * *'),
    payload: { source: '/home/ada/data', destination: '/backup/daily' },
  });
  await scheduler.scheduleJob({
    id: 'verify-backup',
    jobType: 'verify',
    schedule: afterJob('nightly-backup'),
    payload: {},
  });
  await scheduler.scheduleJob({
    id: 'exchange-rates',
    jobType: 'exchange-rates',
    schedule: interval('10 minutes'),
    payload: { currencies: ['EUR', 'USD', 'JPY'] },
  });
  const payload = { list: 'customers' };
  await scheduler.scheduleJob({ id: 'newsletter', jobType: 'newsletter', schedule: once({ in: '3 days' }), payload });

  await scheduler.backfillJob('nightly-backup', { from: new Date(Date.now() - 3 * DAY), to: new Date() });
  await scheduler.triggerJob('exchange-rates');
  return chainedRun(scheduler, 3);
}

/** The newest of so many runs of the chained job. */
async function chainedRun(scheduler: LocalScheduler, count: number): Promise<RunInfo> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(500)) {
    const runs: RunInfo[] = [];
    for await (const run of scheduler.listRuns('verify-backup')) runs.push(run);
    const completed = runs.filter(({ state }) => state === 'completed');
    if (completed[0] && completed.length >= count) return completed[0];
  }
  throw new Error(`verify-backup: expected ${count} completed runs within a minute`);
}

interface Picture {
  readonly name: string;
  readonly url: string;
  readonly height: number;
  /** A text by which one knows that the page is there. */
  readonly text: string;
  readonly prepare?: (page: Page) => Promise<void>;
}

async function take(page: Page, { name, url, height, text, prepare }: Picture): Promise<void> {
  await page.setViewportSize({ width: 1440, height });
  await page.goto(url);
  await page.getByText(text).first().waitFor();
  await page.waitForLoadState('networkidle');
  await prepare?.(page);
  // What fades in has no end that could be waited for.
  await sleep(1_000);
  const path = join(DOCS, name);
  await page.screenshot({ path });
  console.log(`${relative(process.cwd(), path)}  ${Math.round(statSync(path).size / 1_000)} KB`);
}

async function main(): Promise<void> {
  // Its lines about each start and stop of the worker would hide ours.
  Runtime.install({ logger: new DefaultLogger('WARN') });
  await using scheduler = await startLocalScheduler({ handlers, persistence: false });
  const run = await schedule(scheduler);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ timezoneId: 'UTC', locale: 'en-GB' });
    const namespace = `${scheduler.webUiUrl}/namespaces/default`;
    const chained = `${namespace}/workflows/${encodeURIComponent(run.workflowId)}/${run.runId}`;
    await take(page, {
      name: 'schedule.png',
      url: `${namespace}/schedules/nightly-backup`,
      height: 1120,
      text: 'nightly-backup',
    });
    await take(page, {
      name: 'chained-run.png',
      url: `${chained}/relationships`,
      height: 900,
      text: 'verify-backup',
      prepare: (of) => of.getByText('Expand All').click(),
    });
    await take(page, { name: 'run-details.png', url: `${chained}/user-metadata`, height: 840, text: 'Details' });
    await take(page, { name: 'workflows.png', url: `${namespace}/workflows`, height: 800, text: 'verify-backup' });
  } finally {
    await browser.close();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
