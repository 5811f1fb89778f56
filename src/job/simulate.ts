import { checkDate, checkKeys } from './check.ts';
import { parseDuration, type Duration } from './duration.ts';
import { InvalidArgumentError } from './errors.ts';
import { dueTimes } from './evaluate-spec.ts';
import type { OverlapPolicy } from './job.ts';
import { nextRunTimes } from './next-run-times.ts';
import { parseJobOptions } from './parse-job.ts';
import { parseSchedule } from './parse-schedule.ts';
import type { Schedule } from './schedule.ts';
import { show } from './show.ts';
import { toScheduleSpec } from './to-schedule-spec.ts';

/** Every minute of a year, and some. */
const MOST = 600_000;
const TEN_YEARS = 10 * 365 * 86_400_000;

export interface SimulateOptions {
  /** When the job is created, so that an interval and `{ in }` count from it. A due time at this instant is included. */
  readonly from: Date;
  /** The last instant looked at, included. */
  readonly to: Date;
  /** How long a run takes: the same for all, or by its due time. @default 0 */
  readonly runDuration?: Duration | ((dueAt: Date) => Duration);
  /** What becomes of a due time that comes while a run is open. @default 'bufferOne' */
  readonly overlap?: OverlapPolicy;
}

/** A due time, and what became of it. */
export interface SimulatedRun {
  readonly dueAt: Date;
  /** When its run starts: later than it is due if it has to wait. None if it is skipped. */
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  /** `skipped` for an open run; `stopped` by `cancelOther` or `terminateOther`, when the next one was due. */
  readonly outcome: 'completed' | 'stopped' | 'skipped';
}

/**
 * Every due time of a schedule in a range, and what its overlap policy makes of it, without waiting for any: as the server
 * will have it, clock changes included, while it and a worker are there all the time. Pure. Jitter is left out, a run starts
 * at the instant at which it may, and one that ends at the very instant of a due time is over by then. With `maxRuns` the
 * last one that is told is the last run.
 * @throws InvalidScheduleError for an afterJob schedule, which has no times of its own, and for a value that is no
 *   schedule; InvalidArgumentError for the options, and for a range with more than 600,000 due times; InvalidJobError
 *   for an overlap policy that there is not
 */
export function simulate(schedule: Schedule, options: SimulateOptions): SimulatedRun[] {
  checkKeys('simulate', options, ['from', 'to', 'runDuration', 'overlap']);
  const from = checkDate('from', options.from);
  const to = checkDate('to', options.to);
  if (from > to) {
    throw new InvalidArgumentError(`simulate: expected \`from\` before \`to\`, got ${show(from)} and ${show(to)}`);
  }
  const { overlap = 'bufferOne', runDuration = 0 } = options;
  parseJobOptions({ overlap });
  const { maxRuns = Infinity, times } = timesOf(parseSchedule(schedule), from);
  const clock = new Runs(overlap, (dueAt) => toMilliseconds(runDuration, dueAt));
  for (const due of times) {
    if (due > to.getTime()) break;
    clock.goTo(due);
    if (clock.begun >= maxRuns) break;
    clock.due(due);
    if (clock.all.length <= MOST) continue;
    throw new InvalidArgumentError(`simulate: expected a range with at most ${MOST} due times, got more`);
  }
  clock.goTo(Infinity);
  return clock.all;
}

function timesOf(schedule: Schedule, from: Date): { times: Iterable<number>; maxRuns?: number } {
  if (schedule.kind === 'once' || schedule.kind === 'afterJob') {
    return { times: nextRunTimes(schedule, { from, count: 1 }).map((time) => time.getTime()) };
  }
  const spec = toScheduleSpec(schedule, { createdAt: from });
  const { maxRuns } = schedule;
  return { times: dueTimes(spec, from.getTime() - 1), ...(maxRuns !== undefined && { maxRuns }) };
}

function toMilliseconds(runDuration: unknown, dueAt: Date): number {
  const duration: unknown = typeof runDuration === 'function' ? runDuration(dueAt) : runDuration;
  const milliseconds = parseDuration(duration);
  if (milliseconds !== undefined && milliseconds <= TEN_YEARS) return milliseconds;
  throw new InvalidArgumentError(
    `runDuration: expected a duration of at most ten years, such as 90000 or "90s", got ${show(duration)}`,
  );
}

type MutableRun = { -readonly [Field in keyof SimulatedRun]: SimulatedRun[Field] };

/** The runs of one job: one open at most, unless all are allowed, and those that wait for its end. */
class Runs {
  readonly all: MutableRun[] = [];
  readonly #overlap: OverlapPolicy;
  readonly #durationOf: (dueAt: Date) => number;
  readonly #waiting: MutableRun[] = [];
  #open: { readonly run: MutableRun; readonly end: number } | undefined;
  #started = 0;

  constructor(overlap: OverlapPolicy, durationOf: (dueAt: Date) => number) {
    this.#overlap = overlap;
    this.#durationOf = durationOf;
  }

  /** How many runs there are that have started, or will. */
  get begun(): number {
    return this.#started + this.#waiting.length;
  }

  /** Lets time pass: what is over by then makes room for what waits. */
  goTo(now: number): void {
    while (this.#open && this.#open.end <= now) {
      const { end } = this.#open;
      this.#open = undefined;
      const next = this.#waiting.shift();
      if (next) this.#start(next, end);
    }
  }

  due(now: number): void {
    const run: MutableRun = { dueAt: new Date(now), outcome: 'completed' };
    this.all.push(run);
    if (!this.#open || this.#overlap === 'allowAll') return this.#start(run, now);
    switch (this.#overlap) {
      case 'skip':
        run.outcome = 'skipped';
        return;
      case 'bufferOne':
        if (this.#waiting.length > 0) run.outcome = 'skipped';
        else this.#waiting.push(run);
        return;
      case 'bufferAll':
        this.#waiting.push(run);
        return;
      case 'cancelOther':
      case 'terminateOther':
        this.#open.run.endedAt = new Date(now);
        this.#open.run.outcome = 'stopped';
        this.#start(run, now);
    }
  }

  #start(run: MutableRun, now: number): void {
    const end = now + this.#durationOf(run.dueAt);
    run.startedAt = new Date(now);
    run.endedAt = new Date(end);
    this.#open = { run, end };
    this.#started++;
  }
}
