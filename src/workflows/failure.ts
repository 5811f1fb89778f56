import { ApplicationFailure, TemporalFailure, TimeoutFailure } from '@temporalio/common';

/** A failure in the words that `lastError` has for it: the handler's own error, with its type where that tells more. */
export function describeFailure(error: unknown): string {
  let cause = error;
  // What the handler threw, not what it threw it for.
  while (cause instanceof TemporalFailure && !tellsItself(cause) && cause.cause instanceof Error) cause = cause.cause;
  if (cause instanceof TimeoutFailure) {
    const last = cause.cause === undefined ? '' : `, at last: ${describeFailure(cause.cause)}`;
    return `timed out (${cause.timeoutType})${last}`;
  }
  if (cause instanceof ApplicationFailure && cause.type && cause.type !== 'Error') {
    return `${cause.type}: ${cause.message}`;
  }
  return cause instanceof Error ? cause.message : String(cause);
}

function tellsItself(failure: TemporalFailure): boolean {
  return failure instanceof ApplicationFailure || failure instanceof TimeoutFailure;
}
