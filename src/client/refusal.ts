import { status, type StatusObject } from '@grpc/grpc-js';
import { PermissionDeniedError, SchedulerUnavailableError, type SchedulerError } from '../job/errors.ts';

/** Under this name the status of a refused call keeps which call it was: the server does not say. */
const CALL = 'temporal-job-scheduler-call';

/** Notes in the status of a call, if it was refused, which call it was. */
export function nameRefused({ code, metadata }: Partial<StatusObject>, path = ''): void {
  if (isRefusal(code)) metadata?.set(CALL, path.split('/').at(-1) ?? '');
}

function isRefusal(code: number | undefined): boolean {
  return code === status.PERMISSION_DENIED || code === status.UNAUTHENTICATED;
}

/** That the server refuses a call, or this client altogether. */
export function toRefusal(
  error: unknown,
  grpc: Pick<StatusObject, 'code' | 'details'> | undefined,
  at: string,
): SchedulerError | undefined {
  const refused =
    grpc && isRefusal(grpc.code) ? { call: callOf(error), details: grpc.details } : refusedToWorker(error);
  if (!refused) return undefined;
  const { call, details } = refused;
  return new PermissionDeniedError(
    `${at} refused this client${call ? ` ${call}` : ''}: ${details.replace(/\.$/, '')}. Check its API key, certificate and role: docs/security.md has the calls it needs`,
    { cause: error, ...(call && { call }) },
  );
}

function callOf(error: unknown): string | undefined {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const { metadata } = inner as { metadata?: StatusObject['metadata'] };
    const [call] = typeof metadata?.get === 'function' ? metadata.get(CALL) : [];
    if (call !== undefined) return call.toString();
  }
  return undefined;
}

// The worker's connection has some refusals in words only: as it looks for its namespace, and as it polls.
const REFUSED = /\b(?:PermissionDenied|Unauthenticated)\b|^Request unauthorized/;
const OF_NAMESPACE = /^Namespace .* could not be described/;

function refusedToWorker(error: unknown): { readonly call?: string; readonly details: string } | undefined {
  if (!(error instanceof Error) || error.name !== 'TransportError' || !REFUSED.test(error.message)) return undefined;
  const details = /message: "((?:[^"\\]|\\.)*)"/.exec(error.message)?.[1] ?? error.message;
  return { ...(OF_NAMESPACE.test(error.message) && { call: 'DescribeNamespace' }), details };
}

// A failed TLS handshake has no status. Node's TLS and the worker's, in this order, each have their own words for it.
const OTHER_NAME = /altnames|NotValidForName/i;
const NOT_TRUSTED = /self.signed certificate|unable to (?:get|verify)|certificate has expired|InvalidCertificate/i;
const NO_TLS = /wrong version number|packet length too long|InvalidContentType/i;
const CLIENT_REFUSED =
  /alert (?:certificate|bad certificate|unknown ca|handshake failure|access denied)|AlertReceived\((?:\w*Certificate\w*|UnknownCA|HandshakeFailure|AccessDenied)/i;

/** That the two could not agree on a TLS connection, and what to give so that they can. */
export function toHandshakeError(details: string, at: string, cause: unknown): SchedulerError | undefined {
  // OpenSSL wraps its few words in numbers and places in its source.
  const text = /SSL routines:[^:]*:([^:]+)/.exec(details)?.[1] ?? details;
  if (CLIENT_REFUSED.test(text)) {
    return new PermissionDeniedError(
      `${at} refused this client's certificate, or that it has none (${text}): give the option "tls" a clientCertPair, or set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH`,
      { cause },
    );
  }
  const problem = handshakeProblem(text);
  if (!problem) return undefined;
  const [got, advice] = problem;
  return new SchedulerUnavailableError(`expected an answer from ${at}, got ${got} (${text}): ${advice}`, { cause });
}

function handshakeProblem(text: string): readonly [got: string, advice: string] | undefined {
  if (OTHER_NAME.test(text)) {
    return [
      'a certificate for another name',
      'give the option "tls" that name as serverNameOverride, or set TEMPORAL_TLS_SERVER_NAME',
    ];
  }
  if (NOT_TRUSTED.test(text)) {
    return [
      'a certificate that is not trusted here',
      'give the option "tls" the certificate of its authority as serverRootCACertificate, or set TEMPORAL_TLS_SERVER_CA_CERT_PATH',
    ];
  }
  if (NO_TLS.test(text)) return ['an answer without TLS', 'leave out the option "tls", TEMPORAL_TLS and the API key'];
  return undefined;
}
