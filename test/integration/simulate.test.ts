import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { interval } from '../../src/index.ts';
import { simulate } from '../../src/testing.ts';
import { System, eventually } from '../support/system.ts';

// A run never ends near a due time: which of the two the server sees first must not matter.
const EVERY = 3_000;
const TAKES = 7_500;
const POLICIES = ['skip', 'bufferOne', 'bufferAll', 'allowAll'] as const;

describe('simulate', () => {
  it('has the runs that the server makes of due times that overlap', async function () {
    this.timeout(120_000);
    await using system = await System.start();
    system.on(() => sleep(TAKES));
    const schedule = interval(EVERY, { maxRuns: 3 });
    for (const overlap of POLICIES) {
      await system.scheduler.scheduleJob({ id: system.name(overlap), jobType: 'task', schedule, overlap, payload: {} });
    }
    for (const overlap of POLICIES) {
      const id = system.name(overlap);
      await eventually(
        () => system.scheduler.getJobStatus(id),
        ({ state }) => state === 'completed',
        60_000,
      );
      const dueAt = system.callsOf(id).map(({ context }) => context.scheduledAt.getTime());
      const from = dueAt[0]! - EVERY;
      const range = { from: new Date(from), to: new Date(from + 60_000) };
      const runs = simulate(schedule, { ...range, runDuration: TAKES, overlap });
      assert.deepEqual(
        dueAt.map((time) => time - from),
        runs.filter(({ startedAt }) => startedAt).map((run) => run.dueAt.getTime() - from),
        overlap,
      );
    }
  });
});
