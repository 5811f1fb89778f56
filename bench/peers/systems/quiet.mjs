// @ts-check
import { DefaultLogger, Runtime } from '@temporalio/worker';

let isQuiet = false;

/** The SDK tells of every worker, and of each call that a server which is away does not answer. */
export function quiet() {
  if (!isQuiet)
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'off' } } });
  isQuiet = true;
}
