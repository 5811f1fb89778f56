// The record, put together: what the rules look at. Times are milliseconds since 1970 by the monotonic clock.
import type { JobPlan, Line, LineOf, QueueName } from './line.ts';

/** What a handler does to its process; the fault that had it scheduled is counted apart. */
export const MISDEED = 'misdeed';

export interface Attempt {
  readonly job: string;
  readonly runId: string;
  readonly attempt: number;
  readonly due: number;
  readonly queue: QueueName;
  readonly pid: number;
  readonly slot: number;
  readonly build: string;
  readonly after?: { readonly job: string; readonly runId: string };
  readonly startedAt: number;
  readonly outcome?: 'ok' | 'threw' | 'aborted';
  /** When it ended, or its process did; Infinity if it lived to the end. */
  readonly liveUntil: number;
}

export interface Call {
  readonly call: LineOf<'invoke'>['call'];
  readonly job?: string;
  readonly queue?: QueueName;
  readonly invokedAt: number;
  /** Infinity if it was never answered. */
  readonly returnedAt: number;
  readonly outcome: 'ok' | 'failed' | 'unknown';
  readonly runId?: string;
}

/** A time in which something was wrong, and with which workers; with all if `slots` is left out. */
export interface Disturbance {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly slots?: readonly number[];
}

export interface Seen extends Omit<LineOf<'seen'>, 'kind' | 'wall' | 'mono' | 'asked'> {
  readonly askedAt: number;
  readonly answeredAt: number;
}

export type Run = Omit<LineOf<'run'>, 'kind' | 'wall' | 'mono'>;

export interface History {
  readonly begin: LineOf<'begin'>;
  readonly plans: ReadonlyMap<string, JobPlan>;
  readonly attempts: readonly Attempt[];
  readonly calls: readonly Call[];
  /** Faults and stalls. */
  readonly disturbances: readonly Disturbance[];
  readonly seen: ReadonlyMap<string, readonly Seen[]>;
  readonly runs: readonly Run[];
  readonly overAt: number;
}

/** Of all processes, in the order of the machine's clock. */
export function toHistory(lines: readonly Line[]): History {
  const begin = ofKind(lines, 'begin')[0];
  if (!begin) throw new Error('the record has no beginning');
  const at = ({ mono }: { readonly mono: number }) => mono + begin.epoch;
  const ordered = lines.toSorted((a, b) => a.mono - b.mono);
  const over = ofKind(ordered, 'over')[0] ?? ordered.at(-1) ?? begin;
  const plans = new Map(ofKind(ordered, 'job').map(({ plan }) => [plan.id, plan]));
  const attempts = attemptsOf(ordered, at);
  return {
    begin,
    plans,
    attempts,
    calls: callsOf(ordered, at),
    disturbances: [...disturbancesOf(ordered, at, at(over)), ...misdeeds(attempts, plans, at(over))].toSorted(
      (a, b) => a.from - b.from,
    ),
    seen: groupBy(
      ofKind(ordered, 'seen').map((line) => ({ ...line, askedAt: line.asked + begin.epoch, answeredAt: at(line) })),
      ({ job }) => job,
    ),
    runs: ofKind(ordered, 'run'),
    overAt: at(over),
  };
}

type Clock = (line: { readonly mono: number }) => number;

function attemptsOf(lines: readonly Line[], at: Clock): Attempt[] {
  const key = ({ runId, attempt, pid }: { runId: string; attempt: number; pid: number }) =>
    `${runId} ${attempt} ${pid}`;
  const ends = new Map(ofKind(lines, 'end').map((line) => [key(line), line]));
  const gone = new Map(
    ofKind(lines, 'process')
      .filter(({ phase }) => phase === 'gone')
      .map((line) => [line.pid, at(line)]),
  );
  return ofKind(lines, 'start').map((start) => {
    const { kind: _, wall: _wall, mono: _mono, ...what } = start;
    const end = ends.get(key(start));
    return {
      ...what,
      startedAt: at(start),
      ...(end && { outcome: end.outcome }),
      liveUntil: end ? at(end) : (gone.get(start.pid) ?? Infinity),
    };
  });
}

function callsOf(lines: readonly Line[], at: Clock): Call[] {
  const returns = new Map(ofKind(lines, 'return').map((line) => [line.op, line]));
  return ofKind(lines, 'invoke').map((invoke) => {
    const { call, job, queue, op } = invoke;
    const answer = returns.get(op);
    return {
      call,
      ...(job !== undefined && { job }),
      ...(queue !== undefined && { queue }),
      invokedAt: at(invoke),
      returnedAt: answer ? at(answer) : Infinity,
      outcome: answer?.outcome ?? 'unknown',
      ...(answer?.runId !== undefined && { runId: answer.runId }),
    };
  });
}

function disturbancesOf(lines: readonly Line[], at: Clock, overAt: number): Disturbance[] {
  const faults = ofKind(lines, 'fault');
  const ended = new Map(faults.filter(({ phase }) => phase === 'end').map((line) => [line.id, at(line)]));
  const ofFaults = faults
    .filter(({ phase }) => phase === 'begin')
    .map((line) => ({
      name: line.name,
      from: at(line),
      to: ended.get(line.id) ?? overAt,
      ...(line.slots && { slots: line.slots }),
    }));
  const ofStalls = ofKind(lines, 'stall').map((line) => {
    const [from, to] = [at(line) - line.lasted, at(line)];
    const isMeant = ofFaults.some((fault) => fault.slots?.includes(line.slot) && fault.from < to && fault.to > from);
    // Where no fault did it the machine is too busy, and the server waits for its turn as well.
    return { name: 'stall', from, to, ...(isMeant && { slots: [line.slot] }) };
  });
  return [...ofFaults, ...ofStalls];
}

/** A handler that blocks, or hoards memory, or exits stops its whole process, from its start on. */
function misdeeds(attempts: readonly Attempt[], plans: History['plans'], overAt: number): Disturbance[] {
  return attempts
    .filter(({ job, attempt }) => attempt === 1 && plans.get(job)?.strikesProcess)
    .map(({ startedAt, liveUntil, slot }) => ({
      name: MISDEED,
      from: startedAt,
      to: Math.min(liveUntil, overAt),
      slots: [slot],
    }));
}

export function ofKind<Kind extends Line['kind']>(lines: readonly Line[], kind: Kind): LineOf<Kind>[] {
  return lines.filter((line): line is LineOf<Kind> => line.kind === kind);
}

export function groupBy<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
