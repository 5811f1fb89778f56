import { InterceptingCall, Metadata, status, type Interceptor, type StatusObject } from '@grpc/grpc-js';
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type ConnectionOptions,
} from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { InvalidArgumentError } from '../job/errors.ts';
import { checkSettings } from './check-options.ts';
import { grpcStatus, mapErrors, type Place } from './map-error.ts';
import { nameRefused } from './refusal.ts';

/**
 * Where the Temporal server is. What is not given comes from Temporal's environment variables (`TEMPORAL_ADDRESS`,
 * `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_...`), else from its profile file, else it is a server on
 * this machine.
 */
export interface ConnectionSettings {
  /** @default '127.0.0.1:7233' */
  readonly address?: string;
  /** @default 'default' */
  readonly namespace?: string;
  /** `true` for TLS, or its certificates: `{ serverRootCACertificate, clientCertPair: { crt, key }, ... }`. */
  readonly tls?: ConnectionOptions['tls'];
  readonly apiKey?: string;
  /** A profile of Temporal's configuration file. @default 'default' */
  readonly profile?: string;
  /** How payloads are encoded: the same for clients and workers. */
  readonly dataConverter?: DataConverter;
  /** How long a call may take, reconnecting included, in milliseconds. @default 10 seconds */
  readonly callTimeout?: number;
}

/** These wait at the server for something to happen. */
const LONG_POLLS = /\/(GetWorkflowExecutionHistory|UpdateWorkflowExecution|PollWorkflowExecutionUpdate)$/;
const LONG_POLL_TIMEOUT = 70_000;
/** In milliseconds, beyond the call timeout. */
const TELLS_WHY_WITHIN = 200;

export interface ResolvedSettings extends Place {
  readonly connectionOptions: Pick<NativeConnectionOptions, 'address' | 'tls' | 'apiKey' | 'metadata'>;
}

/** Arguments over environment over profile file. */
export function resolveSettings(settings: ConnectionSettings): ResolvedSettings {
  checkSettings(settings);
  const environment = fromEnvironment(settings.profile);
  const { connectionOptions } = environment;
  const tls = settings.tls ?? connectionOptions.tls;
  // A variable that is empty is one that is not set.
  const apiKey = settings.apiKey ?? (connectionOptions.apiKey || undefined);
  const address = settings.address ?? (connectionOptions.address || '127.0.0.1:7233');
  const namespace = settings.namespace ?? (environment.namespace || 'default');
  checkSettings({ address, namespace, ...(typeof apiKey === 'string' && { apiKey }) });
  return {
    address,
    namespace,
    connectionOptions: {
      address,
      ...(tls !== undefined && { tls }),
      ...(apiKey !== undefined && { apiKey }),
      ...(connectionOptions.metadata && { metadata: connectionOptions.metadata }),
    },
  };
}

function fromEnvironment(profile: string | undefined): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig({ ...(profile !== undefined && { profile }) });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidArgumentError(`cannot read Temporal's connection settings: ${why}`, { cause });
  }
}

/** Opens a connection whose every call ends within the time given, the SDK's retries included. */
export async function connectClient(settings: ConnectionSettings): Promise<{ client: Client; place: Place }> {
  const { connectionOptions, address, namespace } = resolveSettings(settings);
  const { callTimeout = 10_000, dataConverter } = settings;
  const place = { address, namespace };
  const connection = prepare({
    ...connectionOptions,
    connectTimeout: callTimeout,
    interceptors: [within(callTimeout), cancelWhenClosed],
  });
  try {
    await mapErrors(place, () => ensureConnected(connection));
  } catch (error) {
    await connection.close();
    throw error;
  }
  return { client: new Client({ connection, namespace, ...(dataConverter && { dataConverter }) }), place };
}

async function ensureConnected(connection: Connection): Promise<void> {
  try {
    await connection.ensureConnected();
  } catch (error) {
    if (grpcStatus(error)) throw error;
    // There was no connection in time, and that is all it says. A call, which does not wait for one, says why.
    await connection.withDeadline(Date.now() + TELLS_WHY_WITHIN, () => connection.workflowService.getSystemInfo({}));
  }
}

/** Makes a call again until its time is over, but not where the next try would come after that: it fails with why. */
function within(callTimeout: number): Interceptor {
  const retry = defaultGrpcRetryOptions();
  return (options, nextCall) => {
    const isLongPoll = LONG_POLLS.test(options.method_definition?.path ?? '');
    const timeout = isLongPoll ? Math.max(LONG_POLL_TIMEOUT, callTimeout) : callTimeout;
    const deadline = options.deadline ?? Date.now() + timeout;
    const retryableDecider: typeof retry.retryableDecider = (attempt, result) =>
      retry.retryableDecider(attempt, isClash(result) ? { ...result, code: status.ABORTED } : result) &&
      Date.now() + retry.delayFunction(attempt, result) < Number(deadline);
    return makeGrpcRetryInterceptor({ ...retry, retryableDecider })({ ...options, deadline }, telling(nextCall));
  };
}

/** Each try of a call notes which call it is, if it is refused; and, if there was no time for it, why there was another. */
function telling(nextCall: Parameters<Interceptor>[1]): Parameters<Interceptor>[1] {
  let before: string | undefined;
  return (options) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, _listener, next) =>
        next(metadata, {
          onReceiveStatus: (result, pass) => {
            nameRefused(result, options.method_definition?.path);
            const isTooLate = result.code === status.DEADLINE_EXCEEDED && before !== undefined;
            const details = isTooLate ? `${result.details}, and before that: ${before}` : result.details;
            before = result.details;
            pass({ ...result, details });
          },
        }),
    });
}

/** What a server on SQL says of the settings of task queues that two calls change at once: the same call works next time. */
function isClash({ code, details }: StatusObject): boolean {
  return code === status.INVALID_ARGUMENT && /exactly one row/.test(details);
}

/**
 * A call on a closed connection throws. Where the SDK makes it again out of a timer, nobody could catch that, and it
 * would end the process: here it ends as a cancelled call.
 */
const cancelWhenClosed: Interceptor = (options, nextCall) => {
  try {
    return new InterceptingCall(nextCall(options));
  } catch {
    const closed = { code: status.CANCELLED, details: 'the connection has been closed', metadata: new Metadata() };
    return new InterceptingCall({
      start: (_, listener) => listener?.onReceiveStatus?.(closed),
      sendMessage: () => {},
      sendMessageWithContext: () => {},
      startRead: () => {},
      halfClose: () => {},
      cancelWithStatus: () => {},
      getPeer: () => 'unknown',
      getAuthContext: () => null,
    });
  }
};

/** Certificates and the like are read here, before any call. */
function prepare(options: ConnectionOptions): Connection {
  try {
    return Connection.lazy(options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidArgumentError(`expected settings to connect with, such as certificates in PEM form, got: ${why}`, {
      cause,
    });
  }
}
