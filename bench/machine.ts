import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What the figures were measured on. */
export interface Machine {
  readonly measuredAt: string;
  readonly processors: string;
  readonly memory: string;
  readonly system: string;
  readonly node: string;
  readonly temporalCli: string;
  readonly sdk: string;
  readonly load: readonly number[];
}

export function machine(): Machine {
  const { version: sdk } = JSON.parse(readFileSync(`${root}node_modules/@temporalio/client/package.json`, 'utf8')) as {
    version: string;
  };
  const [first] = cpus();
  return {
    measuredAt: new Date().toISOString(),
    processors: `${cpus().length} x ${first?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${platform()} ${release()}`,
    node: process.version,
    temporalCli: execFileSync(cliPath(), ['--version'], { encoding: 'utf8' }).trim(),
    sdk,
    load: loadavg(),
  };
}

export function cliPath(): string {
  return execFileSync('bash', [`${root}temporal-dev.sh`, 'cli'], { encoding: 'utf8' }).trim();
}

/** Above this others use so much of the machine that times say little. Our idle server and workers take a tenth. */
export const QUIET = 0.3;

/** Waits until the machine is quiet, for a while: a server has work to do after many calls. Answers how busy it is. */
export async function quietMoment(patience = 15_000): Promise<number> {
  const began = performance.now();
  for (;;) {
    const busy = await busyness();
    if (busy <= QUIET || performance.now() - began > patience) return busy;
  }
}

/** How busy all processors are, from 0 to 1, in a moment in which we do nothing ourselves. */
async function busyness(moment = 400): Promise<number> {
  const before = times();
  await sleep(moment);
  const after = times();
  return (after.busy - before.busy) / (after.all - before.all);
}

function times(): { busy: number; all: number } {
  let [busy, all] = [0, 0];
  for (const { times: of } of cpus()) {
    const sum = of.user + of.nice + of.sys + of.idle + of.irq;
    all += sum;
    busy += sum - of.idle;
  }
  return { busy, all };
}
