// node --import tsx test/outage/main.ts [--due 1|100|1000] [--engine v1|v2] [--kills N] [--save FILE] [--judge FILE]
// The server is killed with -9 and is away for so many due times; docs/outages.md has what this prints.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killsAfterAnswers } from './kills.ts';
import { outage, type Engine, type Facts } from './outage.ts';
import { HEADER, judge } from './rules.ts';

const { values } = parseArgs({
  options: {
    due: { type: 'string' },
    engine: { type: 'string' },
    kills: { type: 'string', default: '1' },
    save: { type: 'string' },
    judge: { type: 'string' },
  },
});
const engines: readonly Engine[] = values.engine === undefined ? ['v1', 'v2'] : [values.engine === 'v2' ? 'v2' : 'v1'];

let passed = 0;
let failed = 0;
const folder = mkdtempSync(join(tmpdir(), 'outage-'));
try {
  if (values.judge !== undefined) report(JSON.parse(readFileSync(values.judge, 'utf8')) as Facts);
  else for (const engine of engines) await run(engine);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function run(engine: Engine): Promise<void> {
  for (const due of values.due === undefined ? [1, 15] : [Number(values.due)]) {
    const facts = await outage(folder, engine, due, Number(values.kills));
    if (values.save !== undefined) writeFileSync(values.save, JSON.stringify(facts));
    report(facts);
  }
  if (values.due !== undefined) return;
  for (const { name, problem } of await killsAfterAnswers(folder, engine))
    count(name, problem === undefined ? [] : [problem]);
}

function report(facts: Facts): void {
  console.log(`\n${facts.engine}: ${facts.due} due times while the server was away\n\n${HEADER}`);
  for (const job of facts.jobs) {
    const { row, complaints } = judge(facts, job);
    count(row, complaints);
  }
}

function count(line: string, complaints: readonly string[]): void {
  console.log(line);
  for (const complaint of complaints) console.log(`  WRONG: ${complaint}`);
  if (complaints.length === 0) passed += 1;
  else failed += 1;
}
