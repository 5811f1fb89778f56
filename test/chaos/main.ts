// node --import tsx test/chaos/main.ts --server dev|cluster --minutes M --seed S [--faults a,b] [--engine v1|v2] [--check FOLDER]
// Progress goes to standard error. The last line of standard output is one line of JSON; docs/reliability.md tells what is in it.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { check, type Verdict } from './checker.ts';
import { readJournals } from './journal.ts';
import { ALL_FAULTS } from './lanes.ts';
import { quiet } from './quiet.ts';
import { DevServer } from './server.ts';
import { ClusterServer } from './server-cluster.ts';
import { runSuite } from './suite.ts';
import { timeline } from './timeline.ts';

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'dev' },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    faults: { type: 'string', default: '' },
    engine: { type: 'string', default: 'v1' },
    folder: { type: 'string' },
    check: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const faults = values.faults.split(',').filter(Boolean);
for (const name of faults) {
  if (!ALL_FAULTS.some((fault) => fault.name === name))
    throw new Error(`no fault ${name}; there are ${ALL_FAULTS.map((fault) => fault.name).join(', ')}`);
}
/** Beyond its minutes: starting, settling, reading every run. */
const OVERTIME = 1_200_000 + minutes * 15_000;
const MOST_TIMELINES = 100;

const folder = values.check ?? values.folder ?? mkdtempSync(join(tmpdir(), 'chaos-'));
console.error(`the record is in ${folder}`);
const problem = values.check === undefined ? await run() : undefined;
const checked = check(readJournals(folder));
// A run that was broken off owes nothing.
const verdict: Verdict = problem === undefined ? checked : { ...checked, violations: [] };
report(verdict, problem);
process.exit(verdict.violations.length === 0 && problem === undefined ? 0 : 1);

/** What kept the suite from its end, if something did. */
async function run(): Promise<string | undefined> {
  quiet();
  const server =
    values.server === 'cluster' ? await ClusterServer.start() : await DevServer.start(folder, values.engine);
  const tooLong = new Promise<never>((_, reject) => {
    setTimeout(reject, minutes * 60_000 + OVERTIME, new Error('the suite did not come to its end in time')).unref();
  });
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => reject(new Error(signal)));
  });
  try {
    await Promise.race([
      runSuite({ folder, server, minutes, seed: Number(values.seed), faults }),
      tooLong,
      interrupted,
    ]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    server.thaw();
    await server.stop();
  }
}

function report({ violations, counts, faults: struck, late, history }: Verdict, failure: string | undefined): void {
  const lines = readJournals(folder);
  for (const [index, violation] of violations.slice(0, MOST_TIMELINES).entries()) {
    const { rule, job = '', message } = violation;
    console.error(`VIOLATION ${rule}: ${job} ${message}`);
    writeFileSync(join(folder, `violation-${index + 1}.txt`), timeline(violation, lines, history));
  }
  if (failure !== undefined) console.error(failure);
  const byRule: Record<string, number> = {};
  for (const { rule } of violations) byRule[rule] = (byRule[rule] ?? 0) + 1;
  const { server, seed } = history.begin;
  console.log(
    JSON.stringify({
      server,
      seed,
      minutes: history.begin.minutes,
      dueTimes: counts['dueTimes'],
      chainEnds: counts['chainEnds'],
      faults: struck,
      missed: (counts['missed'] ?? 0) + (counts['missedChildren'] ?? 0),
      duplicated: (counts['duplicated'] ?? 0) + (counts['duplicatedChildren'] ?? 0),
      unexplained: counts['unexplained'],
      late,
      attempts: counts['attempts'],
      orderViolations: (byRule['priority order'] ?? 0) + (byRule['child before parent'] ?? 0),
      violations: byRule,
      counts,
      folder,
      ...(failure !== undefined && { failure: failure.split('\n')[0] }),
    }),
  );
}
