import { InvalidArgumentError } from '../job/errors.ts';
import { show } from '../job/show.ts';
import type { ConnectionSettings } from './connect.ts';
import type { OnConflict } from './create.ts';

const LONGEST_REASON = 500;

export function checkTaskQueue(taskQueue: unknown = 'jobs'): string {
  const isName = typeof taskQueue === 'string' && taskQueue.length > 0 && taskQueue.length <= 200;
  if (isName && !/[\p{Cc}"\\]/u.test(taskQueue) && taskQueue.isWellFormed()) return taskQueue;
  throw new InvalidArgumentError(
    `taskQueue: expected 1 to 200 characters without control characters, double quotes and backslashes, got ${show(taskQueue)}`,
  );
}

export function checkOnConflict(onConflict: unknown = 'error'): OnConflict {
  if (onConflict === 'error' || onConflict === 'keep' || onConflict === 'replace') return onConflict;
  throw new InvalidArgumentError(`onConflict: expected 'error', 'keep' or 'replace', got ${show(onConflict)}`);
}

export function checkReason(reason: unknown, otherwise: string): string {
  if (reason === undefined) return otherwise;
  const isText = typeof reason === 'string' && reason.isWellFormed();
  if (isText && reason.length > 0 && reason.length <= LONGEST_REASON) return reason;
  throw new InvalidArgumentError(`reason: expected 1 to ${LONGEST_REASON} characters, got ${show(reason)}`);
}

export function checkUntil(until: unknown): Date | undefined {
  if (until === undefined) return undefined;
  if (until instanceof Date && until.getTime() > Date.now()) return until;
  throw new InvalidArgumentError(`until: expected a Date to come, got ${show(until)}`);
}

export function checkMissed(missed: unknown = 'skip'): 'skip' | 'latest' {
  if (missed === 'skip' || missed === 'latest') return missed;
  throw new InvalidArgumentError(`missed: expected 'skip' or 'latest', got ${show(missed)}`);
}

export function checkLimit(limit: unknown): number | undefined {
  if (limit === undefined || (Number.isInteger(limit) && Number(limit) > 0)) return limit as number | undefined;
  throw new InvalidArgumentError(`limit: expected a whole number of at least 1, got ${show(limit)}`);
}

/** A host, and perhaps a port: an IPv6 address in brackets. */
const ADDRESS = /^(?:[^\s:/@[\]]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;
/** What an HTTP header takes. */
const API_KEY = /^[\u0021-\u007e]+$/;
/** The longest a timer of Node's can wait. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

export function checkSettings({ address, namespace, apiKey, profile, callTimeout, tls }: ConnectionSettings): void {
  expect('address', address, 'host:port', ADDRESS.test(`${address}`));
  expect('namespace', namespace, 'the name of a namespace', `${namespace}`.length > 0 && `${namespace}`.isWellFormed());
  expect('profile', profile, 'the name of a profile', `${profile}`.length > 0);
  if (apiKey !== undefined && !(typeof apiKey === 'string' && API_KEY.test(apiKey))) {
    throw new InvalidArgumentError(
      'apiKey: expected visible ASCII characters, without spaces and line ends, got others',
    );
  }
  if (tls !== undefined && typeof tls !== 'boolean' && (typeof tls !== 'object' || tls === null)) {
    throw new InvalidArgumentError(`tls: expected true, false or an object with certificates, got ${show(tls)}`);
  }
  const isTimeout =
    callTimeout === undefined || (Number.isInteger(callTimeout) && callTimeout > 0 && callTimeout <= LONGEST_TIMEOUT);
  if (!isTimeout)
    throw new InvalidArgumentError(`callTimeout: expected whole milliseconds, at least 1, got ${show(callTimeout)}`);
}

function expect(field: string, value: unknown, expected: string, isRight: boolean): void {
  if (value === undefined || (typeof value === 'string' && isRight)) return;
  throw new InvalidArgumentError(`${field}: expected ${expected}, got ${show(value)}`);
}
