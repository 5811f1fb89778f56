import { InvalidArgumentError } from '../job/errors.ts';
import { show } from '../job/show.ts';
import type { OnConflict } from './create.ts';

const LONGEST_REASON = 500;

export function checkTaskQueue(taskQueue: unknown = 'jobs'): string {
  const isName = typeof taskQueue === 'string' && taskQueue.length > 0 && taskQueue.length <= 200;
  if (isName && !/[\p{Cc}"\\]/u.test(taskQueue)) return taskQueue;
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
  if (typeof reason === 'string' && reason.length > 0 && reason.length <= LONGEST_REASON) return reason;
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
