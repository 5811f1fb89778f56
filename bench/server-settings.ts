// What each setting of the development server gives: one change at a time against what temporal-dev.sh sets.
// `node --import tsx bench/server-settings.ts [--only words] [--rounds 3]`
import { spawn, type ChildProcess } from 'node:child_process';
import { once as event } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Connection } from '@temporalio/client';
import { cliPath, machine } from './machine.ts';
import { median } from './pairs.ts';
import { probe, type Probed } from './probe.ts';
import { number } from './report.ts';
import { quiet, until } from './sides.ts';

/** Flags of `temporal server start-dev`; a name that a candidate has again is the candidate's. */
type Settings = Readonly<Record<string, string | undefined>>;

const WAL: Settings = { 'pragma journal_mode': 'WAL', 'pragma synchronous': 'NORMAL' };
const NOW: Settings = {
  ...WAL,
  'history.transferProcessorMaxPollRPS': '2000',
  'history.timerProcessorMaxTimeShift': '"50ms"',
  'matching.numTaskqueueReadPartitions': '1',
  'matching.numTaskqueueWritePartitions': '1',
};

/** One change each. Undefined takes a setting away, so that its worth is seen. */
const CANDIDATES: Readonly<Record<string, Settings>> = {
  'as temporal-dev.sh starts it': {},
  'the CLI alone': Object.fromEntries(Object.keys(NOW).map((name) => [name, undefined])),
  'without WAL': { 'pragma journal_mode': undefined, 'pragma synchronous': undefined },
  'without transferProcessorMaxPollRPS': { 'history.transferProcessorMaxPollRPS': undefined },
  'without timerProcessorMaxTimeShift': { 'history.timerProcessorMaxTimeShift': undefined },
  'timerProcessorMaxTimeShift=10ms': { 'history.timerProcessorMaxTimeShift': '"10ms"' },
  '4 partitions, as the CLI has': {
    'matching.numTaskqueueReadPartitions': undefined,
    'matching.numTaskqueueWritePartitions': undefined,
  },
  'synchronous=OFF': { 'pragma synchronous': 'OFF' },
  'cache_size=64 MB': { 'pragma cache_size': '-65536' },
  'mmap_size=256 MB': { 'pragma mmap_size': '268435456' },
  'temp_store=MEMORY': { 'pragma temp_store': 'MEMORY' },
  'timerProcessorMaxPollRPS=2000': { 'history.timerProcessorMaxPollRPS': '2000' },
  'visibilityProcessorMaxPollRPS=2000': { 'history.visibilityProcessorMaxPollRPS': '2000' },
  'transferProcessorUpdateAckInterval=5s': { 'history.transferProcessorUpdateAckInterval': '"5s"' },
  'memory only': { 'pragma journal_mode': undefined, 'pragma synchronous': undefined, database: 'none' },
};

interface Row extends Probed {
  readonly setting: string;
  /** Of one processor, in per cent, while nothing is to be done. */
  readonly idle: number;
}

const { values } = parseArgs({ options: { only: { type: 'string' }, rounds: { type: 'string', default: '3' } } });
const words = values.only?.split(',') ?? [];
const names = Object.keys(CANDIDATES).filter((name) => words.length === 0 || words.some((word) => name.includes(word)));

quiet();
// Round by round, so that a busy minute does not fall on one setting alone.
const found = new Map<string, Row[]>();
for (let round = 0; round < Number(values.rounds); round++) {
  for (const name of names) {
    const row = await measure(name, { ...NOW, ...CANDIDATES[name] }).catch((error: unknown) => {
      console.error(`${name}: ${String(error)}`);
    });
    if (row) found.set(name, [...(found.get(name) ?? []), row]);
  }
}
const rows = [...found].map(([setting, measured]) => {
  const of = (key: Exclude<keyof Row, 'setting'>) => median(measured.map((row) => row[key]));
  const [idle, late] = [of('idle'), of('late')];
  const times = { onceNow: of('onceNow'), onceNowP99: of('onceNowP99'), late, listed: of('listed') };
  return { setting, ...times, scheduleJob: of('scheduleJob'), runs: of('runs'), idle };
});
console.log(
  '| setting | once-now p50, ms | p99 | 300 ms ahead: late, ms | listed after, ms | scheduleJob, ms | runs/s | idle CPU, % |',
);
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const { setting, ...figures } of rows)
  console.log(`| ${[setting, ...Object.values(figures).map(number)].join(' | ')} |`);
const results = { machine: machine(), rounds: Number(values.rounds), rows };
writeFileSync(new URL('./server-settings.json', import.meta.url), `${JSON.stringify(results, undefined, 2)}\n`);

async function measure(setting: string, settings: Settings): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-job-scheduler-settings-'));
  const port = await freePort();
  const server = start(port, join(folder, 'dev.db'), settings);
  try {
    const address = `127.0.0.1:${port}`;
    await until(() => isReady(address), 100);
    await sleep(2_000);
    const idle = await idleUse(server.pid ?? 0);
    return { setting, ...(await probe(address)), idle };
  } finally {
    server.kill();
    await event(server, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}

function start(port: number, database: string, settings: Settings): ChildProcess {
  const attributes = ['JobId', 'JobType', 'JobKind', 'JobPriority', 'JobQueue'].map((name) => `${name}=Keyword`);
  const flags = [...attributes, 'JobTags=KeywordList'].flatMap((attribute) => ['--search-attribute', attribute]);
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || name === 'database') continue;
    const [, pragma] = /^pragma (.*)/.exec(name) ?? [];
    if (pragma) flags.push('--sqlite-pragma', `${pragma}=${value}`);
    else flags.push('--dynamic-config-value', `${name}=${value}`);
  }
  if (settings['database'] !== 'none') flags.push('--db-filename', database);
  const own = [
    '--disable-config-file',
    '--disable-config-env',
    '--headless',
    '--log-level',
    'never',
    '--port',
    `${port}`,
  ];
  return spawn(cliPath(), ['server', 'start-dev', ...own, ...flags], { stdio: 'ignore' });
}

async function isReady(address: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: 500 });
    try {
      await connection.workflowService.countWorkflowExecutions({ namespace: 'default', query: "JobTags = ''" });
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}

/** Processor time of the server while nobody asks it anything, over three seconds. */
async function idleUse(pid: number): Promise<number> {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  await sleep(3_000);
  return (ticks() - before) / 3;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await event(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
