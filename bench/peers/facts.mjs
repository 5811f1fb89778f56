// @ts-check
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { postgresPrograms } from './stores/postgres.mjs';
import { firstLine } from './support.mjs';

/**
 * What it was measured on.
 * @typedef {object} Facts
 * @property {string} measuredAt
 * @property {string} processors
 * @property {string} memory
 * @property {string} system
 * @property {Record<string, string>} versions
 */

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/** @returns {Facts} */
export function facts() {
  const [first] = cpus();
  const cli = execFileSync('bash', [`${root}temporal-dev.sh`, 'cli'], { encoding: 'utf8' }).trim();
  const peers = ['bullmq', 'ioredis', 'pg-boss', 'graphile-worker', 'pg'];
  return {
    measuredAt: new Date().toISOString(),
    processors: `${cpus().length} x ${first?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${platform()} ${release()}`,
    versions: {
      'Node.js': process.versions.node,
      'temporal-job-scheduler': versionIn(`${root}package.json`),
      'Temporal CLI': firstLine(cli, ['--version']).replace('temporal version ', ''),
      'Temporal SDK': versionIn(`${root}node_modules/@temporalio/client/package.json`),
      Redis: /v=(\S+)/.exec(firstLine('redis-server', ['--version']))?.[1] ?? '',
      PostgreSQL:
        firstLine(`${postgresPrograms()}/postgres`, ['--version'])
          .replace(/^.*\) /, '')
          .split(' ')[0] ?? '',
      ...Object.fromEntries(peers.map((name) => [name, versionIn(`${here}node_modules/${name}/package.json`)])),
    },
  };
}

/** @param {string} file @returns {string} */
function versionIn(file) {
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
