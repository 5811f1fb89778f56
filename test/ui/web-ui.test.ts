import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { z } from 'zod';
import {
  JobNotFoundError,
  afterJob,
  cron,
  defineJob,
  interval,
  once,
  type JobContext,
  type JobState,
  type RunInfo,
  type Schedule,
} from '../../src/index.ts';
import { startLocalScheduler, type LocalScheduler } from '../../src/local.ts';
import { launchChromium } from '../support/browser.ts';
import { quiet } from '../support/servers.ts';
import { eventually } from '../support/system.ts';

// Whoever never calls the library: what they see of jobs in Temporal's Web UI, and that what they do there is so for the
// library.

const HOUR = 3_600_000;

describe('the Web UI', function () {
  this.timeout(90_000);
  const work = new Map<string, (context: JobContext) => unknown>();
  let scheduler: LocalScheduler;
  let browser: Browser;
  let page: Page;

  before(async () => {
    quiet();
    const handlers = ['backup', 'verify'].map((jobType) =>
      defineJob(jobType, { payload: z.unknown() }).handler((_payload, context) => work.get(context.jobId)?.(context)),
    );
    scheduler = await startLocalScheduler({ handlers, persistence: false });
    browser = await launchChromium();
  });
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1440, height: 1200 }, timezoneId: 'UTC', locale: 'en-GB' });
    page.setDefaultTimeout(20_000);
  });
  afterEach(async function () {
    const path = process.env['UI_FAILURES'];
    if (path && this.currentTest?.state === 'failed')
      await page.screenshot({ path: `${path}/${this.currentTest.title.replaceAll(/\W+/g, '-')}.png`, fullPage: true });
    await page.close();
  });
  after(async () => {
    await browser?.close();
    await scheduler.close();
  });

  const open = (path: string) => page.goto(`${scheduler.webUiUrl}/namespaces/default/${path}`);
  const openRun = ({ workflowId, runId }: RunInfo, tab = 'history') =>
    open(`workflows/${encodeURIComponent(workflowId)}/${runId}/${tab}`);
  const see = (text: string | RegExp, within: Page | Locator = page) =>
    within.getByText(text).locator('visible=true').first().waitFor();
  /** What is Markdown stands in frames. */
  const seeInFrame = (text: RegExp) =>
    eventually(
      async () => Promise.all(page.frames().map((frame) => frame.getByText(text).count())),
      (counts) => counts.some((count) => count > 0),
    );
  const confirm = (within: Locator) => within.getByTestId('confirm-modal-button').locator('visible=true').click();
  const press = (name: string) => page.getByRole('button', { name }).locator('visible=true').click();
  /** Of the menu on a schedule's page. */
  const choose = async (action: string) => {
    await page.getByLabel('Schedule Actions').click();
    await page.getByTestId(`${action}-schedule`).click();
  };
  const is = async (id: string, state: JobState, inList: JobState = state) => {
    await eventually(
      () => scheduler.getJobStatus(id),
      (status) => status.state === state,
    );
    await eventually(
      async () => (await scheduler.listJobs({ idPrefix: id })).find((job) => job.id === id)?.state,
      (listed) => listed === inList,
    );
  };
  const lastRun = async (id: string, isIt: (run: RunInfo) => boolean = () => true) => {
    const { lastRun: run } = await eventually(
      () => scheduler.getJobStatus(id),
      (status) => status.lastRun !== undefined && isIt(status.lastRun),
    );
    assert.ok(run);
    return run;
  };
  const add = (id: string, schedule: Schedule = interval('1h'), rest = {}) =>
    scheduler.scheduleJob({ id, jobType: 'backup', schedule, payload: { source: '/home' }, ...rest });
  /** The page of a run whose handler goes on until it is stopped. */
  const openRunning = async (id: string) => {
    work.set(id, ({ signal }) => sleep(HOUR, undefined, { signal }));
    await add(id, once({ in: 0 }));
    await is(id, 'running');
    const [run] = (await scheduler.getJobStatus(id)).runningRuns;
    assert.ok(run);
    await openRun(run);
  };

  it('says of each row of the schedule list what it is', async () => {
    await add('nightly-backup', cron('0 2 * * *'), { priority: 'high', tags: ['finance'] });
    await add('verify-backup', afterJob('nightly-backup'), { jobType: 'verify' });
    await open('schedules');
    const row = page.getByRole('row').filter({ hasText: 'nightly-backup' });
    await see('runJob', row);
    await see('Running', row);
    await see('verify-backup');
    // What is typed into the filter of the page is this query.
    await open(`schedules?query=${encodeURIComponent("JobType = 'verify'")}`);
    await see('verify-backup');
    await page.getByText('nightly-backup').waitFor({ state: 'detached' });
  });

  it('shows on the page of a job its note, its attributes and its payload', async () => {
    await add('described', cron('30 4 * * 1', { timezone: 'Europe/Berlin' }), { priority: 'high', tags: ['finance'] });
    await open('schedules/described');
    await see('described', page.getByTestId('schedule-name'));
    for (const text of ['At 04:30 on Monday', 'Europe/Berlin', '"/home"', 'backup, high priority']) await see(text);
    await press('Custom Search Attributes');
    for (const text of ['JobPriority', 'JobTags']) await see(text);
  });

  it('pauses and resumes a job', async () => {
    await add('paused');
    await open('schedules/paused');
    await page.locator('#schedule-actions-primary-button').click();
    const modal = page.locator('#pause-schedule-modal');
    await modal.getByPlaceholder('Reason').fill('the disk is full');
    await confirm(modal);
    await modal.waitFor({ state: 'hidden' });
    await is('paused', 'paused');
    const { paused } = await scheduler.getJobStatus('paused');
    assert.deepEqual([paused?.by, paused?.reason], ['person', 'the disk is full']);
    await see('Paused', page.getByTestId('schedule-name'));
    await page.locator('#schedule-actions-primary-button').click();
    await modal.getByPlaceholder('Reason').fill('there is room again');
    await confirm(modal);
    await modal.waitFor({ state: 'hidden' });
    await is('paused', 'scheduled');
  });

  it('shows that a job is held with all others, and why', async () => {
    await add('held');
    await scheduler.pause({ reason: 'the database moves' });
    await open('schedules/held');
    await see('Paused', page.getByTestId('schedule-name'));
    await see(/Paused with all jobs.*the database moves/);
    await scheduler.resume();
    await page.reload();
    await see('Running', page.getByTestId('schedule-name'));
  });

  it('triggers a job, and leads to its run, which tells its progress', async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    work.set('triggered', async ({ progress }) => {
      progress({ percent: 42, file: 'ledger.db' });
      await finished;
      return { files: 7 };
    });
    await add('triggered');
    await open('schedules/triggered');
    await choose('trigger');
    await confirm(page.locator('#trigger-schedule-modal'));
    await is('triggered', 'running');
    await page.reload();
    await page
      .getByRole('link', { name: /triggered-/ })
      .first()
      .click();
    await page.waitForURL(/workflows\/triggered-/);
    await see('runJob');
    // The activity that is open, with what its handler reported last.
    await page.getByTestId('pending-activities-tab').locator('visible=true').click();
    await see('ledger.db');
    // What the run is, in words.
    await page.getByTestId('user-metadata-tab').locator('visible=true').click();
    await seeInFrame(/Every 1 hour/);
    await seeInFrame(/Was due /);
    finish();
    await is('triggered', 'scheduled');
    await see('Completed');
    assert.deepEqual((await lastRun('triggered')).result, { files: 7 });
  });

  it('shows why a run failed, and a reset there is its retry', async () => {
    work.set('failing', () => {
      throw new Error('no space left on /backup');
    });
    await add('failing', once({ in: 0 }), { retryPolicy: { maximumAttempts: 1 } });
    await is('failing', 'failed');
    await openRun(await lastRun('failing'));
    await see('Failed');
    await see(/no space left on \/backup/);
    work.set('failing', () => 'made good');
    await press('Reset');
    await page.getByTestId('workflow-reset-event-id-select-button').locator('visible=true').click();
    // What stands before the handler's activity.
    await page.getByRole('option', { name: '4 - WorkflowTaskCompleted' }).locator('visible=true').click();
    await confirm(page.locator('[id=modal-content-reset-confirmation-modal]').locator('..'));
    await is('failing', 'completed');
  });

  it('leads from a chained run to the run that it follows', async () => {
    work.set('first', () => ({ archive: 'one.tar' }));
    await add('first', interval('1h'));
    await add('second', afterJob('first'), { jobType: 'verify' });
    const predecessor = await scheduler.triggerJob('first');
    const run = await lastRun('second', ({ state }) => state === 'completed');
    assert.equal(run.predecessor?.runId, predecessor.runId);
    await openRun(run, 'relationships');
    await page
      .getByRole('link', { name: new RegExp(predecessor.workflowId.slice(0, 20)) })
      .first()
      .click();
    await page.waitForURL(new RegExp(predecessor.runId));
  });

  it('finds the runs of a job by a query, and the failed ones of the last day', async () => {
    work.set('found', () => {
      throw new Error('not today');
    });
    await add('found', once({ in: 0 }), { retryPolicy: { maximumAttempts: 1 } });
    await is('found', 'failed');
    const since = new Date(Date.now() - 24 * HOUR).toISOString();
    const query = `JobQueue = 'jobs' AND ExecutionStatus = 'Failed' AND CloseTime > '${since}' AND JobId = 'found'`;
    await open(`workflows?query=${encodeURIComponent(query)}`);
    await see('found', page.getByRole('table'));
    await see('Failed', page.getByRole('table'));
  });

  it('cancels a run', async () => {
    await openRunning('cancelled');
    await press('Request Cancellation');
    await confirm(page.getByTestId('cancel-confirmation-modal'));
    await is('cancelled', 'cancelled');
  });

  it('terminates a run', async () => {
    await openRunning('terminated');
    await press('More Actions');
    await page.getByTestId('terminate-button').locator('visible=true').click();
    const modal = page.getByTestId('terminate-confirmation-modal');
    await modal.getByRole('textbox').fill('it hangs');
    await confirm(modal);
    await is('terminated', 'failed');
    assert.match((await scheduler.getJobStatus('terminated')).lastError ?? '', /it hangs/);
  });

  it('changes in its form what is changed there, and nothing else', async () => {
    const schedule = cron('0 2 L * *', { timezone: 'Europe/Berlin' });
    await add('edited', schedule, { priority: 'high', tags: ['finance'], timeout: '1h', payload: { source: '/srv' } });
    const before = await scheduler.getJobStatus('edited');
    await open('schedules/edited/edit');
    await page.locator('#jitter').fill('5');
    await press('Save');
    const after = await eventually(
      () => scheduler.getJobStatus('edited'),
      (status) => 'jitter' in status.schedule,
    );
    const expected = { ...before, schedule: { ...schedule, jitter: 5_000 }, nextExecution: after.nextExecution };
    assert.deepEqual(after, expected);
    work.set('edited', ({ scheduledAt }) => scheduledAt.toISOString());
    await scheduler.triggerJob('edited');
    await lastRun('edited', ({ state }) => state === 'completed');
    await is('edited', 'scheduled');
  });

  it('back-fills due times', async () => {
    await add('back-filled', interval('5m'));
    await open('schedules/back-filled');
    await choose('backfill');
    const modal = page.locator('#backfill-schedule-modal');
    await modal.waitFor();
    await confirm(modal);
    await modal.waitFor({ state: 'hidden' });
    await lastRun('back-filled', ({ state }) => state === 'completed');
  });

  it('deletes a job', async () => {
    await add('deleted');
    await open('schedules/deleted');
    await choose('delete');
    await confirm(page.locator('#delete-schedule-modal'));
    await page.waitForURL(/schedules$/);
    await assert.rejects(scheduler.getJobStatus('deleted'), JobNotFoundError);
  });
});
