// @ts-check
import { startPostgres } from '../stores/postgres.mjs';
import { startRedis } from '../stores/redis.mjs';
import { startTemporal } from '../stores/temporal.mjs';
import { GRAPHILE_DATABASE } from './graphile-worker.mjs';
import { loaders } from './load.mjs';
import { PG_BOSS_DATABASE } from './pg-boss.mjs';

/** @type {Record<string, import('../system.mjs').System>} */
export const systems = {};
for (const [name, load] of Object.entries(loaders)) systems[name] = await load();

/** @type {Record<string, (folder: string) => Promise<import('../system.mjs').Store>>} */
const starts = {
  'redis-everysec': (folder) => startRedis(folder, 'everysec'),
  'redis-always': (folder) => startRedis(folder, 'always'),
  postgres: (folder) => startPostgres(folder, [PG_BOSS_DATABASE, GRAPHILE_DATABASE]),
  temporal: startTemporal,
};

/**
 * The stores of these systems, each started once, by name.
 * @param {string} folder
 * @param {readonly import('../system.mjs').System[]} of
 */
export async function startStores(folder, of) {
  const names = [...new Set(of.map(({ store }) => store))];
  const stores = await Promise.all(names.map((name) => starts[name]?.(folder)));
  return new Map(names.flatMap((name, index) => (stores[index] ? [[name, stores[index]]] : [])));
}
