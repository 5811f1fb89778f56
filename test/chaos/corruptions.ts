// Ways in which a record can tell of a promise that was not kept, and the rule that must find each.
import assert from 'node:assert/strict';
import { ofKind } from './history.ts';
import { plan } from './jobs.ts';
import type { Line } from './line.ts';
import { START, type RecordMaker } from './record-maker.ts';
import { LATE_AFTER } from './settings.ts';

type Corruption = (lines: Line[], maker: RecordMaker) => Line[];

const runIdOf = (lines: readonly Line[], job: string, number = 0): string => {
  const runs = [
    ...new Set(
      ofKind(lines, 'start')
        .filter((line) => line.job === job)
        .map(({ runId }) => runId),
    ),
  ];
  return runs[number] ?? assert.fail(`no run ${number} of ${job}`);
};
const isOf = (line: Line, runId: string) => 'runId' in line && line.runId === runId;
const without = (lines: readonly Line[], runId: string) => lines.filter((line) => !isOf(line, runId));

/** Moves all that a run did, and the server's word on it. */
function delayed(lines: readonly Line[], runId: string, by: number): Line[] {
  return lines.map((line) => {
    if (!isOf(line, runId) || line.kind === 'return') return line;
    if (line.kind === 'run') return { ...line, closedAt: (line.closedAt ?? 0) + by };
    return { ...line, mono: line.mono + by };
  });
}

/** The same run once more, under another id. */
function doubled(lines: readonly Line[], runId: string): Line[] {
  return [
    ...lines,
    ...lines
      .filter((line) => isOf(line, runId))
      .map((line) => ({ ...line, runId: `${runId}-again`, mono: line.mono + 1 }) as Line),
  ];
}

export const corruptions: Record<string, readonly [string, Corruption]> = {
  'a lost run': ['lost run', (lines) => without(lines, runIdOf(lines, 'every1', 20))],
  'a run that the server never closed': [
    'lost run',
    (lines) => {
      const runId = runIdOf(lines, 'every2', 9);
      return lines.map((line) => (line.kind === 'run' && line.runId === runId ? { ...line, status: 'RUNNING' } : line));
    },
  ],
  'a double run': ['double run', (lines) => doubled(lines, runIdOf(lines, 'every2', 12))],
  'two runs of one trigger': [
    'double run',
    (lines) => doubled(doubled(lines, runIdOf(lines, 'handmade')), `${runIdOf(lines, 'handmade')}-again`),
  ],
  'a result of no attempt': [
    'commit without work',
    (lines) =>
      lines.map((line) =>
        line.kind === 'run' && line.job === 'once-3' ? { ...line, kept: { attempt: 7, pid: 100 } } : line,
      ),
  ],
  'a run late by a second too many': [
    'late',
    (lines) => {
      const calm = lines.filter((line) => line.kind !== 'fault');
      const runId = runIdOf(calm, 'cron', 4);
      const start = ofKind(calm, 'start').find((line) => line.runId === runId)!;
      const end = ofKind(calm, 'end').find((line) => line.runId === runId)!;
      return delayed(calm, runId, LATE_AFTER + 1_000 - (end.mono + START - start.due));
    },
  ],
  'a run before its time': ['early', (lines) => delayed(lines, runIdOf(lines, 'every1', 10), -500)],
  'a run for no due time': [
    'unexpected run',
    (lines) => {
      const runId = runIdOf(lines, 'every2', 5);
      return lines.map((line) =>
        line.kind === 'start' && line.runId === runId ? { ...line, due: line.due - 700 } : line,
      );
    },
  ],
  'a start while its queue was paused': [
    'run while paused',
    (lines, maker) => {
      maker.attempt(
        12_500,
        plan({ id: 'held', queue: 'held', when: { kind: 'never' } }),
        { runId: runIdOf(lines, 'held', 1), due: 5_000 },
        2,
        20,
        'ok',
      );
      return [...lines, ...ofKind(maker.lines, 'start'), ...ofKind(maker.lines, 'end')];
    },
  ],
  'a due time run while its job was paused': [
    'run while paused',
    (lines, maker) => {
      const job = plan({ id: 'switched', when: { kind: 'never' } });
      maker.attempt(13_050, job, { runId: 'run-x', due: 13_000 }, 1, 20, 'ok');
      return [...lines, ...ofKind(maker.lines, 'start'), ...ofKind(maker.lines, 'end')];
    },
  ],
  'a run after its cancel': [
    'run after cancel',
    (lines, maker) => {
      const job = plan({ id: 'cancelled-before', when: { kind: 'never' } });
      maker.attempt(15_010, job, { runId: 'run-x', due: 15_000 }, 1, 20, 'ok');
      return [...lines, ...ofKind(maker.lines, 'start'), ...ofKind(maker.lines, 'end')];
    },
  ],
  'a cancel without effect': [
    'cancel without effect',
    (lines) =>
      lines.map((line) =>
        line.kind === 'seen' && line.job === 'cancelled-before' ? { ...line, state: 'scheduled' } : line,
      ),
  ],
  'two live attempts': ['two live attempts', (lines) => lines.filter((line) => line.kind !== 'fault')],
  'an attempt made twice': [
    'attempt twice',
    (lines) => [
      ...lines,
      ...ofKind(lines, 'start')
        .filter(({ job, attempt }) => job === 'flaky' && attempt === 2)
        .map((line) => ({ ...line, mono: line.mono + 100, pid: 999 })),
    ],
  ],
  'more attempts than allowed': [
    'too many attempts',
    (lines) =>
      lines.map((line) =>
        line.kind === 'job' && line.plan.id === 'flaky'
          ? { ...line, plan: { ...line.plan, retries: { ...line.plan.retries, maximumAttempts: 3 } } }
          : line,
      ),
  ],
  'a back-off cut short': [
    'back-off',
    (lines) => {
      const of = (kind: 'start' | 'end', attempt: number) =>
        ofKind(lines, kind).find((line) => line.job === 'flaky' && line.attempt === attempt)!.mono;
      const early = of('start', 3) - of('end', 2) - 500;
      return lines.map((line) =>
        'attempt' in line && line.job === 'flaky' && line.attempt >= 3 ? { ...line, mono: line.mono - early } : line,
      );
    },
  ],
  'the limit exceeded': [
    'limit exceeded',
    (lines, maker) => {
      const { queue, id } = plan({ id: 'every1', when: { kind: 'never' } });
      for (let number = 0; number < 7; number++)
        maker.add(30_000 + number, {
          kind: 'start',
          job: id,
          runId: `run-x${number}`,
          attempt: 1,
          pid: 100,
          slot: 0,
          due: START + 30_000,
          queue,
          build: 'old',
        });
      return [...lines, ...ofKind(maker.lines, 'start')];
    },
  ],
  'the less urgent first': [
    'priority order',
    (lines) =>
      lines.map((line) => ('attempt' in line && line.job === 'burst-4' ? { ...line, mono: line.mono - 600 } : line)),
  ],
  'a child before its parent': [
    'child before parent',
    (lines) => {
      const { after } = ofKind(lines, 'start').find(({ job }) => job === 'early-second')!;
      const end = ofKind(lines, 'end').find(({ runId }) => runId === after?.runId)!;
      const start = ofKind(lines, 'start').find(({ job }) => job === 'early-second')!;
      return delayed(lines, start.runId, end.mono + 100 - start.mono);
    },
  ],
  'a child twice': ['child twice', (lines) => doubled(lines, runIdOf(lines, 'parent-child', 3))],
  'a child that never came': ['child lost', (lines) => without(lines, runIdOf(lines, 'parent-child', 4))],
  'a child of nobody': [
    'child without parent',
    (lines) =>
      lines.map((line) =>
        line.kind === 'start' && line.job === 'late-second'
          ? { ...line, after: { job: 'late-first', runId: 'nobody' } }
          : line,
      ),
  ],
  'a resume without effect': [
    'resume without effect',
    (lines, maker) => {
      for (const at of [35_000, 45_000]) maker.seen(at, 'held', 'paused');
      return [...lines, ...ofKind(maker.lines, 'seen')];
    },
  ],
  'a terminal state left': [
    'terminal state left',
    (lines, maker) => {
      maker.seen(58_500, 'once-2', 'running');
      return [...lines, ...ofKind(maker.lines, 'seen')];
    },
  ],
  'a state that went back': [
    'state went back',
    (lines, maker) => {
      maker.seen(6_600, 'flaky', 'scheduled');
      return [...lines, ...ofKind(maker.lines, 'seen')];
    },
  ],
  'an acknowledged job lost': [
    'acknowledged job lost',
    (lines, maker) => {
      const runId = runIdOf(lines, 'once-5');
      maker.seen(59_000, 'once-5', 'not found');
      return [
        ...lines.filter((line) => !isOf(line, runId) && !(line.kind === 'seen' && line.job === 'once-5')),
        ...ofKind(maker.lines, 'seen'),
      ];
    },
  ],
  'an endless gap': [
    'endless gap',
    (lines) => {
      const last = new Set([14, 15, 16, 17].map((number) => runIdOf(lines, 'one', number - 3)));
      return lines
        .filter((line) => line.kind !== 'fault' && !('runId' in line && last.has(line.runId ?? '')))
        .map((line) =>
          line.kind === 'seen' && line.job === 'one' ? { ...line, skipped: { overlap: 7, missed: 0 } } : line,
        );
    },
  ],
  'a gap that nobody counts': ['gap unexplained', (lines) => without(lines, runIdOf(lines, 'one', 4))],
  'an unknown operation applied by half': [
    'half-applied',
    (lines) =>
      lines.map((line) =>
        line.kind === 'seen' && line.job === 'unknown-all' ? { ...line, state: 'not found' } : line,
      ),
  ],
  'a refused job that ran': [
    'refused job ran',
    (lines, maker) => {
      maker.attempt(
        5_010,
        plan({ id: 'refused', when: { kind: 'never' } }),
        { runId: 'run-x', due: 5_000 },
        1,
        20,
        'ok',
      );
      return [...lines, ...ofKind(maker.lines, 'start'), ...ofKind(maker.lines, 'end')];
    },
  ],
  'what must be refused accepted': [
    'accepted what must be refused',
    (lines) => {
      const { op } = ofKind(lines, 'invoke').find(({ job }) => job === 'refused')!;
      return lines.map((line) => (line.kind === 'return' && line.op === op ? { ...line, outcome: 'ok' } : line));
    },
  ],
  'no recovery after the last fault': ['not recovered', (lines) => delayed(lines, runIdOf(lines, 'killed'), 55_000)],
};
