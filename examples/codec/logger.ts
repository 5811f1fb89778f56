// The worker logs the error of every attempt that fails, with its message and its stack, and a message may hold a secret.
// This logger says only of what kind the error was; the whole of it stands in the run's history, encrypted.
import { isNativeError } from 'node:util/types';
import { DefaultLogger, type LogLevel, type Logger } from '@temporalio/worker';

/** For `Runtime.install({ logger: discreetLogger() })`, before the worker is created. */
export function discreetLogger(level: LogLevel = 'INFO'): Logger {
  const plain = new DefaultLogger(level);
  return new DefaultLogger(level, ({ level: itsLevel, message, meta }) => {
    const entries = Object.entries(meta ?? {}).map(([name, value]) => [name, withoutMessage(value)] as const);
    plain.log(itsLevel, message, Object.fromEntries(entries));
  });
}

/** Errors from the workflows' sandbox are no instances of this side's `Error`. */
function withoutMessage(value: unknown): unknown {
  if (!isNativeError(value)) return value;
  const { type } = value as { type?: unknown };
  return typeof type === 'string' ? type : value.name;
}
