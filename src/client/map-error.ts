import { status } from '@grpc/grpc-js';
import {
  InvalidArgumentError,
  InvalidJobError,
  SchedulerError,
  SchedulerUnavailableError,
  SearchAttributesMissingError,
} from '../job/errors.ts';
import { toHandshakeError, toRefusal } from './refusal.ts';

/** Where calls go, as messages name it. */
export interface Place {
  readonly address: string;
  readonly namespace: string;
}

/** Runs calls to the server and turns what they throw into our errors. */
export async function mapErrors<Result>(place: Place, calls: () => Promise<Result>): Promise<Result> {
  try {
    return await calls();
  } catch (error) {
    throw toSchedulerError(error, place);
  }
}

/** The gRPC status of an error, wherever in its causes it stands. */
export function grpcStatus(error: unknown): { code: number; details: string } | undefined {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const { code, details } = inner as { code?: unknown; details?: unknown };
    // A worker's connection has the server's words in the message alone.
    if (typeof code === 'number') return { code, details: (typeof details === 'string' && details) || inner.message };
  }
  return undefined;
}

/** That there is no such schedule or workflow, as the SDK or the server says it. */
export function isNotFound(error: unknown): boolean {
  if (isNamed(error, 'ScheduleNotFoundError', 'WorkflowNotFoundError')) return true;
  const found = grpcStatus(error);
  return found?.code === status.NOT_FOUND && !found.details.startsWith('Namespace ');
}

/** What a call answers, or undefined if there is no such schedule or workflow. */
export async function ifFound<Found>(call: Promise<Found>): Promise<Found | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** That there is a schedule or workflow with the id, as the SDK or the server says it. */
export function isAlreadyExists(error: unknown): boolean {
  if (isNamed(error, 'ScheduleAlreadyRunning', 'WorkflowExecutionAlreadyStartedError')) return true;
  return grpcStatus(error)?.code === status.ALREADY_EXISTS;
}

function isNamed(error: unknown, ...names: string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

/** At a call's deadline the server resets its stream, which may be heard of before our own clock strikes. */
function inWords(details: string): string {
  return details === 'Call cancelled' ? 'none within the call timeout' : details;
}

function toSchedulerError(error: unknown, { address, namespace }: Place): unknown {
  if (error instanceof SchedulerError) return error;
  const grpc = grpcStatus(error);
  const details = grpc?.details ?? '';
  if (isNamespaceNotFound(error, grpc?.details)) {
    return new InvalidArgumentError(
      `namespace: expected one that the Temporal server at ${address} has, got "${namespace}": temporal operator namespace create --namespace ${namespace} makes it`,
      { cause: error },
    );
  }
  const at = `the Temporal server at ${address} (namespace "${namespace}")`;
  const refusal = toRefusal(error, grpc, at);
  if (refusal) return refusal;
  if (isUnreachable(error, grpc?.code)) {
    const handshake = toHandshakeError(details || String(error), at, error);
    if (handshake) return handshake;
    return new SchedulerUnavailableError(
      `expected an answer from ${at}, got ${inWords(details || String(error))}: is it running? ./temporal-dev.sh starts one here; TEMPORAL_ADDRESS or the option "address" says where else to look`,
      { cause: error },
    );
  }
  switch (grpc?.code) {
    case status.NOT_FOUND:
      return new InvalidArgumentError(`${at} says: ${details}`, { cause: error });
    case status.UNIMPLEMENTED:
      return new SchedulerUnavailableError(
        `expected a Temporal server that knows this call at ${address}, got another: ${details}`,
        {
          cause: error,
        },
      );
    case status.RESOURCE_EXHAUSTED:
      return /larger than max/.test(details)
        ? new InvalidJobError('payload', `payload: expected what the server takes, got more: ${details}`, {
            cause: error,
          })
        : new SchedulerUnavailableError(`${at} is over its limits: ${details}. Call again later`, { cause: error });
    case status.INVALID_ARGUMENT:
      if (
        /search attribute|invalid query|not defined/i.test(details) &&
        /Job(Id|Type|Kind|Priority|Queue|Tags)/.test(details)
      ) {
        return new SearchAttributesMissingError(
          `${at} lacks our search attributes (${details}): ${registerCommand(namespace)}`,
          {
            cause: error,
          },
        );
      }
      return /blob|size exceeds/i.test(details)
        ? new InvalidJobError('payload', `payload: expected what the server takes, got more: ${details}`, {
            cause: error,
          })
        : new InvalidArgumentError(`${at} refused the request: ${details}`, { cause: error });
    case undefined:
      return error;
    default:
      return new SchedulerUnavailableError(`${at} failed: ${details}. Call again`, { cause: error });
  }
}

/** The SDK hides the status of some of these behind an error of its own. */
function isNamespaceNotFound(error: unknown, details = ''): boolean {
  return (
    /^Namespace \S+ is not found/.test(details) || (error instanceof Error && error.name === 'NamespaceNotFoundError')
  );
}

function isUnreachable(error: unknown, code: number | undefined): boolean {
  if (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED || code === status.CANCELLED) return true;
  if (code === status.RESOURCE_EXHAUSTED) return false;
  return (
    error instanceof Error && /Failed to connect|TransportError|before timeout/i.test(`${error.name}: ${error.message}`)
  );
}

const SEARCH_ATTRIBUTES = ['JobId', 'JobType', 'JobKind', 'JobPriority', 'JobQueue', 'JobTags'];

/** What an operator runs where `connect` may not add the search attributes that are missing. */
export function registerCommand(namespace: string, missing: readonly string[] = SEARCH_ATTRIBUTES): string {
  const types = missing.map((name) => `--name ${name} --type ${name === 'JobTags' ? 'KeywordList' : 'Keyword'}`);
  return `run: temporal operator search-attribute create --namespace ${namespace} ${types.join(' ')}`;
}
