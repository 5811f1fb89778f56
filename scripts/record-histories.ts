// Records a history of each shape that a run can have, for the replay tests of all later releases. Run it for a release
// that changes the workflows: `npx tsx scripts/record-histories.ts v0.2`. What an earlier one recorded is never changed.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
// The SDK's own historyToJSON and historyFromJSON fail where npm installs protobufjs twice.
import proto from '@temporalio/proto';
import { afterJob, interval, once, type JobId } from '../src/index.ts';
import { HELD } from '../src/workflows/messages.ts';
import { cancelLostAttempt, runWithLostBookkeeping } from '../test/support/bare-worker.ts';
import { stopServers } from '../test/support/servers.ts';
import { System, eventually } from '../test/support/system.ts';

export const { History } = proto.temporal.api.history.v1;

type Recorder = (record: Recording) => Promise<string>;

/** What a recorder has to work with. */
class Recording {
  readonly system: System;

  constructor(system: System) {
    this.system = system;
  }

  schedule(job: object): Promise<JobId> {
    const schedule = once(new Date());
    return this.system.scheduler.scheduleJob({ jobType: 'task', payload: { files: 3 }, schedule, ...job });
  }

  /** The workflow of a job's newest run, when it has ended. */
  async ended(id: JobId): Promise<string> {
    const run = () => this.system.scheduler.getJobStatus(id);
    const { lastRun } = await eventually(run, ({ lastRun: last }) => last?.endedAt !== undefined);
    return lastRun!.workflowId;
  }

  /** The one workflow of a type on the queue. */
  async workflowOf(type: string): Promise<string> {
    const query = `TaskQueue = '${this.system.taskQueue}' AND WorkflowType = '${type}'`;
    const find = async () => {
      for await (const { workflowId } of this.system.client.workflow.list({ query })) return workflowId;
      return undefined;
    };
    return (await eventually(find, (found) => found !== undefined))!;
  }
}

const QUICK = { initialInterval: 20 };

const recorders: Record<string, Recorder> = {
  'once-success': async (with_) => with_.ended(await with_.schedule({})),
  'once-failed': async (with_) => {
    with_.system.on(() => Promise.reject(new RangeError('no')));
    return with_.ended(await with_.schedule({ retryPolicy: { ...QUICK, maximumAttempts: 2 } }));
  },
  'once-cancelled-waiting': async (with_) => {
    const id = await with_.schedule({ schedule: once({ in: '1h' }) });
    await with_.system.scheduler.cancelJob(id);
    return id;
  },
  'once-cancelled-running': async (with_) => {
    with_.system.on(
      (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    );
    const id = await with_.schedule({ heartbeatTimeout: '3s' });
    await with_.system.called(1);
    await with_.system.scheduler.cancelJob(id);
    return id;
  },
  'once-paused-resumed-changed': async (with_) => {
    const { scheduler } = with_.system;
    const id = await with_.schedule({ schedule: once({ in: '1h' }) });
    await scheduler.pauseJob(id);
    await scheduler.updateJob(id, { priority: 'high', tags: ['changed'] });
    await scheduler.resumeJob(id);
    await scheduler.updateJob(id, { schedule: once({ in: '2s' }), payload: 'changed' });
    await scheduler.waitForJob(id);
    return id;
  },
  'once-with-dependents': async (with_) => {
    const id = await with_.schedule({ schedule: once({ in: '1s' }) });
    await Promise.all([1, 2].map(() => with_.schedule({ schedule: afterJob(id) })));
    return with_.ended(id);
  },
  'once-failed-with-dependents': async (with_) => {
    with_.system.on(() => Promise.reject(new RangeError('no')));
    const id = await with_.schedule({ schedule: once({ in: '1s' }), retryPolicy: { maximumAttempts: 1 } });
    await with_.schedule({ schedule: afterJob(id) });
    await with_.schedule({ schedule: afterJob(id, { on: 'failure' }) });
    return with_.ended(id);
  },
  interval: async (with_) => with_.ended(await with_.schedule({ schedule: interval('1s', { maxRuns: 1 }) })),
  'interval-with-dependent': async (with_) => {
    const id = await with_.schedule({ schedule: interval('2s', { maxRuns: 1 }) });
    const next = await with_.schedule({ schedule: afterJob(id) });
    await with_.ended(next);
    return with_.ended(id);
  },
  'chained-with-delay': async (with_) => {
    const id = await with_.schedule({ schedule: once({ in: '1s' }) });
    return with_.ended(await with_.schedule({ schedule: afterJob(id, { delay: '1s' }) }));
  },
  'chained-paused': async (with_) => {
    const { scheduler, client } = with_.system;
    const id = await with_.schedule({ schedule: once({ in: '1s' }) });
    const next = await with_.schedule({ schedule: afterJob(id) });
    await scheduler.pauseJob(next);
    const { runId } = await client.workflow.getHandle(id).describe();
    await scheduler.waitForJob(id);
    await client.workflow.getHandle(`${next}/after/${runId}`).result();
    return `${next}/after/${runId}`;
  },
  'chained-owed': async (with_) => {
    const { scheduler, client } = with_.system;
    const id = await with_.schedule({ schedule: once({ in: '1s' }) });
    const next = await with_.schedule({ schedule: afterJob(id) });
    await scheduler.pauseJob(next);
    const { runId } = await client.workflow.getHandle(id).describe();
    await scheduler.waitForJob(id);
    await client.workflow.getHandle(`${next}/after/${runId}`).result();
    await scheduler.resumeJob(next);
    return with_.ended(next);
  },
  'chained-after-several': async (with_) => {
    const ids = await Promise.all([800, 1_600].map((delay) => with_.schedule({ schedule: once({ in: delay }) })));
    return with_.ended(await with_.schedule({ schedule: afterJob(ids) }));
  },
  // As an attempt that is matched just before a pause: see run-handler.ts.
  held: async (with_) => {
    with_.system.on((_, { attempt }) => {
      if (with_.system.calls.length > 1) return attempt;
      throw ApplicationFailure.create({
        message: 'back to the queue',
        type: HELD,
        nonRetryable: true,
        details: [attempt - 1],
      });
    });
    return with_.ended(await with_.schedule({}));
  },
  dependents: async (with_) => {
    const id = await with_.schedule({ schedule: interval('1h') });
    const next = await with_.schedule({ schedule: afterJob(id) });
    const keeper = await with_.workflowOf('dependents');
    await with_.system.scheduler.cancelJob(next);
    await with_.system.client.workflow.getHandle(keeper).result();
    return keeper;
  },
  sweep: async (with_) => {
    const id = await with_.schedule({ schedule: interval('1h') });
    await with_.schedule({ schedule: afterJob(id) });
    await with_.system.client.schedule.getHandle(`temporal-job-scheduler/sweep/${with_.system.taskQueue}`).trigger();
    const workflowId = await with_.workflowOf('sweep');
    await with_.system.client.workflow.getHandle(workflowId).result();
    return workflowId;
  },
  'resume-later': async (with_) => {
    await with_.system.scheduler.pause({ until: new Date(Date.now() + 1_500) });
    const workflowId = await with_.workflowOf('resumeLater');
    await with_.system.client.workflow.getHandle(workflowId).result();
    return workflowId;
  },
};

/** Those that come of a worker that does what none of ours does. */
const troubles: Record<string, (system: System) => Promise<string>> = {
  'lost-to-cancel': (system) => cancelLostAttempt('recorded', system),
  'bookkeeping-lost': async (system) => (await runWithLostBookkeeping(system)).workflowId,
};

export const SHAPES = [...Object.keys(recorders), ...Object.keys(troubles)];

async function recordAll(version: string): Promise<void> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const folder = `${root}test/replay/histories/${version}`;
  mkdirSync(folder, { recursive: true });
  try {
    for (const shape of SHAPES) {
      const file = `${folder}/${shape}.json`;
      if (existsSync(file)) continue;
      const trouble = troubles[shape];
      await using system = await System.start({ worker: !trouble });
      const workflowId = await (trouble ? trouble(system) : recorders[shape]!(new Recording(system)));
      const fetched = await system.client.workflow.getHandle(workflowId).fetchHistory();
      const plain = { longs: String, enums: String, bytes: String };
      const json = JSON.stringify(History.toObject(History.fromObject(fetched), plain), null, 1);
      // Of the machine that recorded it nothing.
      const history = json.replaceAll(/"identity": "[^"]*"/g, '"identity": "recorder"').replaceAll(root, '/');
      writeFileSync(file, `${history}\n`);
      console.log(`${version}/${shape}: ${fetched.events?.length} events`);
    }
  } finally {
    await stopServers();
  }
}

// Not when the replay test imports it, nor awaited here, which what Mocha imports must not do.
if (process.argv[1] === fileURLToPath(import.meta.url)) void recordAll(process.argv[2] ?? 'v0.1');
