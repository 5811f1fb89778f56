// Records as a system that keeps its promises writes them: for the tests of the checker.
import { plan } from './jobs.ts';
import type { Line } from './line.ts';
import { RecordMaker, START } from './record-maker.ts';
import { dueTimes } from './reference.ts';
import { HEARTBEAT_TIMEOUT } from './settings.ts';

/** A minute of everything, without a fault of the system in it. */
export function cleanRecord(seed: number): Line[] {
  const maker = new RecordMaker(seed);
  recurring(maker);
  switched(maker);
  onces(maker);
  retries(maker);
  killed(maker);
  chains(maker);
  cancels(maker);
  burst(maker);
  return maker.over();
}

function recurring(maker: RecordMaker): void {
  const { random } = maker;
  const when = (every: number) => ({ kind: 'interval', every, startAt: START + 3_000, endAt: START + 40_000 }) as const;
  const jobs = [
    plan({ id: 'every1', when: when(1_000) }),
    plan({ id: 'every2', when: when(2_000) }),
    plan({ id: 'turns', when: when(5_000), overlap: 'bufferAll' }),
    plan({
      id: 'cron',
      when: { kind: 'cron', expression: '*/3 * * * * *', startAt: START + 3_000, endAt: START + 40_000 },
    }),
  ];
  for (const job of jobs) {
    const there = maker.schedule(random.whole(100, 2_000), job);
    for (const due of dueTimes(job).map((time) => time - START)) if (due > there) maker.run(due, job);
    maker.seen(20_000, job.id, random.chance(0.5) ? 'scheduled' : 'running');
  }
  // While it was caught up with, two of its due times came in the place of five.
  const one = plan({ id: 'one', when: when(2_000), overlap: 'bufferOne' });
  maker.schedule(500, one);
  const gaps = random.chance(0.5) ? [] : [13_000, 15_000, 17_000];
  if (gaps.length > 0) maker.fault(10_000, 18_000, 'server-kill');
  for (const due of dueTimes(one).map((time) => time - START)) if (!gaps.includes(due)) maker.run(due, one);
  maker.seen(55_000, one.id, 'scheduled', { overlap: gaps.length, missed: 0 });
}

/** Jobs under a pause of their queue, and one under a pause of its own. */
function switched(maker: RecordMaker): void {
  const when = { kind: 'interval', every: 2_000, startAt: START + 3_000, endAt: START + 30_000 } as const;
  for (const [id, queue, pause, resume] of [
    ['held', 'held', 'pause', 'resume'],
    ['switched', 'main', 'pauseJob', 'resumeJob'],
  ] as const) {
    const job = plan({ id, queue, when });
    maker.schedule(300, job);
    const about = pause === 'pause' ? { queue } : { job: id };
    const from = maker.call(maker.random.whole(9_500, 10_500), pause, about);
    const to = maker.call(maker.random.whole(14_000, 16_500), resume, about);
    for (const due of dueTimes(job).map((time) => time - START)) if (due < from || due > to) maker.run(due, job);
    maker.seen(from + 50, id, 'paused');
    maker.seen(to + 50, id, 'scheduled');
  }
  const handmade = plan({ id: 'handmade', when: { kind: 'never' } });
  maker.schedule(200, handmade);
  const { runId } = maker.run(5_000, handmade);
  maker.call(4_990, 'trigger', { job: 'handmade', runId });
  maker.call(6_000, 'trigger', { job: 'handmade' }, 'unknown');
}

function onces(maker: RecordMaker): void {
  const { random } = maker;
  for (let number = 0; number < 12; number++) {
    const due = random.whole(3_000, 40_000);
    const job = plan({ id: `once-${number}`, when: { kind: 'once', at: START + due } });
    const there = maker.schedule(due - random.whole(100, 2_000), job);
    const { end } = maker.run(due, job);
    if (there + 5 < due) maker.seen(there + 5, job.id, 'scheduled');
    maker.seen(end + 50, job.id, 'completed');
    maker.seen(58_000, job.id, 'completed');
  }
  const refused = plan({ id: 'refused', when: { kind: 'once', at: START + 5_000 }, comesTo: 'refused' });
  maker.add(4_000, { kind: 'job', plan: refused });
  maker.call(4_001, 'schedule', { job: refused.id }, 'failed');
  // One call of which nobody knows came to nothing, and one came to all of it.
  for (const id of ['unknown-nothing', 'unknown-all']) {
    const job = plan({ id, when: { kind: 'once', at: START + 9_000 } });
    maker.add(7_000, { kind: 'job', plan: job });
    maker.call(7_001, 'schedule', { job: id }, 'unknown');
    if (id === 'unknown-all') maker.run(9_000, job);
    maker.seen(57_000, id, id === 'unknown-all' ? 'completed' : 'not found');
  }
}

function retries(maker: RecordMaker): void {
  const retryPolicy = { maximumAttempts: 4, initialInterval: 400, backoffCoefficient: 2, maximumInterval: 1_000 };
  const job = plan({ id: 'flaky', when: { kind: 'once', at: START + 6_000 }, retries: retryPolicy });
  maker.schedule(5_000, job);
  const run = { runId: maker.newRun(), due: 6_000 };
  let at = 6_020;
  for (const [index, wait] of [400, 800, 1_000].entries())
    at = maker.attempt(at, job, run, index + 1, 30, 'threw') + wait + maker.random.whole(0, 900);
  const end = maker.attempt(at, job, run, 4, 30, 'ok', 1);
  maker.close(end, job, run.runId, 'COMPLETED', 6_000, { attempt: 4, pid: maker.pid(1) });
  maker.seen(6_500, job.id, 'running');
  maker.seen(57_000, job.id, 'completed');
  const failing = plan({ id: 'failing', when: { kind: 'once', at: START + 6_000 }, comesTo: 'failed' });
  maker.schedule(5_000, failing);
  const failed = { runId: maker.newRun(), due: 6_000 };
  maker.close(maker.attempt(6_100, failing, failed, 1, 20, 'threw'), failing, failed.runId, 'FAILED', 6_000);
  maker.seen(57_000, failing.id, 'failed');
}

/** A worker killed in a handler leaves a start without an end; a frozen one an attempt that lives beside the next. */
function killed(maker: RecordMaker): void {
  const job = plan({ id: 'killed', when: { kind: 'once', at: START + 8_000 } });
  maker.schedule(7_000, job);
  const run = { runId: maker.newRun(), due: 8_000 };
  maker.add(8_040, {
    kind: 'start',
    job: job.id,
    runId: run.runId,
    attempt: 1,
    pid: 300,
    slot: 0,
    due: START + 8_000,
    queue: 'main',
    build: 'old',
  });
  maker.fault(8_050, 9_500, 'worker-kill', [0]);
  maker.add(8_060, { kind: 'process', phase: 'gone', pid: 300, slot: 0, how: 'SIGKILL' });
  const end = maker.attempt(12_000, job, run, 2, 60, 'ok', 1);
  maker.close(end, job, run.runId, 'COMPLETED', 8_000, { attempt: 2, pid: maker.pid(1) });
  const frozen = plan({ id: 'frozen', when: { kind: 'once', at: START + 20_000 } });
  maker.schedule(19_000, frozen);
  const both = { runId: maker.newRun(), due: 20_000 };
  maker.attempt(20_030, frozen, both, 1, 6_000, 'ok', 0);
  maker.fault(20_040, 26_000, 'worker-freeze', [0]);
  const kept = maker.attempt(20_100 + HEARTBEAT_TIMEOUT, frozen, both, 2, 100, 'ok', 1);
  maker.close(kept, frozen, both.runId, 'COMPLETED', 20_000, { attempt: 2, pid: maker.pid(1) });
  for (const name of ['server-kill', 'net-cut']) maker.fault(28_000, 29_000, name);
}

function chains(maker: RecordMaker): void {
  const parent = plan({
    id: 'parent',
    when: { kind: 'interval', every: 4_000, startAt: START + 3_000, endAt: START + 40_000 },
  });
  maker.schedule(400, parent);
  const child = plan({ id: 'parent-child', when: { kind: 'after', job: 'parent', delay: 0, on: 'success' } });
  maker.schedule(600, child);
  for (const due of dueTimes(parent).map((time) => time - START)) {
    const { runId, end } = maker.run(due, parent);
    maker.run(end + 5, child, { job: 'parent', runId });
  }
  for (const [id, registeredAt] of [
    ['early', 9_000],
    ['late', 11_500],
  ] as const) {
    const first = plan({ id: `${id}-first`, when: { kind: 'once', at: START + 10_000 } });
    maker.schedule(8_500, first);
    const { runId, end } = maker.run(10_000, first);
    const second = plan({
      id: `${id}-second`,
      when: { kind: 'after', job: first.id, delay: 200, on: 'success' },
      race: 'follow',
    });
    const there = maker.schedule(registeredAt, second);
    maker.run(Math.max(end + 210, there), second, { job: first.id, runId });
    maker.seen(57_000, second.id, 'completed');
  }
  const wrong = plan({ id: 'wrong', when: { kind: 'after', job: 'failing', delay: 0, on: 'success' } });
  maker.schedule(5_500, wrong);
  maker.seen(57_000, wrong.id, 'cancelled');
}

function cancels(maker: RecordMaker): void {
  const before = plan({ id: 'cancelled-before', when: { kind: 'once', at: START + 15_000 }, race: 'cancel' });
  maker.schedule(12_000, before);
  const answered = maker.call(13_000, 'cancel', { job: before.id });
  maker.seen(answered + 20, before.id, 'cancelled');
  const run = maker.newRun();
  maker.close(answered, before, run, 'CANCELLED', 12_000);
  const after = plan({ id: 'cancelled-after', when: { kind: 'once', at: START + 13_000 }, race: 'cancel' });
  maker.schedule(12_000, after);
  const { end } = maker.run(13_000, after);
  maker.seen(maker.call(end + 500, 'cancel', { job: after.id }) + 20, after.id, 'completed');
}

/** The most urgent first, out of one slot. */
function burst(maker: RecordMaker): void {
  let at = 46_000;
  for (const [index, priority] of (['high', 'high', 'normal', 'low', 'low'] as const).entries()) {
    const due = 44_000 + maker.random.whole(0, 50);
    const job = plan({
      id: `burst-${index}`,
      queue: 'narrow',
      priority,
      when: { kind: 'once', at: START + due },
      burst: 'burst',
    });
    maker.schedule(due - 20, job);
    const run = { runId: maker.newRun(), due };
    const end = maker.attempt(at, job, run, 1, 40, 'ok', 0);
    maker.close(end, job, run.runId, 'COMPLETED', due, { attempt: 1, pid: maker.pid(0) }, due + 30);
    at = end + 10;
  }
}
