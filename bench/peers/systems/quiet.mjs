// @ts-check
import { DefaultLogger, Runtime } from '@temporalio/worker';

// The SDK tells of every worker, and of each call that a server which is away does not answer.
Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'off' } } });
