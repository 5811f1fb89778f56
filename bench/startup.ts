import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench, Group } from './group.ts';
import { median } from './pairs.ts';
import { RAW_WORKFLOWS, rawBundle } from './raw.ts';

const run = promisify(execFile);
const PAIRS = 5;
const ALLOWED = 10;
const CHILD = fileURLToPath(new URL('./startup-child.mjs', import.meta.url));

/** How long a process takes until it works, and the memory it needs: each in a process of its own. */
export const startup: Group = {
  name: 'startup',
  async measure(bench) {
    const { compare, isQuick, sides } = bench;
    const { address } = sides;
    const budget = isQuick ? 1 : 12_000;
    const folder = mkdtempSync(join(tmpdir(), 'temporal-job-scheduler-bundle-'));
    const bundle = join(folder, 'bundle.js');
    writeFileSync(bundle, (await rawBundle()).code);
    const child = async (...args: string[]) => {
      const began = performance.timeOrigin + performance.now();
      const { stdout } = await run(process.execPath, ['--expose-gc', CHILD, ...args]);
      const { at, ...answer } = JSON.parse(stdout) as { at: number; took: number; resident: number; heap: number };
      return { time: at - began, ...answer };
    };
    try {
      await compare({
        name: 'worker: process start to first poll; raw bundles from source',
        unit: 'ms',
        goal: { atMost: 0.45 },
        budget,
        ours: async () => (await child('ours', address)).time,
        raw: async () => (await child('raw', address, RAW_WORKFLOWS)).time,
      });
      await compare({
        name: 'worker: process start to first poll; raw has a bundle',
        unit: 'ms',
        budget,
        ours: async () => (await child('ours', address)).time,
        raw: async () => (await child('raw', address, bundle)).time,
      });
      await memory(bench, { ours: () => child('ours', address), raw: () => child('raw', address, bundle) });
      await compare({
        name: 'importing the client entry, and @temporalio/client',
        unit: 'ms',
        goal: { atMost: 1.1 },
        budget,
        ours: async () => (await child('import', 'temporal-job-scheduler')).took,
        raw: async () => (await child('import', '@temporalio/client')).took,
      });
      await compare({
        name: 'importing the client entry, and @temporalio/client with zod',
        unit: 'ms',
        budget,
        ours: async () => (await child('import', 'temporal-job-scheduler', 'zod')).took,
        raw: async () => (await child('import', '@temporalio/client', 'zod')).took,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

interface Memory {
  readonly resident: number;
  readonly heap: number;
}

/** Megabytes after a garbage collection: a difference, not a ratio, is what is asked for. */
async function memory({ add }: Bench, sides: Record<'ours' | 'raw', () => Promise<Memory>>): Promise<void> {
  const found = { ours: [] as Memory[], raw: [] as Memory[] };
  for (let pair = 0; pair < PAIRS; pair++) {
    found.ours.push(await sides.ours());
    found.raw.push(await sides.raw());
  }
  for (const kind of ['resident', 'heap'] as const) {
    const [ours, raw] = [median(found.ours.map((one) => one[kind])), median(found.raw.map((one) => one[kind]))];
    const goal = { goal: `≤ raw + ${ALLOWED} MB`, isMet: ours <= raw + ALLOWED };
    add({ name: `worker: memory, ${kind}; raw has a bundle`, unit: 'MB', ours, raw, runs: PAIRS, ...goal });
  }
}
