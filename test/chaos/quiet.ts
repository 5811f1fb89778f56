import { DefaultLogger, Runtime } from '@temporalio/worker';

/** The SDK and its core tell of each call that fails: here that is thousands. */
export function quiet(): void {
  Runtime.install({
    logger: new DefaultLogger((process.env['TEST_LOG'] as 'DEBUG' | undefined) ?? 'ERROR', () => {}),
    telemetryOptions: { logging: { filter: 'off' } },
  });
}
