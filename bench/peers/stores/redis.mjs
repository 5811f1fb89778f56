// @ts-check
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { end, eventually, freePort, launch } from '../support.mjs';

/**
 * A Redis server of our own. Append-only and `noeviction`, as BullMQ asks for:
 * https://docs.bullmq.io/guide/going-to-production ("Persistence", "Max memory policy").
 * @param {string} folder
 * @param {'everysec' | 'always'} fsync
 * @returns {Promise<import('../system.mjs').Store>}
 */
export async function startRedis(folder, fsync) {
  const port = await freePort();
  const log = join(folder, `redis-${fsync}.log`);
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--dbfilename', `${fsync}.rdb`];
  args.push('--appendonly', 'yes', '--appendfsync', fsync, '--appenddirname', `aof-${fsync}`);
  args.push('--maxmemory-policy', 'noeviction', '--save', '');
  let server = launch('redis-server', args, log);
  await ready(port);
  return {
    address: `127.0.0.1:${port}`,
    kill: () => end(server, 'SIGKILL'),
    async restart() {
      server = launch('redis-server', args, log);
      await ready(port);
    },
    stop: () => end(server, 'SIGTERM'),
  };
}

/** @param {number} port */
async function ready(port) {
  const isReady = await eventually(async () => {
    const redis = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
    redis.on('error', () => {});
    try {
      await redis.connect();
      return (await redis.ping()) === 'PONG';
    } finally {
      redis.disconnect();
    }
  });
  if (!isReady) throw new Error(`redis-server does not answer on port ${port}`);
}
