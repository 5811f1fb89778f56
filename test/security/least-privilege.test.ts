import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { Connection } from '@temporalio/client';
import { Scheduler, once } from '../../src/index.ts';
import { createJobWorker } from '../../src/worker.ts';
import { Gateway } from '../support/gateway.ts';
import { bareNamespace } from '../support/namespace.ts';
import { testServer } from '../support/servers.ts';
import { eventually } from '../support/system.ts';
import { Everything } from './everything.ts';

// The table of docs/security.md is what an authorizer lets through here. So a call that the table lacks fails the jobs
// below, and a call that nobody makes fails the comparison.

const PAGE = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
const SOURCES = fileURLToPath(new URL('../../src/client', import.meta.url));
const ROLES = ['client', 'worker', 'setup'] as const;
type Role = (typeof ROLES)[number];

/** The rows `| \`Call\` | yes | | | ...`, by role. */
function readTable(): Record<Role, string[]> {
  const rows = [...PAGE.matchAll(/^\| `(\w+)` +\|([^|]*)\|([^|]*)\|([^|]*)\|/gm)];
  const callsOf = (column: number) => rows.filter((row) => row[column]?.trim() === 'yes').map(([, call]) => call ?? '');
  return { client: callsOf(2), worker: callsOf(3), setup: callsOf(4) };
}

/** What a test of this length may see or not. */
const RARE = [
  // By a worker: of a run that waits for a predecessor and does not end by itself when that can't end as it should.
  'worker TerminateWorkflowExecution',
  // Each minute.
  'worker RecordWorkerHeartbeat',
];

describe('least privilege', function () {
  this.timeout(180_000);
  const table = readTable();
  const gateways = new Map<Role, Gateway>();
  let target: string;
  before(async () => {
    ({ address: target } = await testServer());
    for (const role of ROLES) {
      const allowed = new Set(table[role]);
      const refuse = ({ name }: { name: string }) =>
        allowed.has(name) ? undefined : { code: status.PERMISSION_DENIED, details: 'Request unauthorized.' };
      gateways.set(role, await Gateway.to(target, { refuse }));
    }
  });
  after(() => Promise.all([...gateways.values()].map((gateway) => gateway[Symbol.asyncDispose]())));

  const made = (role: Role) => {
    const { passed, refused } = gateways.get(role)!;
    assert.deepEqual([...refused], [], `${role}: refused, since the table has not`);
    return certain(role, [...passed]);
  };
  const certain = (role: Role, calls: string[]) => calls.filter((call) => !RARE.includes(`${role} ${call}`)).toSorted();
  const documented = (role: Role) => certain(role, table[role]);

  it('lets client and worker do everything they can with the calls of the table, and needs them all', async () => {
    const taskQueue = `least-${randomUUID()}`;
    const worker = await createJobWorker({
      address: gateways.get('worker')!.address,
      taskQueue,
      handlers: [Everything.handler],
    });
    const running = worker.run();
    const { address } = gateways.get('client')!;
    const scheduler = await Scheduler.connect({ address, taskQueue });
    const idle = await Scheduler.connect({ address, taskQueue: `${taskQueue}-idle` });
    const operator = await Connection.connect({ address: target });
    try {
      await new Everything(taskQueue, scheduler, operator).run(idle);
    } finally {
      worker.shutdown();
      await running;
      await scheduler.close();
      await idle.close();
      await operator.close();
    }
    for (const role of ['client', 'worker'] as const) assert.deepEqual(made(role), documented(role), role);
  });

  it('needs more for a namespace that lacks the search attributes, once', async () => {
    const namespace = await bareNamespace(target);
    const scheduler = await Scheduler.connect({ address: gateways.get('setup')!.address, namespace });
    await scheduler.close();
    assert.deepEqual(made('setup'), documented('setup'));
  });

  it('lets who may only read see all there is to see, and change nothing', async () => {
    const taskQueue = `least-${randomUUID()}`;
    await using writer = await Scheduler.connect({ address: target, taskQueue });
    await using worker = await createJobWorker({ address: target, taskQueue, handlers: [Everything.handler] });
    const running = worker.run();
    const id = await writer.scheduleJob({ jobType: 'task', schedule: once({ in: 0 }), payload: 'done' });
    await using gateway = await Gateway.to(target, {
      refuse: ({ name }) =>
        /^(Get|Count|Describe|List)/.test(name) ? undefined : { code: status.PERMISSION_DENIED, details: 'read only' },
    });
    await using reader = await Scheduler.connect({ address: gateway.address, taskQueue });
    await reader.waitForJob(id);
    assert.equal((await reader.getJobStatus(id)).state, 'completed');
    await eventually(
      () => reader.listJobs(),
      (jobs) => jobs[0]?.id === id,
    );
    for await (const run of reader.listRuns(id)) assert.equal(run.state, 'completed');
    assert.equal(await reader.isPaused(), false);
    assert.deepEqual([...gateway.refused], []);
    await assert.rejects(reader.pause(), { code: 'PERMISSION_DENIED', call: 'UpdateTaskQueueConfig' });
    worker.shutdown();
    await running;
  });

  it('has every call in its table that our code makes by its name', () => {
    const sources = readdirSync(SOURCES).map((file) => readFileSync(`${SOURCES}/${file}`, 'utf8'));
    const names = sources.flatMap((source) =>
      [...source.matchAll(/(?:workflowService|operatorService)\.(\w+)\(/g)].map(([, name = '']) => name),
    );
    const calls = new Set(names.map((name) => `${name[0]?.toUpperCase()}${name.slice(1)}`));
    const known = new Set(ROLES.flatMap((role) => table[role]));
    assert.deepEqual(
      [...calls].filter((call) => !known.has(call)),
      [],
    );
    assert.ok(calls.size > 10, 'the sources are searched');
  });
});
