import type { OverlapPolicy } from '../../src/index.ts';
import { REPLACES, type Facts, type JobFacts } from './outage.ts';

/** What became of one job's due times, and what is not as docs/outages.md says. */
export interface Verdict {
  readonly row: string;
  readonly complaints: readonly string[];
}

const WINDOW = 10_000;
// The server works for some time before its script says that it is ready.
const READY_BEFORE = 3_000;

export const HEADER = [
  '| overlap | window | run open | runs | which | skipped.overlap | skipped.missed | not counted | over after |',
  '| --- | --- | --- | --: | --- | --: | --: | --: | --: |',
].join('\n');

/** The due times that have a run, of those from `first` to `last` that come to a schedule at once. */
const RUNS: Record<OverlapPolicy, (first: number, last: number, isOpen: boolean) => number[]> = {
  skip: (first, _, isOpen) => (isOpen ? [] : [first]),
  bufferOne: (first, last, isOpen) => (isOpen || first === last ? [first] : [first, first + 1]),
  bufferAll: (first, last) => all(first, last),
  allowAll: (first, last) => all(first, last),
  // The server keeps the newest, and does not count those in whose place it came.
  cancelOther: (_, last) => [last],
  terminateOther: (_, last) => [last],
};

/** Compares what became of a job's due times with the rules of docs/outages.md. Due times are numbered, the first of the outage is 1. */
export function judge(facts: Facts, job: JobFacts): Verdict {
  const { due, firstDue, backAt, engine } = facts;
  const numberOf = ({ scheduledAt }: { readonly scheduledAt: number }) => (scheduledAt - firstDue) / 1_000;
  const runs = job.runs.map((run) => ({ ...run, number: numberOf(run) })).toSorted((a, b) => a.number - b.number);
  const inOutage = runs.filter(({ number }) => number > 0);
  const { overlap, missed } = job.skipped;
  const uncounted = due - inOutage.length - overlap - missed;
  const before = runs.find(({ number }) => number === 0);
  const complaints: string[] = [];
  const expect = (isSo: boolean, complaint: string) => void (isSo || complaints.push(complaint));

  expect(new Set(runs.map(({ number }) => number)).size === runs.length, 'a due time has two runs');
  expect(
    job.calls.every(({ runId }) => runs.some((run) => run.runId === runId)),
    'the handler was called for a run that the server does not know',
  );
  for (const { number, runId, state, error = '' } of runs) {
    const isStopped = REPLACES.includes(job.overlap) && ['CANCELLED', 'TERMINATED'].includes(state);
    const isHandled = job.calls.some((call) => call.runId === runId && numberOf(call) === number);
    expect(
      isStopped || (state === 'COMPLETED' && isHandled),
      `run ${number} is ${state}, ${isHandled ? '' : 'not '}handled ${error}`,
    );
  }

  if (job.window === '1h') expect(missed === 0, `${missed} missed within the window`);
  else {
    const surelyMissed = all(1, due).filter(
      (number) => firstDue + number * 1_000 < backAt - READY_BEFORE - WINDOW,
    ).length;
    expect(missed >= surelyMissed, `expected at least ${surelyMissed} missed`);
  }
  // An open run that ends while the server starts may be over when its schedule looks.
  const mayBeOpen = before !== undefined && !(before.endedAt !== undefined && before.endedAt < backAt - READY_BEFORE);
  const mayBeClosed = !job.open;
  // V1 counts one as missed that has its run, if the server died between the run's start and the note of it.
  const edges = job.window === '10s' ? [0, -1] : [0];
  // V2 looks at the window again when the turn of a due time has come that had to wait for another run.
  const mayExpire = engine === 'v2' && job.window === '10s';
  const numbers = inOutage.map(({ number }) => number);
  // The newest are those that find the buffer full.
  const last = due - job.dropped;
  const isExpected = (isOpen: boolean, edge: number): boolean => {
    const expected = RUNS[job.overlap](missed + 1 + edge, last, isOpen);
    return missed + edge < due ? String(expected) === String(numbers) : numbers.length === 0;
  };
  const isCutShort = (isOpen: boolean): boolean => {
    const [first] = numbers;
    if (first === undefined) return isOpen;
    const expected = RUNS[job.overlap](first, last, isOpen).slice(0, numbers.length);
    return first <= missed + 1 && String(expected) === String(numbers);
  };
  const isOpenOrNot = [...(mayBeOpen ? [true] : []), ...(mayBeClosed ? [false] : [])];
  const isRight =
    facts.kills > 1 ||
    isOpenOrNot.some((isOpen) => edges.some((edge) => isExpected(isOpen, edge)) || (mayExpire && isCutShort(isOpen)));
  expect(isRight, 'not the runs that the rules say');
  if (!REPLACES.includes(job.overlap)) {
    const { stuck } = job;
    const isCounted = uncounted === stuck || edges.some((edge) => edge < 0 && uncounted === stuck + edge);
    expect(isCounted, `${uncounted} not counted; the server says that it keeps ${stuck}`);
  }
  const startedAt = (runId: string) => job.calls.find((call) => call.runId === runId)?.at ?? Infinity;
  const isInOrder = inOutage.every(
    ({ runId }, index) => index === 0 || startedAt(inOutage[index - 1]!.runId) <= startedAt(runId),
  );
  if (job.overlap === 'bufferAll') expect(isInOrder, 'out of order');

  const endedAt = Math.max(...inOutage.map((run) => run.endedAt ?? Infinity));
  const cells = [
    job.overlap,
    job.window,
    job.open ? 'yes' : mayBeOpen ? 'as it happened' : 'no',
    inOutage.length,
    which(numbers, due) + (numbers.length > 2 ? (isInOrder ? ', in order' : ', in any order') : ''),
    overlap,
    missed,
    uncounted,
    inOutage.length === 0 ? '-' : `${((endedAt - backAt) / 1_000).toFixed(1)} s`,
  ];
  return { row: `| ${cells.join(' | ')} |`, complaints };
}

function which(numbers: readonly number[], due: number): string {
  if (numbers.length === 0) return 'none';
  if (numbers.length === due) return 'all';
  const [first = 0] = numbers;
  const last = numbers.at(-1) ?? 0;
  const isRow = last - first + 1 === numbers.length;
  if (!isRow) return numbers.length > 6 ? `${numbers.length} of ${first} to ${last}` : numbers.join(', ');
  return first === last ? `${first}` : `${first} to ${last}`;
}

function all(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}
