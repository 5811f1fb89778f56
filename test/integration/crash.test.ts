import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scheduler, interval, once } from '../../src/index.ts';
import { freePort, gone } from '../dev-server/harness.ts';
import { System, eventually, task } from '../support/system.ts';
import { createJobWorker } from '../../src/worker.ts';
import { Child } from './fixtures/child.ts';
import { ServerProcess } from './fixtures/server-process.ts';

// How often each crash is provoked: the moment it strikes is another one each time.
const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 2);
const rounds = Array.from({ length: ROUNDS }, (_, index) => index);

describe('a crash', () => {
  const facts: string[] = [];
  after(() => facts.forEach((fact) => console.log(`      ${fact}`)));

  it('of the client after its call was answered loses nothing: the job runs once', async function () {
    this.timeout(40_000 * ROUNDS);
    const late: number[] = [];
    for (const round of rounds) {
      await using system = await System.start({ worker: false });
      const { address, taskQueue } = system;
      const id = system.name('of-the-killed');
      await using client = Child.start('client', { address, taskQueue, id, after: 2_000 + round * 150, payload: {} });
      const due = Number((await client.says('scheduled'))['due']);
      client.kill('SIGKILL');
      assert.equal(await client.ended, 'SIGKILL');
      assert.ok(Date.now() < due, 'killed too late');
      await using worker = Child.start('worker', { address, taskQueue });
      const started = await worker.says('started', 1, { jobId: id });
      assert.equal(started['scheduledAt'], due);
      late.push(started.at - due);
      assert.equal(await system.scheduler.waitForJob(id), 1);
      const { state, lastRun } = await system.scheduler.getJobStatus(id);
      assert.equal(state, 'completed');
      assert.equal(lastRun?.attempts, 1);
      assert.equal(worker.said.filter(({ event }) => event === 'started').length, 1);
    }
    assert.ok(late.every((ms) => ms >= 0));
    facts.push(`client killed ${late.length} times; started ${late.join(', ')} ms after the due time`);
  });

  it('of the server loses nothing: a once job runs once, an interval job once for each due time', async function () {
    this.timeout(40_000 * ROUNDS);
    const back: number[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'crash-'));
    try {
      for (const round of rounds) {
        const database = join(folder, `${round}.db`);
        const port = await freePort();
        let server = await ServerProcess.start(database, port);
        try {
          const taskQueue = 'crash';
          const handlers: { jobId: string; scheduledAt: number }[] = [];
          const handler = task.handler((_, { jobId, scheduledAt }) => {
            handlers.push({ jobId, scheduledAt: scheduledAt.getTime() });
          });
          const { address } = server;
          await using scheduler = await Scheduler.connect({ address, taskQueue });
          await using worker = await createJobWorker({ address, taskQueue, handlers: [handler] });
          void worker.run();
          const at = new Date(Date.now() + 3_000);
          // Killed as soon as the last call has answered, now after this one, now after that.
          const calls = [
            () => scheduler.scheduleJob({ id: 'once', jobType: 'task', schedule: once(at), payload: {} }),
            () =>
              scheduler.scheduleJob({
                id: 'every',
                jobType: 'task',
                schedule: interval('2s', { maxRuns: 4 }),
                payload: {},
              }),
          ];
          for (const call of round % 2 === 0 ? calls : calls.toReversed()) await call();
          await server.kill();
          const died = Date.now();
          server = await ServerProcess.start(database, port);
          await eventually(
            () => Promise.all([scheduler.getJobStatus('once'), scheduler.getJobStatus('every')]),
            (both) => both.every(({ state }) => state === 'completed'),
            30_000,
          );
          back.push(Date.now() - died);
          const ofOnce = handlers.filter(({ jobId }) => jobId === 'once');
          assert.deepEqual(ofOnce, [{ jobId: 'once', scheduledAt: at.getTime() }]);
          const due = handlers.filter(({ jobId }) => jobId === 'every').map(({ scheduledAt }) => scheduledAt);
          assert.equal(due.length, 4);
          assert.deepEqual(
            due.slice(1).map((time, index) => time - due[index]!),
            [2_000, 2_000, 2_000],
          );
          const { skipped } = await scheduler.getJobStatus('every');
          assert.deepEqual(skipped, { overlap: 0, missed: 0 });
        } finally {
          await server.kill();
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    facts.push(`server killed ${back.length} times; all due times had run after ${back.join(', ')} ms`);
  });

  it('of a worker in the middle of a handler is noticed within the heartbeat timeout + 5 s, and another runs it', async function () {
    this.timeout(40_000 * ROUNDS);
    const noticed: number[] = [];
    const closed: number[] = [];
    for (const round of rounds) {
      await using system = await System.start({ worker: false });
      const { address, taskQueue } = system;
      await using one = Child.start('worker', { address, taskQueue });
      await using other = Child.start('worker', { address, taskQueue });
      await Promise.all([one.says('ready'), other.says('ready')]);
      const id = await system.scheduler.scheduleJob({
        jobType: 'errand',
        schedule: once(new Date()),
        payload: { deaf: 60_000 },
        heartbeatTimeout: '2s',
        retryPolicy: { initialInterval: 20 },
      });
      const first = { jobId: id, attempt: 1 };
      const [victim, next] = await Promise.race([
        one.says('started', 1, first).then(() => [one, other] as const),
        other.says('started', 1, first).then(() => [other, one] as const),
      ]);
      // At another moment between two heartbeats each time.
      await new Promise((resolve) => setTimeout(resolve, (round * 170) % 700));
      victim.kill('SIGKILL');
      assert.equal(await victim.ended, 'SIGKILL');
      const died = Date.now();
      const { attempt, at } = await next.says('started', 1, { jobId: id });
      noticed.push(at - died);
      assert.equal(attempt, 2);
      assert.ok(at - died <= 7_000, `noticed after ${at - died} ms`);
      const { at: finished } = await next.says('finished');
      assert.equal(await system.scheduler.waitForJob(id), 2);
      closed.push(Date.now() - finished);
      // The server still takes the dead worker for the one that knows the run, and gives up waiting for it.
      assert.ok(closed.at(-1)! <= 5_000, `closed ${closed.at(-1)} ms after the handler had finished`);
      assert.equal(next.said.filter(({ event }) => event === 'started').length, 1);
    }
    facts.push(
      `worker killed ${noticed.length} times in a handler; attempted again after ${noticed.join(', ')} ms, closed ${closed.join(', ')} ms after its end`,
    );
  });

  it('leaves no server behind', async () => {
    assert.equal(ServerProcess.pids.length, 2 * ROUNDS);
    for (const pid of ServerProcess.pids) await gone(pid);
  });
});
