// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalServer } from '../../../src/local-server.ts';
import { freePort, gone } from '../support.mjs';

/**
 * A development server as `temporal-dev.sh` starts it, with a database file.
 * @param {string} folder
 * @returns {Promise<import('../system.mjs').Store>}
 */
export async function startTemporal(folder) {
  const port = await freePort();
  const database = join(folder, 'temporal.db');
  const start = () => LocalServer.start({ database, port, uiPort: 0, args: ['--headless', '--timeout', '120'] });
  let server = await start();
  return {
    address: server.address,
    /** The server itself, not the script round it. */
    async kill() {
      const pid = Number(/^pid (\d+)$/m.exec(readFileSync(`${database}.server`, 'utf8'))?.[1]);
      process.kill(pid, 'SIGKILL');
      await gone(pid);
      await server.stop();
    },
    async restart() {
      server = await start();
    },
    stop: () => server.stop(),
  };
}
