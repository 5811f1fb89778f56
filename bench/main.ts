// Ours against raw calls of the SDK, on one server, pair by pair: `npm run bench [-- --only schedule,run] [--quick]`.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Bench, Group } from './group.ts';
import { chain } from './chain.ts';
import { lateness } from './lateness.ts';
import { QUIET, machine, quietMoment } from './machine.ts';
import { compare, type Comparison, type Figure } from './pairs.ts';
import { pause } from './pause.ts';
import { Progress } from './progress.ts';
import { read } from './read.ts';
import { table } from './report.ts';
import { run } from './run.ts';
import { schedule } from './schedule.ts';
import { quiet, startServer, startSides } from './sides.ts';
import { startup } from './startup.ts';

const RESULTS = new URL('./results.json', import.meta.url);
/** Those that share a server: what one leaves behind on it is not to be in the way of another. */
const SERVERS: readonly (readonly Group[])[] = [[run, chain], [lateness], [schedule], [read, pause], [startup]];

const { values } = parseArgs({ options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } } });
const words = values.only?.split(/[\s,]+/).filter(Boolean) ?? [];
const isWanted = ({ name }: Group) => words.length === 0 || words.some((word) => name.includes(word));
const servers = SERVERS.map((groups) => groups.filter(isWanted)).filter((groups) => groups.length > 0);
if (servers.length === 0) {
  const names = SERVERS.flat().map(({ name }) => name);
  console.error(`--only: expected some of ${names.join(', ')}, got ${values.only}`);
  process.exit(2);
}

quiet();
const facts = machine();
const figures: Figure[] = [];
const progress = new Progress(servers.flat().length);
const began = performance.now();
for (const groups of servers) await measure(groups);
progress.stop();
const seconds = Math.round((performance.now() - began) / 1_000);
console.log(`${table(figures)}\n\n${facts.processors}, ${facts.temporalCli}, Node.js ${facts.node}; ${seconds} s`);
writeFileSync(RESULTS, `${JSON.stringify({ machine: facts, seconds, quick: values.quick, figures }, undefined, 2)}\n`);

async function measure(groups: readonly Group[]): Promise<void> {
  const server = await startServer();
  const sides = await startSides(server.address);
  const bench: Bench = { sides, isQuick: values.quick, add, compare: compareAndNote };
  try {
    for (const group of groups) {
      progress.next(group.name);
      await group.measure(bench).catch((error: unknown) => {
        add({ name: `${group.name}: not measured`, unit: '', ours: NaN, note: String(error).slice(0, 200) });
        process.exitCode = 1;
      });
    }
  } finally {
    await sides[Symbol.asyncDispose]();
    await server.stop();
  }
}

async function compareAndNote(comparison: Comparison): Promise<void> {
  const busy = await quietMoment();
  for (const figure of await compare(comparison)) {
    const notes = [figure.note, busy > QUIET && `machine ${Math.round(busy * 100)} % busy before`].filter(Boolean);
    add({ ...figure, ...(notes.length > 0 && { note: notes.join('; ') }) });
  }
}

function add(figure: Figure): void {
  figures.push(figure);
  progress.clear();
  if (process.env['BENCH_VERBOSE']) console.error(JSON.stringify(figure));
}
