import type { History } from './history.ts';
import type { Line } from './line.ts';
import { iso } from './rule-coverage.ts';
import type { Violation } from './violation.ts';

const AROUND = 15_000;
const MOST_LINES = 200;

/** What happened to the job of a violation, and to everything at that time, a line each. */
export function timeline(violation: Violation, lines: readonly Line[], { begin }: History): string {
  const at = ({ mono }: { readonly mono: number }) => mono + begin.epoch;
  const time = violation.at;
  const isNear = (line: Line) => time === undefined || Math.abs(at(line) - time) < AROUND;
  const ofJob = (line: Line) => 'job' in line && line.job === violation.job;
  const isPlan = (line: Line) => line.kind === 'job' && line.plan.id === violation.job;
  const isReturn = new Set(
    lines.filter((line) => line.kind === 'invoke' && ofJob(line)).map((line) => (line.kind === 'invoke' ? line.op : 0)),
  );
  const ofCall = (line: Line) => line.kind === 'return' && isReturn.has(line.op);
  const isOfAll = (line: Line) => ['fault', 'process', 'stall', 'calm'].includes(line.kind) && isNear(line);
  const chosen = lines
    .filter(
      (line) =>
        (ofJob(line) && (isNear(line) || line.kind !== 'seen')) || isPlan(line) || ofCall(line) || isOfAll(line),
    )
    .toSorted((a, b) => a.mono - b.mono)
    .filter((line) => isNear(line) || !('job' in line) || line.kind === 'run' || line.kind === 'invoke')
    .slice(0, MOST_LINES);
  const told = chosen.map((line) => {
    const { kind, mono: _, wall: _wall, ...rest } = line;
    return `${iso(at(line))} ${kind.padEnd(8)} ${JSON.stringify(rest)}`;
  });
  const { rule, job = '', message } = violation;
  return [`${rule}: ${job} ${message}`, ...told, ''].join('\n');
}
