import { ApplicationFailure, TemporalFailure, TimeoutFailure } from '@temporalio/common';

/** A failure in the words that `lastError` has for it: the innermost cause, with its type where that tells more. */
export function describeFailure(error: unknown): string {
  let cause = error;
  while (cause instanceof TemporalFailure && cause.cause instanceof Error) cause = cause.cause;
  if (cause instanceof TimeoutFailure) return `timed out (${cause.timeoutType})`;
  if (cause instanceof ApplicationFailure && cause.type && cause.type !== 'Error') {
    return `${cause.type}: ${cause.message}`;
  }
  return cause instanceof Error ? cause.message : String(cause);
}
