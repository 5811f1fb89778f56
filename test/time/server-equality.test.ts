import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import * as fc from 'fast-check';
import { nextRunTimes } from '../../src/job/next-run-times.ts';
import type { RecurringSchedule } from '../../src/job/schedule.ts';
import { toScheduleSpec } from '../../src/job/to-schedule-spec.ts';
import { instants, recurringSchedules } from '../job/arbitrary.ts';
import { ENGINES, matchingTimes, startServer } from './server.ts';

const SCHEDULES = Number(process.env['TIME_SCHEDULES'] ?? 300);
const SEED = Number(process.env['TIME_SEED'] ?? 20_261_124);
const COUNT = 50;
const CONCURRENCY = 16;
const END_OF_TIME = new Date('2100-12-31T23:59:59Z');

interface Case {
  readonly schedule: RecurringSchedule;
  readonly from: Date;
}

async function differences(
  env: TestWorkflowEnvironment,
  cases: readonly Case[],
): Promise<{ times: number; found: string[] }> {
  const found: string[] = [];
  let times = 0;
  const queue = cases.values();
  const work = async (): Promise<void> => {
    for (const { schedule, from } of queue) {
      const ours = nextRunTimes(schedule, { from, count: COUNT });
      const to = ours.length < COUNT ? END_OF_TIME : ours.at(-1)!;
      const spec = toScheduleSpec(schedule, { createdAt: from });
      // eslint-disable-next-line no-await-in-loop
      const theirs = await matchingTimes(env, spec, from, to).catch((error: unknown) => String(error));
      times += ours.length;
      const [left, right] = [ours, theirs].map((list) =>
        Array.isArray(list) ? list.map((time) => time.toISOString()).join() : list,
      );
      if (left !== right) found.push(JSON.stringify({ schedule, from, ours, theirs, spec }));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { times, found };
}

describe('nextRunTimes against the server', () => {
  for (const engine of ENGINES) {
    describe(engine, () => {
      let env: TestWorkflowEnvironment;
      before(async function () {
        this.timeout(60_000);
        env = await startServer(engine);
      });
      after(async () => env.teardown());

      it(`gives what ListScheduleMatchingTimes gives, for ${SCHEDULES} generated schedules`, async function () {
        this.timeout(60_000 + SCHEDULES * 1000);
        const cases = fc.sample(fc.record({ schedule: recurringSchedules, from: instants() }), {
          numRuns: SCHEDULES,
          seed: SEED,
        });
        const zones = new Set(cases.map(({ schedule }) => ('timezone' in schedule ? schedule.timezone : 'UTC')));
        const { times, found } = await differences(env, cases);
        console.log(
          `      ${engine}: ${cases.length} schedules in ${zones.size} zones, ${times} due times compared, ` +
            `${found.length} differences`,
        );
        assert.deepEqual(found.slice(0, 10), []);
        assert(zones.size >= 20);
      });
    });
  }
});
