// @ts-check
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { childrenOf, end, eventually, freePort, gone, launch } from '../support.mjs';

const DEBIAN = '/usr/lib/postgresql';

/** Where PostgreSQL's programs are: Debian does not put them on the PATH. */
export function postgresPrograms() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a)) : [];
  const [newest] = versions.filter((version) => existsSync(`${DEBIAN}/${version}/bin/initdb`));
  return newest === undefined ? undefined : `${DEBIAN}/${newest}/bin`;
}

/**
 * A PostgreSQL cluster of our own, with PostgreSQL's own defaults for durability (fsync and synchronous_commit on).
 * @param {string} folder
 * @param {readonly string[]} databases
 * @returns {Promise<import('../system.mjs').Store>}
 */
export async function startPostgres(folder, databases) {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error(`there is no ${DEBIAN}/*/bin/initdb`);
  const port = await freePort();
  const data = join(folder, 'postgres');
  const who = user();
  mkdirSync(data);
  if (who) {
    // It must reach its folder.
    chmodSync(folder, 0o711);
    chownSync(data, who.uid, who.gid);
  }
  const settings = { ...who, cwd: data };
  const auth = ['--auth', 'trust', '--username', 'peers'];
  execFileSync(`${programs}/initdb`, ['-D', data, '-E', 'UTF8', '--locale', 'C.UTF-8', ...auth], {
    ...settings,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const options = { port, listen_addresses: "'127.0.0.1'", unix_socket_directories: "''", max_connections: 300 };
  const lines = Object.entries({ ...options, synchronous_commit: 'on', shared_buffers: '256MB' });
  appendFileSync(join(data, 'postgresql.conf'), lines.map(([name, value]) => `${name} = ${value}\n`).join(''));
  const start = () => launch(`${programs}/postgres`, ['-D', data], join(folder, 'postgres.log'), settings);
  let server = start();
  await ready(port);
  for (const database of databases) await query(port, `create database "${database}"`);
  return {
    address: `127.0.0.1:${port}`,
    async kill() {
      const pids = childrenOf(server.pid ?? 0);
      await end(server, 'SIGKILL');
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended when its parent did.
        }
        await gone(pid);
      }
    },
    async restart() {
      server = start();
      await ready(port);
    },
    // Fast: connections that are still open are closed.
    stop: () => end(server, 'SIGINT'),
  };
}

/** PostgreSQL refuses to run as root. */
function user() {
  if (process.getuid?.() !== 0) return undefined;
  const id = (/** @type {string} */ flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** @param {number} port @param {string} text */
async function query(port, text) {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'peers', database: 'postgres' });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** @param {number} port */
async function ready(port) {
  if (await eventually(() => query(port, 'select 1').then(() => true), 60_000)) return;
  throw new Error(`PostgreSQL does not answer on port ${port}`);
}
