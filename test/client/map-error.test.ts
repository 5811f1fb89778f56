import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { grpcStatus, isAlreadyExists, isNotFound, mapErrors, registerCommand } from '../../src/client/map-error.ts';
import { JobNotFoundError, type SchedulerError } from '../../src/job/errors.ts';

const place = { address: 'temporal.example:7233', namespace: 'jobs' };
const grpc = (code: status, details = 'why') => Object.assign(new Error(`${code}: ${details}`), { code, details });
/** As the worker's connection throws it. */
const transport = (message: string) => Object.assign(new Error(message), { name: 'TransportError' });
/** As the SDK throws it. */
const wrapped = (cause: unknown) => Object.assign(new Error('Failed to do it', { cause }), { name: 'ServiceError' });

async function mapped(error: unknown): Promise<SchedulerError> {
  try {
    await mapErrors(place, async () => {
      throw error;
    });
  } catch (reason) {
    return reason as SchedulerError;
  }
  assert.fail('expected an error');
}

describe('an error of a call', () => {
  it('answers what the calls answer where there is none', async () => {
    assert.equal(await mapErrors(place, async () => 5), 5);
  });

  it('is one of ours already, and stays it', async () => {
    const ours = new JobNotFoundError('a', 'gone');
    assert.equal(await mapped(ours), ours);
  });

  const cases: [string, unknown, string, RegExp][] = [
    [
      'unavailable',
      grpc(status.UNAVAILABLE),
      'UNAVAILABLE',
      /temporal\.example:7233 \(namespace "jobs"\), got why: .*temporal-dev\.sh/,
    ],
    ['over its deadline', wrapped(grpc(status.DEADLINE_EXCEEDED)), 'UNAVAILABLE', /got why/],
    [
      'over its deadline, as the server says it',
      wrapped(grpc(status.CANCELLED, 'Call cancelled')),
      'UNAVAILABLE',
      /got none within the call timeout/,
    ],
    [
      'of a connection that never was',
      new Error('Failed to connect before the deadline'),
      'UNAVAILABLE',
      /Failed to connect/,
    ],
    [
      'of the native connection',
      Object.assign(new Error('tcp connect error'), { name: 'TransportError' }),
      'UNAVAILABLE',
      /tcp/,
    ],
    [
      'of a server over its limits',
      grpc(status.RESOURCE_EXHAUSTED, 'too many'),
      'UNAVAILABLE',
      /over its limits: too many/,
    ],
    [
      'of a server that has a fault',
      wrapped(grpc(status.INTERNAL, 'oops')),
      'UNAVAILABLE',
      /failed: oops\. Call again/,
    ],
    [
      'of something that is no such server',
      grpc(status.UNIMPLEMENTED, 'unknown service'),
      'UNAVAILABLE',
      /expected a Temporal server .* got another: unknown service/,
    ],
    [
      'of permission',
      wrapped(grpc(status.PERMISSION_DENIED)),
      'PERMISSION_DENIED',
      /refused this client: why\. Check its API key/,
    ],
    ['of authentication', grpc(status.UNAUTHENTICATED), 'PERMISSION_DENIED', /refused this client/],
    [
      'of a worker that is refused runs, for which its connection has words only',
      transport('Request unauthorized.'),
      'PERMISSION_DENIED',
      /refused this client: Request unauthorized\. Check its API key/,
    ],
    [
      "of a certificate that the client's TLS does not trust",
      grpc(status.UNAVAILABLE, 'No connection established. Last error: self-signed certificate in certificate chain.'),
      'UNAVAILABLE',
      /got a certificate that is not trusted here .*serverRootCACertificate/,
    ],
    [
      "of a certificate that the worker's TLS does not trust",
      transport('tonic::transport::Error(Transport, ConnectError(... InvalidCertificate(UnknownIssuer) ...))'),
      'UNAVAILABLE',
      /got a certificate that is not trusted here/,
    ],
    [
      'of a client certificate that is refused',
      grpc(
        status.UNAVAILABLE,
        '80B:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../ssl.c:1601:\n',
      ),
      'PERMISSION_DENIED',
      /refused this client's certificate, or that it has none \(tlsv1 alert unknown ca\): .*clientCertPair/,
    ],
    [
      "of a worker's certificate that is refused",
      transport('hyper::Error(Io, Custom { kind: InvalidData, error: AlertReceived(UnknownCA) })'),
      'PERMISSION_DENIED',
      /refused this client's certificate/,
    ],
    [
      'of a payload over the limit',
      grpc(status.INVALID_ARGUMENT, 'Blob data size exceeds limit.'),
      'INVALID_JOB',
      /^payload: expected what the server takes/,
    ],
    [
      'of a message over the limit',
      grpc(status.RESOURCE_EXHAUSTED, 'grpc: received message larger than max (5 vs. 4)'),
      'INVALID_JOB',
      /^payload: /,
    ],
    [
      'of a search attribute',
      grpc(status.INVALID_ARGUMENT, 'Namespace jobs has no mapping defined for search attribute JobId'),
      'SEARCH_ATTRIBUTES_MISSING',
      /run: temporal operator search-attribute create --namespace jobs --name JobId/,
    ],
    ['of any other argument', grpc(status.INVALID_ARGUMENT, 'bad'), 'INVALID_ARGUMENT', /refused the request: bad/],
    [
      'of a namespace',
      grpc(status.NOT_FOUND, 'Namespace jobs is not found.'),
      'INVALID_ARGUMENT',
      /^namespace: expected one .*, got "jobs": temporal operator namespace create --namespace jobs/,
    ],
    [
      "of a namespace, in the SDK's words",
      Object.assign(new Error('x'), { name: 'NamespaceNotFoundError' }),
      'INVALID_ARGUMENT',
      /^namespace: expected one/,
    ],
  ];
  for (const [what, error, code, message] of cases) {
    it(`${what} is ${code}, and keeps its cause`, async () => {
      const { code: given, message: text, cause } = await mapped(error);
      assert.equal(given, code);
      assert.match(text, message);
      assert.equal(cause, error);
    });
  }

  it('that is a mistake in code stays what it is', async () => {
    const mistake = new TypeError('x is undefined');
    assert.equal(await mapped(mistake), mistake);
    assert.equal(await mapped('text'), 'text');
  });

  it('has its status anywhere in its causes', () => {
    assert.equal(grpcStatus(wrapped(wrapped(grpc(status.ABORTED))))?.code, status.ABORTED);
    assert.equal(grpcStatus(Object.assign(new Error('x'), { code: 'ENOENT' })), undefined);
    assert.equal(grpcStatus('x'), undefined);
    assert.ok(isAlreadyExists(wrapped(grpc(status.ALREADY_EXISTS))));
  });

  it('of a missing workflow is told from one of a missing namespace', () => {
    assert.ok(isNotFound(grpc(status.NOT_FOUND, 'workflow not found')));
    assert.ok(!isNotFound(grpc(status.NOT_FOUND, 'Namespace jobs is not found.')));
  });
});

describe('the command that adds search attributes', () => {
  it('names those that are missing, each with its type', () => {
    assert.equal(
      registerCommand('jobs', ['JobId', 'JobTags']),
      'run: temporal operator search-attribute create --namespace jobs --name JobId --type Keyword --name JobTags --type KeywordList',
    );
    assert.equal(registerCommand('jobs').match(/--name /g)?.length, 6);
  });
});
