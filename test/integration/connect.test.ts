import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once as event } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  Server as GrpcServer,
  ServerCredentials,
  status,
  type MethodDefinition,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import { connectClient, resolveSettings } from '../../src/client/connect.ts';
import { Scheduler, once, type SchedulerOptions } from '../../src/index.ts';
import { createJobWorker } from '../../src/worker.ts';
import { temporal } from '../support/cli.ts';
import { testServer } from '../support/servers.ts';
import { eventually, task } from '../support/system.ts';

const KEYWORD = 2;
const TEXT = 1;

/** A server that only answers the first call of a connection: with a failure, or as it should. */
async function greeting(failure: () => { code: status; details: string } | undefined) {
  const server = new GrpcServer();
  const whole = (bytes: Buffer) => bytes;
  const getSystemInfo: MethodDefinition<Buffer, Buffer> = {
    path: '/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo',
    requestStream: false,
    responseStream: false,
    requestSerialize: whole,
    requestDeserialize: whole,
    responseSerialize: whole,
    responseDeserialize: whole,
  };
  const answer = (_: unknown, respond: sendUnaryData<Buffer>) => respond(failure() ?? null, Buffer.alloc(0));
  server.addService({ getSystemInfo }, { getSystemInfo: answer });
  const bound = await promisify(server.bindAsync.bind(server))('127.0.0.1:0', ServerCredentials.createInsecure());
  return { address: `127.0.0.1:${bound}`, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}

describe('a server that cannot be reached', () => {
  const open: { close(): void }[] = [];
  after(() => open.forEach((server) => server.close()));

  async function port(server: Server): Promise<number> {
    server.listen(0, '127.0.0.1');
    open.push(server);
    server.on('connection', (socket) => open.push({ close: () => socket.destroy() }));
    await event(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  async function unavailable(options: SchedulerOptions, message: RegExp): Promise<void> {
    const started = Date.now();
    await assert.rejects(Scheduler.connect({ callTimeout: 700, ...options }), {
      name: 'SchedulerUnavailableError',
      code: 'UNAVAILABLE',
      message,
    });
    const took = Date.now() - started;
    assert.ok(took < 1_500, `took ${took} ms with a call timeout of 700`);
  }

  it('is told within the call timeout where the port is closed: where we looked and how to start one', async () => {
    const server = createServer();
    const address = `127.0.0.1:${await port(server)}`;
    server.close();
    await unavailable(
      { address, namespace: 'jobs' },
      new RegExp(`${address} \\(namespace "jobs"\\), got .*\\./temporal-dev\\.sh starts one.*TEMPORAL_ADDRESS`),
    );
  });

  it('is told within the call timeout where the port accepts and never answers', async () => {
    const address = `127.0.0.1:${await port(createServer((socket) => socket.resume()))}`;
    await unavailable({ address }, new RegExp(`${address} .*temporal-dev\\.sh`));
  });

  it('is told where the host has no address', () =>
    unavailable({ address: 'no-such-host.invalid:7233' }, /no-such-host\.invalid:7233/));

  it('is told where the server wants no TLS', async () => {
    const { address } = await testServer();
    await unavailable({ address: address.replace('127.0.0.1', 'localhost'), tls: true }, /localhost:\d+/);
  });

  it('is told where the port is that of something else', async () => {
    const server = createServer((socket) => socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await unavailable({ address: `127.0.0.1:${await port(server)}` }, /127\.0\.0\.1:\d+/);
    const other = new GrpcServer();
    const bound = await promisify(other.bindAsync.bind(other))('127.0.0.1:0', ServerCredentials.createInsecure());
    try {
      await unavailable(
        { address: `127.0.0.1:${bound}` },
        /expected a Temporal server that knows this call at 127\.0\.0\.1:\d+/,
      );
    } finally {
      other.forceShutdown();
    }
  });

  it('is told why, where each try within the call timeout was refused', async () => {
    await using busy = await greeting(() => ({
      code: status.RESOURCE_EXHAUSTED,
      details: 'namespace rate limit exceeded',
    }));
    const message = /is over its limits: namespace rate limit exceeded\. Call again later/;
    await unavailable({ address: busy.address }, message);
  });

  it('is not told of a clash that another try settles', async () => {
    let tries = 0;
    const clash = { code: status.INVALID_ARGUMENT, details: 'Expected exactly one row to be updated' };
    await using server = await greeting(() => (++tries < 3 ? clash : undefined));
    const { client } = await connectClient({ address: server.address });
    await client.connection.close();
    assert.equal(tries, 3);
  });

  it('is told to a worker too', async () => {
    const server = createServer();
    const address = `127.0.0.1:${await port(server)}`;
    server.close();
    await assert.rejects(createJobWorker({ address, handlers: [task.handler(() => 1)] }), {
      code: 'UNAVAILABLE',
      message: new RegExp(`${address} .*temporal-dev\\.sh`),
    });
  });

  it('does not keep the process alive', async () => {
    const server = createServer((socket) => socket.resume());
    const address = `127.0.0.1:${await port(server)}`;
    const program = `import { Scheduler } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
      await Scheduler.connect({ address: '${address}', callTimeout: 300 }).catch((error) => console.log(error.code));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', program],
      {
        timeout: 10_000,
      },
    );
    assert.equal(stdout, 'UNAVAILABLE\n');
  });
});

describe('connection settings', () => {
  let folder: string;
  const before_ = { ...process.env };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'settings-'));
    await writeFile(
      join(folder, 'temporal.toml'),
      `[profile.default]
address = "file.example:1"
namespace = "file"

[profile.cloud]
address = "cloud.example:7233"
namespace = "cloud.ns"
api_key = "key-of-file"

[profile.mtls]
address = "mtls.example:7233"
[profile.mtls.tls]
server_name = "mtls.internal"
client_cert_data = "certificate"
client_key_data = "key"
`,
    );
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(() => {
    for (const name of Object.keys(process.env)) if (name.startsWith('TEMPORAL_')) delete process.env[name];
    process.env['TEMPORAL_CONFIG_FILE'] = join(folder, 'none.toml');
  });
  afterEach(() => {
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, before_);
  });

  const useFile = () => (process.env['TEMPORAL_CONFIG_FILE'] = join(folder, 'temporal.toml'));

  it('are those of a server on this machine where nothing says otherwise', () => {
    assert.deepEqual(resolveSettings({}), {
      address: '127.0.0.1:7233',
      namespace: 'default',
      connectionOptions: { address: '127.0.0.1:7233' },
    });
  });

  it('come from the default profile of the file', () => {
    useFile();
    const { address, namespace } = resolveSettings({});
    assert.deepEqual([address, namespace], ['file.example:1', 'file']);
  });

  it('come from the environment before the file', () => {
    useFile();
    process.env['TEMPORAL_ADDRESS'] = 'environment.example:2';
    const { address, namespace, connectionOptions } = resolveSettings({});
    assert.deepEqual(
      [address, namespace, connectionOptions.address],
      ['environment.example:2', 'file', 'environment.example:2'],
    );
    process.env['TEMPORAL_NAMESPACE'] = 'environment';
    assert.equal(resolveSettings({}).namespace, 'environment');
  });

  it('come from the arguments before the environment', () => {
    useFile();
    process.env['TEMPORAL_ADDRESS'] = 'environment.example:2';
    process.env['TEMPORAL_NAMESPACE'] = 'environment';
    process.env['TEMPORAL_API_KEY'] = 'key-of-environment';
    const settings = resolveSettings({
      address: 'argument.example:3',
      namespace: 'argument',
      apiKey: 'key-of-argument',
      tls: false,
    });
    assert.deepEqual(settings, {
      address: 'argument.example:3',
      namespace: 'argument',
      connectionOptions: { address: 'argument.example:3', tls: false, apiKey: 'key-of-argument' },
    });
  });

  it('take the profile that TEMPORAL_PROFILE names, or before that the one that the arguments name', () => {
    useFile();
    process.env['TEMPORAL_PROFILE'] = 'cloud';
    assert.equal(resolveSettings({}).address, 'cloud.example:7233');
    assert.equal(resolveSettings({ profile: 'mtls' }).address, 'mtls.example:7233');
  });

  it('use TLS where there is an API key', () => {
    useFile();
    const { connectionOptions } = resolveSettings({ profile: 'cloud' });
    assert.deepEqual(connectionOptions, { address: 'cloud.example:7233', tls: true, apiKey: 'key-of-file' });
    process.env['TEMPORAL_API_KEY'] = 'key-of-environment';
    assert.equal(resolveSettings({ profile: 'cloud' }).connectionOptions.apiKey, 'key-of-environment');
  });

  it('take certificates from a profile', () => {
    useFile();
    const { tls } = resolveSettings({ profile: 'mtls' }).connectionOptions;
    assert.ok(typeof tls === 'object' && tls !== null);
    assert.equal(tls.serverNameOverride, 'mtls.internal');
    assert.equal(Buffer.from(tls.clientCertPair?.crt ?? '').toString(), 'certificate');
    assert.equal(Buffer.from(tls.clientCertPair?.key ?? '').toString(), 'key');
  });

  it('take a variable that is empty for one that is not set', () => {
    for (const name of ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'TEMPORAL_API_KEY']) process.env[name] = '';
    const { address, namespace, connectionOptions } = resolveSettings({});
    assert.deepEqual([address, namespace, connectionOptions.apiKey], ['127.0.0.1:7233', 'default', undefined]);
  });

  it('are refused before any call where the environment is wrong', () => {
    process.env['TEMPORAL_ADDRESS'] = 'http://here';
    assert.throws(() => resolveSettings({}), {
      code: 'INVALID_ARGUMENT',
      message: /^address: expected host:port, got "http:\/\/here"$/,
    });
    delete process.env['TEMPORAL_ADDRESS'];
    process.env['TEMPORAL_PROFILE'] = 'nowhere';
    useFile();
    assert.throws(() => resolveSettings({}), { code: 'INVALID_ARGUMENT', message: /nowhere/ });
  });

  it('are refused before any call where the file is no TOML', async () => {
    const file = join(folder, 'broken.toml');
    await writeFile(file, '[profile');
    process.env['TEMPORAL_CONFIG_FILE'] = file;
    assert.throws(() => resolveSettings({}), {
      code: 'INVALID_ARGUMENT',
      message: /^cannot read Temporal's connection settings: /,
    });
  });

  it('of the environment are those that Scheduler.connect goes by', async () => {
    const { address } = await testServer();
    process.env['TEMPORAL_ADDRESS'] = address;
    await using scheduler = await Scheduler.connect({ taskQueue: `environment-${randomUUID()}` });
    assert.deepEqual(await scheduler.listJobs(), []);
  });
});

describe('a namespace', () => {
  let address: string;
  let connection: Connection;
  before(async () => {
    ({ address } = await testServer());
    connection = await Connection.connect({ address });
  });
  after(() => connection.close());

  async function create(word: string, searchAttributes: Record<string, number> = {}): Promise<string> {
    const namespace = `${word}-${randomUUID().slice(0, 8)}`;
    const { workflowService, operatorService } = connection;
    await workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
    // The server's other parts hear of a new namespace a little later.
    const list = () => operatorService.listSearchAttributes({ namespace }).catch(() => undefined);
    await eventually(list, (answer) => answer !== undefined);
    if (Object.keys(searchAttributes).length > 0)
      await operatorService.addSearchAttributes({ namespace, searchAttributes });
    return namespace;
  }
  const typesIn = async (namespace: string) =>
    (await connection.operatorService.listSearchAttributes({ namespace })).customAttributes ?? {};
  const keywords = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`Other${index}`, KEYWORD]));

  it('that does not exist is refused, with the command that makes it', () =>
    assert.rejects(Scheduler.connect({ address, namespace: 'nowhere' }), {
      name: 'InvalidArgumentError',
      code: 'INVALID_ARGUMENT',
      message:
        /^namespace: expected one that the Temporal server at .* has, got "nowhere": temporal operator namespace create --namespace nowhere/,
    }));

  it('gets the search attributes that it lacks, and jobs can be scheduled and found at once', async () => {
    const namespace = await create('fresh', { JobId: KEYWORD, Own: TEXT });
    await using scheduler = await Scheduler.connect({ address, namespace });
    assert.deepEqual(await typesIn(namespace), {
      JobId: KEYWORD,
      JobKind: KEYWORD,
      JobPriority: KEYWORD,
      JobQueue: KEYWORD,
      JobTags: 7,
      JobType: KEYWORD,
      Own: TEXT,
    });
    const id = await scheduler.scheduleJob({
      jobType: 'task',
      schedule: once({ in: '1h' }),
      payload: {},
      tags: ['first'],
    });
    const jobs = await eventually(
      () => scheduler.listJobs({ tag: 'first' }),
      ({ length }) => length > 0,
    );
    assert.deepEqual(
      jobs.map((job) => job.id),
      [id],
    );
    // Another namespace, another world.
    await using other = await Scheduler.connect({ address });
    await assert.rejects(other.getJobStatus(id), { code: 'JOB_NOT_FOUND' });
  });

  it('gets them once, whoever connects at the same time', async () => {
    const namespace = await create('busy');
    const schedulers = await Promise.all(Array.from({ length: 5 }, () => Scheduler.connect({ address, namespace })));
    await Promise.all(schedulers.map((scheduler) => scheduler.close()));
    assert.equal(Object.keys(await typesIn(namespace)).length, 6);
  });

  it('without room for them is refused, with what to run', async () => {
    const namespace = await create('full', keywords(10));
    await assert.rejects(Scheduler.connect({ address, namespace }), (error: Error & { code: string }) => {
      assert.deepEqual([error.name, error.code], ['SearchAttributesMissingError', 'SEARCH_ATTRIBUTES_MISSING']);
      assert.match(
        error.message,
        /could not add JobId, JobType, JobKind, JobPriority, JobQueue, JobTags \(.*more than 10.*\)/,
      );
      assert.ok(
        error.message.includes(`temporal operator search-attribute remove --namespace ${namespace} --name NAME`),
      );
      assert.match(error.message, /one of Other0, Other1, .*Other9 that nobody needs/);
      return true;
    });
    assert.deepEqual(await typesIn(namespace), keywords(10));
  });

  it('is served once what the refusal says has been run', async () => {
    const namespace = await create('crowded', { ...keywords(6), JobType: KEYWORD });
    const error = await Scheduler.connect({ address, namespace }).then(
      () => assert.fail('expected a refusal'),
      (reason: Error) => reason,
    );
    const command = /run: temporal (operator search-attribute create .*)$/.exec(error.message)?.[1]?.split(' ') ?? [];
    assert.ok(!command.includes('JobType'), 'what is there is not added again');
    const remove = ['operator', 'search-attribute', 'remove', '--yes', '--namespace', namespace, '--name', 'Other0'];
    for (const args of [remove, command]) await temporal(address, ...args);
    await using scheduler = await Scheduler.connect({ address, namespace });
    assert.equal(await scheduler.isPaused(), false);
  });

  it('whose search attributes of these names are of other types is refused', async () => {
    for (const type of [TEXT, 3]) {
      const namespace = await create('other', { JobId: type });
      await assert.rejects(Scheduler.connect({ address, namespace }), {
        code: 'SEARCH_ATTRIBUTES_MISSING',
        message:
          /^expected search attributes of our types in namespace "other-.*", got JobId of another: .*search-attribute remove --namespace other-.* --name JobId$/,
      });
    }
  });
});

describe('a scheduler', () => {
  it('leaves a client that it was given open when it is closed', async () => {
    const { address } = await testServer();
    const client = new Client({ connection: await Connection.connect({ address }) });
    const scheduler = await Scheduler.connect({ client, taskQueue: `given-${randomUUID()}` });
    await scheduler.close();
    assert.ok((await client.workflow.count(`JobId = 'none'`)).count === 0);
    await client.connection.close();
  });

  it('closes the connection that it made, and may be closed twice', async () => {
    const { address } = await testServer();
    const scheduler = await Scheduler.connect({ address });
    await scheduler.close();
    await scheduler.close();
    await assert.rejects(scheduler.listJobs());
  });

  it('tells of a server that went away within the call timeout, and goes on when it is back', async () => {
    await using way = await Way.to((await testServer()).address);
    const { address } = way;
    await using scheduler = await Scheduler.connect({ address, callTimeout: 700, taskQueue: `away-${randomUUID()}` });
    way.cut();
    const started = Date.now();
    await assert.rejects(scheduler.listJobs(), { code: 'UNAVAILABLE', message: new RegExp(address) });
    assert.ok(Date.now() - started < 1_500);
    way.mend();
    const jobs = await eventually(
      () => scheduler.listJobs().catch(() => undefined),
      (answer) => answer !== undefined,
    );
    assert.deepEqual(jobs, []);
  });

  it('that is closed while it waits ends the call as cancelled, and not the process, when the server goes away', async () => {
    await using way = await Way.to((await testServer()).address);
    const scheduler = await Scheduler.connect({ address: way.address, taskQueue: `closed-${randomUUID()}` });
    const id = await scheduler.scheduleJob({ jobType: 'task', schedule: once({ in: '1h' }), payload: {} });
    const bytes = way.bytes;
    const waiting = assert.rejects(scheduler.waitForJob(id), { code: 'UNAVAILABLE' });
    // Two reads and then the wait, which is answered only when the way is cut.
    await eventually(
      async () => way.bytes,
      (now) => now > bytes,
    );
    await eventually(
      () => way.quiet(300),
      (isQuiet) => isQuiet,
    );
    await scheduler.close();
    way.cut();
    await waiting;
  });
});

/** A way to a server that can be cut and mended. */
class Way implements AsyncDisposable {
  bytes = 0;
  #isCut = false;
  readonly #sockets = new Set<Socket>();
  readonly #proxy: Server;

  private constructor(target: string) {
    const [host, port] = target.split(':');
    this.#proxy = createServer((socket) => {
      if (this.#isCut) return void socket.destroy();
      const upstream = connect(Number(port), host);
      for (const end of [socket, upstream]) {
        this.#sockets.add(end);
        end.on('error', () => {}).on('close', () => this.#sockets.delete(end));
        end.on('data', ({ length }) => (this.bytes += length));
      }
      socket.pipe(upstream).pipe(socket);
      return undefined;
    });
  }

  static async to(target: string): Promise<Way> {
    const way = new Way(target);
    way.#proxy.listen(0, '127.0.0.1');
    await event(way.#proxy, 'listening');
    return way;
  }

  get address(): string {
    return `127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  /** Whether nothing passes for so long. */
  async quiet(milliseconds: number): Promise<boolean> {
    const { bytes } = this;
    await sleep(milliseconds);
    return this.bytes === bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#proxy.close();
  }
}
