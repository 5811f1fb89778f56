// Where the time of a run goes: node --import tsx bench/profile.ts, after npm run build
// Processor time of each run in this process, which holds both clients and workers, and at the server; and of this
// process's main thread, by package.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector';
import { median } from './pairs.ts';
import { RAW_QUEUE } from './raw.ts';
import { ourNow, rawNow, runs } from './run.ts';
import { OUR_QUEUE, quiet, startServer, startSides } from './sides.ts';

const [COUNT, AT_ONCE, PAIRS] = [300, 50, 8];
/** What the kernel counts processor time in. */
const TICK = 1_000 / Number(execFileSync('getconf', ['CLK_TCK']));

quiet();
const server = await startServer();
const sides = await startSides(server.address);
const serverProcess = newestProcess('temporal');
const profiler = new Session();
profiler.connect();

const measures = {
  ours: () => runs(sides, OUR_QUEUE, COUNT, AT_ONCE, (key) => ourNow(sides, key)),
  raw: () => runs(sides, RAW_QUEUE, COUNT, AT_ONCE, (key) => rawNow(sides, key)),
};
type Side = keyof typeof measures;
const own: Record<Side, number[]> = { ours: [], raw: [] };
const atServer: Record<Side, number[]> = { ours: [], raw: [] };
const packages = new Map<string, Record<Side, number>>();

for (const side of ['ours', 'raw'] as const) await measures[side]();
for (let pair = 0; pair < PAIRS; pair++) {
  for (const side of pair % 2 === 0 ? (['ours', 'raw'] as const) : (['raw', 'ours'] as const)) {
    const before = { own: process.cpuUsage(), server: processorTime(serverProcess) };
    await measures[side]();
    const { user, system } = process.cpuUsage(before.own);
    own[side].push((user + system) / 1_000 / COUNT);
    atServer[side].push((processorTime(serverProcess) - before.server) / COUNT);
  }
}
// Apart from the above: a profiler takes time of its own.
for (let pair = 0; pair < PAIRS / 2; pair++) {
  for (const side of ['ours', 'raw'] as const) {
    await post('Profiler.enable');
    await post('Profiler.start');
    await measures[side]();
    const { profile } = (await post('Profiler.stop')) as Profiler.StopReturnType;
    addTo(side, profile);
  }
}
console.log(
  `milliseconds of a processor for each run, the median of ${PAIRS} times ${COUNT} runs at ${AT_ONCE} at once`,
);
console.table({
  'client and worker': { ours: round(median(own.ours)), raw: round(median(own.raw)) },
  server: { ours: round(median(atServer.ours)), raw: round(median(atServer.raw)) },
});
console.log('of which on the main thread');
console.table(
  Object.fromEntries(
    [...packages]
      .toSorted(([, a], [, b]) => b.ours + b.raw - a.ours - a.raw)
      .slice(0, 20)
      .map(([name, { ours, raw }]) => [name, { ours: round(ours), raw: round(raw) }]),
  ),
);
await sides[Symbol.asyncDispose]();
await server.stop();
process.exit(0);

function post(method: string): Promise<object> {
  return new Promise((resolve, reject) => {
    profiler.post(method, (error, answer) => (error ? reject(error) : resolve(answer ?? {})));
  });
}

function addTo(side: Side, { nodes, samples = [], timeDeltas = [] }: Profiler.Profile): void {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, packageOf(callFrame)]));
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    const times = packages.get(name) ?? { ours: 0, raw: 0 };
    times[side] += (timeDeltas[index] ?? 0) / 1_000 / COUNT / (PAIRS / 2);
    packages.set(name, times);
  }
}

function packageOf({ url, functionName }: { readonly url: string; readonly functionName: string }): string {
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (name) return name;
  if (url.includes('/dist/')) return 'temporal-job-scheduler';
  if (url.includes('/bench/')) return 'bench';
  return url.startsWith('node:') ? 'node' : functionName || url;
}

/** In milliseconds. */
function processorTime(pid: number): number {
  const [user = 0, system = 0] =
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13).map(Number) ?? [];
  return (user + system) * TICK;
}

function newestProcess(name: string): number {
  return Number(execFileSync('pgrep', ['-n', name]));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
