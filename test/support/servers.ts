import { DefaultLogger, Runtime } from '@temporalio/worker';
import { LocalServer } from '../../src/local-server.ts';

// The SDK tells of every worker that starts and of every attempt that fails: here both are everyday.
export function quiet(): void {
  try {
    Runtime.install({ logger: new DefaultLogger((process.env['TEST_LOG'] as 'DEBUG' | undefined) ?? 'ERROR') });
  } catch {
    // Still installed: it goes with the last worker that is closed.
  }
}

const started = new Map<string, Promise<LocalServer>>();

/** A real Temporal server for all tests, in memory; of each kind one, started when first asked for. */
export function testServer(engine: 'v1' | 'v2' = 'v1'): Promise<LocalServer> {
  quiet();
  const known = started.get(engine);
  if (known) return known;
  const args = ['--headless', ...(engine === 'v2' ? ['--v2-schedules'] : [])];
  const server = LocalServer.start({ database: undefined, port: 0, uiPort: 0, args });
  started.set(engine, server);
  return server;
}

export async function stopServers(): Promise<void> {
  await Promise.all([...started.values()].map(async (server) => (await server).stop()));
}
