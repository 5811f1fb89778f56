// A process that is timed by bench/startup.ts: a worker of ours, a raw one, or an import.
const [what, where, then] = process.argv.slice(2);
const SETTLE = 500;

if (what === 'import') {
  const began = performance.now();
  await import(where);
  if (then) await import(then);
  console.log(JSON.stringify({ took: performance.now() - began }));
} else {
  const worker = await (what === 'ours' ? ours() : raw());
  const running = worker.run();
  const at = performance.timeOrigin + performance.now();
  await new Promise((resolve) => setTimeout(resolve, SETTLE));
  globalThis.gc();
  const { rss, heapUsed } = process.memoryUsage();
  console.log(JSON.stringify({ at, resident: rss / 2 ** 20, heap: heapUsed / 2 ** 20 }));
  worker.shutdown();
  await running;
  process.exit(0);
}

async function ours() {
  const { createJobWorker } = await import('temporal-job-scheduler/worker');
  const { defineJob } = await import('temporal-job-scheduler');
  const { z } = await import('zod');
  const { DefaultLogger, Runtime } = await import('@temporalio/worker');
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const handlers = [defineJob('startup', { payload: z.unknown() }).handler(() => null)];
  return createJobWorker({ address: where, taskQueue: 'startup-ours', handlers });
}

async function raw() {
  const { DefaultLogger, NativeConnection, Runtime, Worker } = await import('@temporalio/worker');
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const connection = await NativeConnection.connect({ address: where });
  return Worker.create({
    connection,
    namespace: 'default',
    taskQueue: 'startup-raw',
    ...(then.endsWith('.js') ? { workflowBundle: { codePath: then } } : { workflowsPath: then }),
    activities: { task: () => null },
    maxConcurrentActivityTaskExecutions: 10,
  });
}
