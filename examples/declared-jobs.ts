// Jobs as a list in the code, and a server that is made equal to it at each deploy.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterJob, cron, defineJob, type AppliedJobs, type ScheduledJob } from 'temporal-job-scheduler';
import { startLocalScheduler } from 'temporal-job-scheduler/local';
import { z } from 'zod';

const report = defineJob('report', { payload: z.object({ days: z.int() }) });
const mail = defineJob('mail', { payload: z.object({ to: z.email() }) });
type Jobs = ScheduledJob<[typeof report, typeof mail]>[];

await using scheduler = await startLocalScheduler({
  handlers: [report.handler(() => 'written'), mail.handler(() => 'sent')],
  persistence: false,
});

const declared: Jobs = [
  { id: 'report', jobType: 'report', schedule: cron('0 9 * * MON'), payload: { days: 7 } },
  { id: 'mail', jobType: 'mail', schedule: afterJob('report'), payload: { to: 'office@example.com' } },
];
tell('plan', await scheduler.applyJobs(declared, { dryRun: true }));
tell('done', await scheduler.applyJobs(declared));
// What is to be cancelled is found by the list, which is about a second behind.
while ((await scheduler.listJobs({ tag: 'owner:applyJobs' })).length < declared.length) await sleep(200);

// The next version of the code: another time, and nobody is told any more.
const next: Jobs = [{ id: 'report', jobType: 'report', schedule: cron('30 7 * * MON'), payload: { days: 7 } }];
tell('next', await scheduler.applyJobs(next));

function tell(what: string, { created, changed, cancelled, unchanged }: AppliedJobs): void {
  const fields = changed.map((job) => `${job.id} (${job.fields.join(', ')})`);
  const lists = { created, changed: fields, cancelled, unchanged };
  const filled = Object.entries(lists).filter(([, ids]) => ids.length > 0);
  console.log(`${what}: ${filled.map(([name, ids]) => `${name} ${ids.toSorted().join(', ')}`).join('; ')}`);
}

// Output:
// plan: created mail, report
// done: created mail, report
// next: changed report (schedule); cancelled mail
