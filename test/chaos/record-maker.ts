import type { JobPlan, Line, LineBody, QueueName } from './line.ts';
import { Random } from './random.ts';
import { LIMITS } from './settings.ts';

export const START = 1_800_000_000_000;
const MINUTE = 60_000;
const PIDS = [100, 200];

/** A record in the making: what happens when. Times are milliseconds after its beginning. */
export class RecordMaker {
  readonly lines: Line[] = [];
  readonly random: Random;
  #ops = 0;
  #runs = 0;
  #faults = 0;

  constructor(seed: number) {
    this.random = new Random(seed, 'record');
    this.add(0, { kind: 'begin', epoch: START, server: 'made up', seed, minutes: 1, limits: LIMITS, partitions: 1 });
    for (const [slot, pid] of PIDS.entries()) this.add(1, { kind: 'process', phase: 'up', pid, slot });
  }

  add(mono: number, body: LineBody): void {
    this.lines.push({ mono, wall: START + mono, ...body });
  }

  /** A call that is answered after a moment. */
  call(
    at: number,
    call: 'schedule' | 'cancel' | 'pause' | 'resume' | 'pauseJob' | 'resumeJob' | 'trigger',
    about: { job?: string; queue?: QueueName; runId?: string },
    outcome: 'ok' | 'failed' | 'unknown' = 'ok',
  ): number {
    const op = ++this.#ops;
    const { runId, ...named } = about;
    const took = this.random.whole(5, 40);
    this.add(at, { kind: 'invoke', op, call, ...named });
    this.add(at + took, { kind: 'return', op, outcome, ...(runId !== undefined && { runId }) });
    return at + took;
  }

  schedule(at: number, job: JobPlan): number {
    this.add(at, { kind: 'job', plan: job });
    return this.call(at + 0.1, 'schedule', { job: job.id, queue: job.queue });
  }

  seen(
    at: number,
    job: string,
    state: Extract<LineBody, { kind: 'seen' }>['state'],
    skipped = { overlap: 0, missed: 0 },
  ): void {
    this.add(at, { kind: 'seen', job, asked: at - 5, state, skipped });
  }

  /** One attempt; answers when it ended. */
  attempt(
    at: number,
    job: JobPlan,
    run: { runId: string; due: number; after?: { job: string; runId: string } },
    attempt: number,
    work: number,
    outcome: 'ok' | 'threw' | 'none',
    slot = this.random.whole(0, 1),
  ): number {
    const pid = PIDS[slot]!;
    const which = { job: job.id, runId: run.runId, attempt, pid, slot };
    const { due, after } = run;
    this.add(at, {
      kind: 'start',
      ...which,
      due: due + START,
      queue: job.queue,
      build: 'old',
      ...(after && { after }),
    });
    if (outcome !== 'none') this.add(at + work, { kind: 'end', ...which, outcome });
    return at + work;
  }

  /** A run that goes as it should; answers its id and its end. */
  run(due: number, job: JobPlan, after?: { job: string; runId: string }): { runId: string; end: number } {
    const run = { runId: `run-${++this.#runs}`, due, ...(after && { after }) };
    const slot = this.random.whole(0, 1);
    const end = this.attempt(due + this.random.whole(5, 300), job, run, 1, this.random.whole(10, 150), 'ok', slot);
    this.close(end, job, run.runId, 'COMPLETED', due, { attempt: 1, pid: PIDS[slot]! });
    return { runId: run.runId, end };
  }

  close(
    end: number,
    job: JobPlan,
    runId: string,
    status: string,
    startedAt: number,
    kept?: { attempt: number; pid: number },
    queuedAt?: number,
  ): void {
    this.add(MINUTE, {
      kind: 'run',
      job: job.id,
      workflowId: `${job.id}/${runId}`,
      runId,
      status,
      startedAt: startedAt + START,
      closedAt: end + 3 + START,
      ...(kept && { kept }),
      ...(queuedAt !== undefined && { queuedAt: queuedAt + START }),
    });
  }

  fault(from: number, to: number, name: string, slots?: number[]): void {
    const id = ++this.#faults;
    this.add(from, { kind: 'fault', id, name, phase: 'begin', ...(slots && { slots }) });
    this.add(to, { kind: 'fault', id, name, phase: 'end' });
  }

  pid(slot: number): number {
    return PIDS[slot]!;
  }

  newRun(): string {
    return `run-${++this.#runs}`;
  }

  over(): Line[] {
    this.add(MINUTE - 1, { kind: 'calm' });
    this.add(MINUTE + 1, { kind: 'over' });
    return this.lines.toSorted((a, b) => a.mono - b.mono);
  }
}
