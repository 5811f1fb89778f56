import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { AesCodec } from '../../examples/codec/codec.ts';
import { encrypting } from '../../examples/codec/data-converter.ts';
import { readKeys } from '../../examples/codec/keys.ts';
import { startCodecServer, type CodecServer } from '../../examples/codec/serve.ts';
import { Scheduler, cron, defineJob, once } from '../../src/index.ts';
import { createJobWorker, type JobWorker } from '../../src/worker.ts';
import { temporal } from '../support/cli.ts';
import { testServer } from '../support/servers.ts';
import { eventually } from '../support/system.ts';

const SECRET = '4000 0025 0000 3155';
const TOKEN = 'open sesame';
const EXAMPLE = fileURLToPath(new URL('../../examples/codec/run.ts', import.meta.url));
const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const [MAY, NOVEMBER] = [key('may'), key('november')];
const charge = defineJob('charge', { payload: z.object({ card: z.string() }) });
const handler = charge.handler(({ card }) => ({ receipt: `charged ${card}` }));

describe('encrypted jobs', function () {
  this.timeout(60_000);
  const taskQueue = `encrypted-${randomUUID()}`;
  const rotated = encrypting(readKeys(`${NOVEMBER},${MAY}`));
  let address: string;
  let scheduler: Scheduler;
  let worker: JobWorker;
  let working: Promise<void>;
  let codecServer: CodecServer;

  before(async () => {
    ({ address } = await testServer());
    scheduler = await Scheduler.connect({ address, taskQueue, dataConverter: rotated });
    // It bundles the workflows with the failure converter.
    worker = await createJobWorker({ address, taskQueue, dataConverter: rotated, handlers: [handler] });
    working = worker.run();
    codecServer = await startCodecServer(new AesCodec(readKeys(`${NOVEMBER},${MAY}`)), { token: TOKEN });
  });
  after(async () => {
    worker.shutdown();
    await working;
    await scheduler.close();
    await codecServer[Symbol.asyncDispose]();
  });

  const job = { jobType: 'charge', payload: { card: SECRET } };

  it('show to the CLI their payload and result with the codec server, and nothing without', async () => {
    const id = await scheduler.scheduleJob({ ...job, schedule: once({ in: 0 }) });
    assert.deepEqual(await scheduler.waitForJob(id), { receipt: `charged ${SECRET}` });
    const withCodec = ['--codec-endpoint', codecServer.url, '--codec-auth', `Bearer ${TOKEN}`];
    for (const command of [['describe'], ['show'], ['show', '--detailed']]) {
      const ask = (...options: string[]) => temporal(address, 'workflow', ...command, '--workflow-id', id, ...options);
      const told = await ask(...withCodec);
      assert.match(told, /charged 4000 0025 0000 3155/, command.join());
      if (command.includes('--detailed')) assert.match(told, /payload\.card: 4000 0025 0000 3155/);
      assert.doesNotMatch(await ask(), /4000|charged/, command.join());
    }
  });

  it('show a schedule with the codec server, and nothing of its payload without', async () => {
    const id = await scheduler.scheduleJob({ ...job, schedule: cron('0 0 1 1 *') });
    const ask = (...options: string[]) =>
      temporal(address, 'schedule', 'describe', '--schedule-id', id, '--output', 'json', ...options);
    // It prints payloads as the API has them, in base64.
    const isReadable = (json: string) =>
      [...json.matchAll(/"data": "([^"]*)"/g)].some(([, data = '']) => Buffer.from(data, 'base64').includes(SECRET));
    assert.ok(isReadable(await ask('--codec-endpoint', codecServer.url, '--codec-auth', `Bearer ${TOKEN}`)));
    assert.ok(!isReadable(await ask()));
    assert.equal((await scheduler.getJobStatus(id)).state, 'scheduled');
  });

  it('made under an old key run under the new one', async () => {
    await using old = await Scheduler.connect({ address, taskQueue, dataConverter: encrypting(readKeys(MAY)) });
    const id = await old.scheduleJob({ ...job, schedule: once({ in: '1h' }) });
    await scheduler.triggerJob(id);
    assert.deepEqual(await scheduler.waitForJob(id), { receipt: `charged ${SECRET}` });
    const connection = await Connection.connect({ address });
    const { events = [] } = await new Client({ connection }).workflow.getHandle(id).fetchHistory();
    await connection.close();
    const keyOf = (payloads: { metadata?: Record<string, Uint8Array> | null }[] | null | undefined) =>
      Buffer.from(payloads?.[0]?.metadata?.['encryption-key-id'] ?? []).toString();
    const keys = (events ?? []).flatMap((event) => [
      ...(event.workflowExecutionStartedEventAttributes
        ? [keyOf(event.workflowExecutionStartedEventAttributes.input?.payloads)]
        : []),
      ...(event.workflowExecutionCompletedEventAttributes
        ? [keyOf(event.workflowExecutionCompletedEventAttributes.result?.payloads)]
        : []),
    ]);
    assert.deepEqual(keys, ['may', 'november']);
  });

  it('wait for a key that a client has and the worker lacks yet, and are lost by nobody', async () => {
    const JUNE = key('june');
    const dataConverter = encrypting(readKeys(JUNE));
    await using early = await Scheduler.connect({ address, taskQueue: `${taskQueue}-june`, dataConverter });
    const id = await early.scheduleJob({ ...job, schedule: once({ in: 0 }) });
    const settings = { address, taskQueue: `${taskQueue}-june`, handlers: [handler] };
    {
      await using behind = await createJobWorker({ ...settings, dataConverter: rotated });
      const running = behind.run();
      const connection = await Connection.connect({ address });
      const handle = new Client({ connection }).workflow.getHandle(id);
      await eventually(
        async () => (await handle.fetchHistory()).events ?? [],
        (events) => events.some(({ workflowTaskFailedEventAttributes: failed }) => failed),
      );
      await connection.close();
      behind.shutdown();
      await running;
    }
    await using ready = await createJobWorker({ ...settings, dataConverter: encrypting(readKeys(JUNE)) });
    const running = ready.run();
    assert.deepEqual(await early.waitForJob(id), { receipt: `charged ${SECRET}` });
    ready.shutdown();
    await running;
  });

  it('are what the example makes', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', EXAMPLE], {
      env: { ...process.env, TEMPORAL_ADDRESS: address, CODEC_KEYS: NOVEMBER },
    });
    const [, id = '', result] = /^(\S+) (.*)$/s.exec(stdout) ?? [];
    assert.match(result ?? '', /charged 4000 0025 0000 3155/);
    assert.doesNotMatch(await temporal(address, 'workflow', 'show', '--workflow-id', id), /charged/);
  });
});
