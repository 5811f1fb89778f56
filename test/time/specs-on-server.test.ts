import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ScheduleSpec, ScheduleSpecDescription } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { fromScheduleSpec } from '../../src/job/from-schedule-spec.ts';
import { nextRunTimes } from '../../src/job/next-run-times.ts';
import { afterJob, cron, interval } from '../../src/job/schedule-builders.ts';
import type { Schedule } from '../../src/job/schedule.ts';
import { isTimeZone } from '../../src/job/time-zone.ts';
import { toScheduleSpec } from '../../src/job/to-schedule-spec.ts';
import { createSchedule, type Engine, ENGINES, matchingTimes, startServer, TEMPORAL_CLI } from './server.ts';

const run = promisify(execFile);
const berlin = { timezone: 'Europe/Berlin' };

async function hours(env: TestWorkflowEnvironment, spec: ScheduleSpec, from: string, to: string): Promise<string[]> {
  const times = await matchingTimes(env, spec, new Date(from), new Date(to));
  return times.map((time) => time.toISOString().slice(0, 16));
}

async function listedSpec(env: TestWorkflowEnvironment, scheduleId: string): Promise<ScheduleSpecDescription> {
  for (let attempt = 0; attempt < 100; attempt++) {
    for await (const { scheduleId: id, spec } of env.client.schedule.list()) {
      if (id === scheduleId && spec) return spec;
    }
    await setTimeout(100);
  }
  throw new Error(`${scheduleId} is not listed`);
}

async function createByCli(env: TestWorkflowEnvironment, ...options: string[]): Promise<string> {
  const id = randomUUID();
  const action = ['--workflow-id', 'w', '--type', 'never', '--task-queue', 'none', '--paused'];
  await run(TEMPORAL_CLI, ['schedule', 'create', '--address', env.address, '-s', id, ...action, ...options]);
  return id;
}

for (const engine of ENGINES) {
  describe(`specs on the server, ${engine}`, () => {
    let env: TestWorkflowEnvironment;
    before(async function () {
      this.timeout(60_000);
      env = await startServer(engine);
    });
    after(async () => env.teardown());

    // If one of these fails, Temporal has mended its calendars: see docs/time.md for what can go then.
    describe('bugs of calendars that we work around', () => {
      it('lose the second copy of a repeated hour east of Greenwich', async () => {
        const spec: ScheduleSpec = { calendars: [{ hour: '*', minute: 0 }], timezone: 'Europe/Berlin' };
        assert.deepEqual(await hours(env, spec, '2026-10-24T22:30:00Z', '2026-10-25T02:30:00Z'), [
          '2026-10-24T23:00',
          '2026-10-25T00:00',
          '2026-10-25T02:00',
        ]);
      });

      it('run an hour late beside it', async () => {
        const spec: ScheduleSpec = { calendars: [{ hour: 1, minute: 30 }], timezone: 'Europe/Berlin' };
        assert.deepEqual(await hours(env, spec, '2026-10-24T20:00:00Z', '2026-10-25T20:00:00Z'), [
          '2026-10-24T23:30',
          '2026-10-25T00:30',
        ]);
      });

      it('lose the day that begins with a skipped hour west of Greenwich, if weekdays are restricted', async () => {
        const spec: ScheduleSpec = { calendars: [{ hour: 12, dayOfWeek: 'SUNDAY' }], timezone: 'America/Havana' };
        assert.deepEqual(await hours(env, spec, '2026-03-02T00:00:00Z', '2026-03-16T00:00:00Z'), ['2026-03-15T16:00']);
      });

      it('are worked around', async () => {
        const hourly = toScheduleSpec(cron('0 */1 1-31 * *', berlin));
        assert.deepEqual(await hours(env, hourly, '2026-10-24T22:30:00Z', '2026-10-25T02:30:00Z'), [
          '2026-10-24T23:00',
          '2026-10-25T00:00',
          '2026-10-25T01:00',
          '2026-10-25T02:00',
        ]);
        const daily = toScheduleSpec(cron('30 1 * * *', berlin));
        assert.deepEqual(await hours(env, daily, '2026-10-24T20:00:00Z', '2026-10-25T20:00:00Z'), ['2026-10-24T23:30']);
        const weekly = toScheduleSpec(cron('0 12 * * SUN', { timezone: 'America/Havana' }));
        assert.deepEqual(await hours(env, weekly, '2026-03-02T00:00:00Z', '2026-03-16T00:00:00Z'), [
          '2026-03-08T16:00',
          '2026-03-15T16:00',
        ]);
      });
    });

    const longest = `${'0,'.repeat(94)}0 0 01-7 * *`;
    const schedules: Schedule[] = [
      cron('0 9 * * MON-FRI', berlin),
      cron('*/15 * * * *', { ...berlin, jitter: '30s' }),
      cron('0 */2 13 * FRI', { ...berlin, startAt: '2027-01-01T00:00:00Z', endAt: '2030-01-01T00:00:00.5Z' }),
      cron('0 0 LW * *', { skip: ['2026-12-31', '2027-01-29', '2027-02-26'] }),
      cron('0 0 0 L 2 ? 2090-2100'),
      cron('@daily', { timezone: 'America/New_York' }),
      cron(longest, { timezone: 'America/Argentina/ComodRivadavia' }),
      interval('90s'),
      interval('1s', { jitter: 500 }),
      interval('1h', { startAt: '2027-01-01T00:10:00Z', endAt: new Date('2028-01-01T00:00:00Z') }),
      afterJob('load', { delay: '5m', on: 'completion' }),
      afterJob(['a "quoted" one', 'übrige']),
    ];

    it('come back from describe and list as the schedules they were made from', async function () {
      this.timeout(60_000);
      assert(longest.length === 200);
      for (const schedule of schedules) {
        const handle = await createSchedule(env, toScheduleSpec(schedule, { createdAt: new Date() }));
        const { spec } = await handle.describe();
        assert.deepEqual(fromScheduleSpec(spec), schedule);
        assert.deepEqual(fromScheduleSpec(await listedSpec(env, handle.scheduleId)), schedule);
        await handle.delete();
      }
    });

    it('made by the CLI come back as the schedules that mean the same', async function () {
      this.timeout(60_000);
      for (const [options, schedule] of [
        [['--cron', '0 9 * * MON-FRI'], cron('0 9 * * 1-5')],
        [['--cron', '*/15 8-20 * * 1,3', '--time-zone', 'Europe/Berlin'], cron('*/15 8-20 * * 1,3', berlin)],
        [['--cron', '0 0 1 1 * 2090'], cron('0 0 0 1 1 * 2090')],
        [['--cron', '30 0 9 1 * * *'], cron('30 0 9 1 * *')],
        [['--cron', '0 9 8-14 * MON'], cron('0 9 * * 1#2')],
        [['--interval', '90m'], interval('90m')],
        [
          ['--interval', '1h/10m', '--start-time', '2027-01-01T00:00:00Z'],
          interval('1h', { startAt: '2027-01-01T00:10:00Z' }),
        ],
        [['--calendar', '{"hour":"3","dayOfWeek":"Sunday"}', '--jitter', '5s'], cron('0 3 * * 0', { jitter: '5s' })],
      ] as const) {
        const id = await createByCli(env, ...options);
        const { spec } = await env.client.schedule.getHandle(id).describe();
        assert.deepEqual(fromScheduleSpec(spec), schedule, options.join(' '));
        const from = new Date('2026-12-20T00:00:00Z');
        if (schedule.kind === 'interval') continue;
        const to = new Date('2027-02-01T00:00:00Z');
        const times = await matchingTimes(env, toScheduleSpec({ ...schedule, jitter: 0 }), from, to);
        const ours = nextRunTimes(schedule, { from, count: 1000 }).filter((time) => time <= to);
        assert.deepEqual(ours.length > 0 ? ours : times, times);
      }
    });

    it('that no schedule of ours says come back in words, which are refused as input', async () => {
      const id = await createByCli(env, '--cron', '0 9 13 * FRI', '--interval', '1h');
      const { spec } = await env.client.schedule.getHandle(id).describe();
      const schedule = fromScheduleSpec(spec);
      assert.equal(
        schedule.kind === 'cron' && schedule.expression,
        '0 9 13 * 5 (on both days at once) or every 3600 s',
      );
      assert.throws(() => toScheduleSpec(schedule));
    });

    if (engine === 'V2') zonesOn(() => env, engine);
  });
}

function zonesOn(server: () => TestWorkflowEnvironment, engine: Engine): void {
  const aliases = [
    'Asia/Kolkata',
    'US/Pacific',
    'GB',
    'EST',
    'EST5EDT',
    'Etc/GMT+5',
    'Europe/Kyiv',
    'Zulu',
    'PRC',
    'MET',
  ];
  it(`know every zone of the runtime, with the same rules (${engine})`, async function () {
    this.timeout(300_000);
    const zones = [...Intl.supportedValuesOf('timeZone'), ...aliases];
    const from = new Date('2026-01-01T00:00:00Z');
    const to = new Date('2027-12-31T00:00:00Z');
    const different: string[] = [];
    const queue = zones.values();
    const work = async (): Promise<void> => {
      for (const timezone of queue) {
        assert(isTimeZone(timezone), timezone);
        const schedule = cron('0 12 * * *', { timezone });
        const theirs = await matchingTimes(server(), toScheduleSpec(schedule), from, to).catch(String);
        const ours = nextRunTimes(schedule, { from, count: 1000 }).filter((time) => time <= to);
        if (String(theirs) !== String(ours)) different.push(timezone);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    console.log(`      ${zones.length} zones, ${different.length} differ: ${different.join(', ')}`);
    assert.deepEqual(different, []);
  });
}
