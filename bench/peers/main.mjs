// @ts-check
// This library beside others, on this machine: npm run bench:peers [-- --quick] [--only speed|loss] [--systems a,b]
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { stderr } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { facts } from './facts.mjs';
import { faults } from './loss/faults.mjs';
import { FULL, QUICK, underFault } from './loss/run.mjs';
import { intoReadme, readme } from './readme.mjs';
import { lossTable, speedTable } from './report.mjs';
import { speed } from './speed/speed.mjs';
import { postgresPrograms } from './stores/postgres.mjs';
import { systems } from './systems/index.mjs';

const RESULTS = fileURLToPath(new URL('./results.json', import.meta.url));
const README = fileURLToPath(new URL('./README.md', import.meta.url));
/** The project's own page, which has both tables in short. */
const FRONT = fileURLToPath(new URL('../../README.md', import.meta.url));
const FORMATTER = fileURLToPath(new URL('../../node_modules/.bin/oxfmt', import.meta.url));

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    systems: { type: 'string' },
    faults: { type: 'string' },
  },
});
const names = chosen('systems', values.systems, Object.keys(systems));
const faultNames = chosen(
  'faults',
  values.faults,
  faults.map(({ name }) => name),
);
chosen('only', values.only, ['speed', 'loss']);
if (!has('redis-server')) missing('redis-server is not on the PATH', 'redis-server');
if (postgresPrograms() === undefined) missing('PostgreSQL is not in /usr/lib/postgresql', 'postgresql');

// Servers and workers end with us.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
process.setMaxListeners(100);
/** @type {import('./report.mjs').Results} */
const results = { facts: facts(), quick: values.quick, note: undefined, speed: undefined, loss: undefined };
if (values.only !== 'loss') {
  const began = performance.now();
  const [before = 0] = loadavg();
  const size = values.quick ? { rounds: 2, spell: 500, instants: 3 } : { rounds: 5, spell: 1_500, instants: 10 };
  const figures = await speed(names, size, progress);
  results.speed = {
    measuredAt: results.facts.measuredAt,
    load: { before, after: loadavg()[0] ?? 0 },
    seconds: Math.round((performance.now() - began) / 1_000),
    figures,
  };
  say(`\n${speedTable(figures)}\n`);
}
if (values.only !== 'speed') {
  const began = performance.now();
  const [before = 0] = loadavg();
  const size = values.quick ? QUICK : FULL;
  const rows = await lossRows(size);
  results.loss = {
    measuredAt: results.facts.measuredAt,
    load: { before, after: loadavg()[0] ?? 0 },
    seconds: Math.round((performance.now() - began) / 1_000),
    size,
    rows,
  };
  say(`\n${lossTable(rows)}\n`);
}
keep();
process.exit(0);

/** @param {import('./loss/run.mjs').Size} size */
async function lossRows(size) {
  /** @type {import('./loss/run.mjs').Row[]} */
  const rows = [];
  // One after the other: two at once are too much for two cores, and what is late then is late of that.
  for (const fault of faults.filter(({ name }) => faultNames.includes(name))) {
    progress(`${fault.title}: begun`);
    try {
      rows.push(...(await underFault(fault, names, size)));
    } catch (error) {
      console.error(`${fault.name}: not measured:`, error);
      process.exitCode = 1;
    }
    progress(`${fault.title}: done`);
  }
  return rows;
}

/** What was not measured this time stays from the last time. A look, or some of the systems, changes no page. */
function keep() {
  if (values.systems || values.quick) return;
  const before = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
  const all = { ...results, speed: results.speed ?? before.speed, loss: results.loss ?? before.loss };
  if (results.loss && values.faults) {
    /** @type {import('./loss/run.mjs').Row[]} */
    const others = before.loss?.rows ?? [];
    all.loss = {
      ...results.loss,
      rows: [...others.filter(({ fault }) => !faultNames.includes(fault)), ...results.loss.rows],
    };
  }
  if (!results.speed || !results.loss || values.faults) all.note = 'Not all of this was measured in one run.';
  writeFileSync(RESULTS, `${JSON.stringify(all, undefined, 2)}\n`);
  if (all.speed && all.loss) {
    writeFileSync(README, readme(all));
    writeFileSync(FRONT, intoReadme(readFileSync(FRONT, 'utf8'), all));
  }
  const files = [RESULTS, README, FRONT].filter((file) => existsSync(file));
  if (existsSync(FORMATTER)) execFileSync(FORMATTER, files, { stdio: 'ignore' });
}

/** @param {string} option @param {string | undefined} given @param {readonly string[]} known */
function chosen(option, given, known) {
  const words = given?.split(',') ?? known;
  const unknown = words.find((word) => !known.includes(word));
  if (unknown === undefined) return words;
  console.error(`--${option}: expected some of ${known.join(',')}, got ${unknown}`);
  process.exit(2);
}

/** @param {string} program */
function has(program) {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** @param {string} what @param {string} name */
function missing(what, name) {
  console.error(`bench:peers: ${what}. On Debian and Ubuntu: apt-get install ${name}`);
  process.exit(2);
}

/** @param {string} what */
function progress(what) {
  const line = `${new Date().toISOString().slice(11, 19)}  ${what}`;
  stderr.write(stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
}

/** @param {string} text */
function say(text) {
  if (stderr.isTTY) stderr.write('\r\u001b[K');
  console.log(text);
}
