import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Scheduler, defineJob, once, type ConnectionSettings, type PermissionDeniedError } from '../../src/index.ts';
import { createJobWorker } from '../../src/worker.ts';
import { Authority, type Identity } from '../support/certificates.ts';
import { Gateway, onlyWith } from '../support/gateway.ts';
import { testServer } from '../support/servers.ts';

// The development server speaks no TLS and lets everybody in: a gateway before it demands what an operator would.

const greet = defineJob('greet', { payload: z.object({ name: z.string() }) });
const handlers = [greet.handler(({ name }) => `Hello, ${name}!`)];

/** Who connects: client and worker have each its own TLS and its own gRPC, and say the same when it fails. */
const ROLES: Record<string, (settings: ConnectionSettings) => Promise<AsyncDisposable>> = {
  'the client': (settings) => Scheduler.connect({ callTimeout: 2_000, ...settings }),
  'a worker': (settings) => createJobWorker({ ...settings, handlers }),
};

/** A job is scheduled and run. */
async function isServed(settings: ConnectionSettings): Promise<void> {
  const taskQueue = `secure-${randomUUID()}`;
  await using scheduler = await Scheduler.connect({ ...settings, taskQueue });
  await using worker = await createJobWorker({ ...settings, taskQueue, handlers });
  const running = worker.run();
  const id = await scheduler.scheduleJob({ jobType: 'greet', schedule: once({ in: 0 }), payload: { name: 'Ada' } });
  assert.equal(await scheduler.waitForJob(id), 'Hello, Ada!');
  worker.shutdown();
  await running;
}

const KEY = 'key-of-this-test';
const UNAVAILABLE = { name: 'SchedulerUnavailableError', code: 'UNAVAILABLE' };
const DENIED = { name: 'PermissionDeniedError', code: 'PERMISSION_DENIED' };

describe('a server with TLS', function () {
  this.timeout(30_000);
  let target: string;
  let authority: Authority;
  let stranger: Authority;
  let identity: Identity;
  before(async () => {
    ({ address: target } = await testServer());
    [authority, stranger] = await Promise.all([Authority.create('private'), Authority.create('stranger')]);
    identity = await authority.issue('localhost');
  });
  after(() => Promise.all([authority, stranger].map((each) => each[Symbol.asyncDispose]())));

  /** What a client or worker gives that trusts the authority. */
  const trusting = () => ({ serverRootCACertificate: authority.cert });

  it('whose certificate a private authority has signed serves who trusts that', async () => {
    await using gateway = await Gateway.to(target, { tls: identity });
    await isServed({ address: gateway.address, tls: trusting() });
  });

  it('under another name serves who gives that name', async () => {
    await using gateway = await Gateway.to(target, { tls: await authority.issue('temporal.internal') });
    await isServed({ address: gateway.address, tls: { ...trusting(), serverNameOverride: 'temporal.internal' } });
  });

  it('that demands a certificate serves who has one of its authority', async () => {
    await using gateway = await Gateway.to(target, { tls: { ...identity, clientAuthority: authority.cert } });
    const clientCertPair = await authority.issue('scheduler').then(({ cert, key }) => ({ crt: cert, key }));
    await isServed({ address: gateway.address, tls: { ...trusting(), clientCertPair } });
  });

  it('that demands an API key serves who has it', async () => {
    await using gateway = await Gateway.to(target, { tls: identity, refuse: onlyWith(KEY) });
    await isServed({ address: gateway.address, tls: trusting(), apiKey: KEY });
  });

  for (const [role, connect] of Object.entries(ROLES)) {
    describe(`tells ${role}`, () => {
      it('that its certificate is not trusted, and which option makes it so', async () => {
        await using gateway = await Gateway.to(target, { tls: identity });
        const message =
          /got a certificate that is not trusted here \(.+\): give the option "tls" .* serverRootCACertificate, or set TEMPORAL_TLS_SERVER_CA_CERT_PATH$/s;
        for (const tls of [true, { serverRootCACertificate: stranger.cert }]) {
          await assert.rejects(connect({ address: gateway.address, tls }), { ...UNAVAILABLE, message });
        }
      });

      it('that its certificate is for another name', async () => {
        await using gateway = await Gateway.to(target, { tls: await authority.issue('temporal.internal') });
        await assert.rejects(connect({ address: gateway.address, tls: trusting() }), {
          ...UNAVAILABLE,
          message: /got a certificate for another name \(.+\): give the option "tls" that name as serverNameOverride/s,
        });
      });

      it('that it demands a certificate', async () => {
        await using gateway = await Gateway.to(target, { tls: { ...identity, clientAuthority: authority.cert } });
        await assert.rejects(connect({ address: gateway.address, tls: trusting() }), {
          ...DENIED,
          message:
            /refused this client's certificate, or that it has none \(.+\): give the option "tls" a clientCertPair/s,
        });
      });

      it('that it has the wrong API key, or none, without telling the key', async () => {
        await using gateway = await Gateway.to(target, { tls: identity, refuse: onlyWith(KEY) });
        for (const apiKey of [undefined, 'a-wrong-key']) {
          const settings = { address: gateway.address, tls: trusting(), ...(apiKey && { apiKey }) };
          await assert.rejects(connect(settings), (error: PermissionDeniedError) => {
            const { name, code, call } = error;
            assert.deepEqual({ name, code, call }, { ...DENIED, call: 'GetSystemInfo' });
            assert.match(error.message, /refused this client GetSystemInfo: no such key\. Check its API key/);
            assert.doesNotMatch(error.message, /a-wrong-key/);
            return true;
          });
        }
      });

      it('that the other side speaks no TLS', async () => {
        const address = target.replace('127.0.0.1', 'localhost');
        await assert.rejects(connect({ address, tls: trusting() }), {
          ...UNAVAILABLE,
          message: /got an answer without TLS \(.+\): leave out the option "tls"/s,
        });
      });
    });
  }
});
