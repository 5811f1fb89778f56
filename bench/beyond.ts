// What would beat one workflow for each job, side by side: `node --import tsx bench/beyond.ts [--only words] [--rounds 5]`.
// Only measured: docs/speed.md says what each would give up.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client } from '@temporalio/client';
import { DefaultLogger, bundleWorkflowCode, type WorkerOptions } from '@temporalio/worker';
import { machine } from './machine.ts';
import { intervalOfMedian, median } from './pairs.ts';
import { rawInput, rawWorker } from './raw.ts';
import { number } from './report.ts';
import { latencies, ourNow, runs } from './run.ts';
import { OUR_QUEUE, quiet, startServer, startSides, until } from './sides.ts';
import { Starts } from './starts.ts';

const RUNS = 200;
const AT_ONCE = 50;
/** Not that of the raw worker which stands beside ours. */
const QUEUE = 'beyond';
const SLOTS = 50;

interface Variant {
  /** Settings of the worker, beyond those of any other. */
  readonly worker?: Partial<WorkerOptions>;
  readonly workflow?: 'rawTask' | 'localTask' | 'eagerTask';
  readonly isEagerStart?: boolean;
  readonly isStandalone?: boolean;
}

const VARIANTS: Readonly<Record<string, Variant>> = {
  'a workflow and an activity, by hand': {},
  'standalone activity': { isStandalone: true },
  'local activity': { workflow: 'localTask' },
  'eager activity': { workflow: 'eagerTask' },
  'eager workflow start': { isEagerStart: true },
  'eager workflow start, local activity': { isEagerStart: true, workflow: 'localTask' },
  'maxCachedWorkflows: 0': { worker: { maxCachedWorkflows: 0 } },
  'maxCachedWorkflows: 2000': { worker: { maxCachedWorkflows: 2_000 } },
  'maxConcurrentWorkflowTaskExecutions: 120': { worker: { maxConcurrentWorkflowTaskExecutions: 120 } },
  'autoscaling pollers': {
    worker: {
      workflowTaskPollerBehavior: { type: 'autoscaling' },
      activityTaskPollerBehavior: { type: 'autoscaling' },
    },
  },
  '4 pollers of each kind': { worker: { maxConcurrentWorkflowTaskPolls: 4, maxConcurrentActivityTaskPolls: 4 } },
  '30 pollers of each kind': { worker: { maxConcurrentWorkflowTaskPolls: 30, maxConcurrentActivityTaskPolls: 30 } },
  'workflowThreadPoolSize: 2': { worker: { workflowThreadPoolSize: 2 } },
  'stickyQueueScheduleToStartTimeout: 2s': { worker: { stickyQueueScheduleToStartTimeout: '2s' } },
};
const OURS = 'runJob, ours';

const { values } = parseArgs({ options: { only: { type: 'string' }, rounds: { type: 'string', default: '5' } } });
const words = values.only?.split(',') ?? [];
const names = Object.keys(VARIANTS).filter((name) => words.length === 0 || words.some((word) => name.includes(word)));

quiet();
const workflowsPath = fileURLToPath(new URL('./beyond-workflows.ts', import.meta.url));
const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
const server = await startServer();
const found = new Map<string, { perSecond: number; latency: number }[]>();
try {
  await using sides = await startSides(server.address, { slots: SLOTS });
  const ours = async () => ({
    perSecond: await runs(sides, OUR_QUEUE, RUNS, AT_ONCE, (key) => ourNow(sides, key)),
    latency: median(await latencies(sides.starts, 20, (key) => ourNow(sides, key))),
  });
  await ours();
  for (let round = 0; round < Number(values.rounds); round++) {
    keep(OURS, await ours());
    for (const name of names) {
      console.error(`round ${round + 1}: ${name}`);
      keep(name, await measure(VARIANTS[name] ?? {}));
    }
  }
} finally {
  await server.stop();
}

const base = found.get(OURS) ?? [];
const rows = [...found].map(([name, measured]) => {
  const faster = measured.map(({ perSecond }, round) => perSecond / (base[round]?.perSecond ?? NaN));
  const perSecond = median(measured.map((one) => one.perSecond));
  const latency = median(measured.map((one) => one.latency));
  return { name, perSecond, ratio: median(faster), interval: intervalOfMedian(faster), latency };
});
console.log('| way | runs/s | to ours | once-now to handler, ms |\n| --- | ---: | ---: | ---: |');
for (const { name, perSecond, ratio, interval, latency } of rows) {
  const [low, high] = interval.map((value) => value.toFixed(2));
  console.log(`| ${name} | ${number(perSecond)} | ${ratio.toFixed(2)} (${low} to ${high}) | ${number(latency)} |`);
}
const results = { machine: machine(), rounds: Number(values.rounds), rows };
writeFileSync(new URL('./beyond.json', import.meta.url), `${JSON.stringify(results, undefined, 2)}\n`);

function keep(name: string, row: { perSecond: number; latency: number }): void {
  found.set(name, [...(found.get(name) ?? []), row]);
}

/** With a worker of its own, so that no other one's pollers are in the way. */
async function measure({ worker: settings, workflow = 'rawTask', isEagerStart, isStandalone }: Variant) {
  const starts = new Starts();
  const options = { taskQueue: QUEUE, workflowBundle, maxConcurrentActivityTaskExecutions: SLOTS, ...settings };
  const { worker, connection } = await rawWorker(server.address, starts, options);
  const running = worker.run();
  // An eager start hands the workflow task to a worker of the same connection.
  const client = new Client({ connection });
  const start = async (key: string) => {
    const input = rawInput({ key });
    const common = { taskQueue: QUEUE, priority: input.priority };
    if (isStandalone) {
      const { retry } = input;
      const timeouts = { startToCloseTimeout: '365 days', heartbeatTimeout: '30 seconds' } as const;
      await client.activity.start('task', { id: key, args: [{ key }, 0], retry, ...timeouts, ...common });
    } else {
      const requestEagerStart = isEagerStart ?? false;
      await client.workflow.start(workflow, { workflowId: key, args: [input], requestEagerStart, ...common });
    }
  };
  const query = `TaskQueue = '${QUEUE}' AND ExecutionStatus = 'Running'`;
  const closed = () =>
    until(async () => {
      const { count } = await (isStandalone ? client.activity.count(query) : client.workflow.count(query));
      return count === 0;
    });
  try {
    await latencies(starts, 5, start);
    const perSecond = await runs({ starts, client }, QUEUE, RUNS, AT_ONCE, start, closed);
    return { perSecond, latency: median(await latencies(starts, 20, start)) };
  } finally {
    await closed();
    worker.shutdown();
    await running;
    await connection.close();
  }
}
