import type { Fault } from './fault.ts';
import { DevServer } from './server.ts';
import { ClusterServer } from './server-cluster.ts';

const ofDev: Fault['impossible'] = ({ server }) => (server.kind === 'dev' ? undefined : 'of the dev server');
const ofCluster: Fault['impossible'] = ({ server }) => (server.kind === 'cluster' ? undefined : 'of the cluster');

/** The dev server; of the cluster its only frontend. */
const kill: Fault = {
  name: 'server-kill',
  lane: 'server',
  share: 3,
  async strike({ server }, { begins, holds }) {
    begins();
    await server.kill();
    await holds(0, 1_500);
    await server.restart();
    return true;
  },
};

const freeze: Fault = {
  name: 'server-freeze',
  lane: 'server',
  async strike({ server }, { begins, holds }) {
    begins();
    server.freeze();
    await holds(2_000, 6_000);
    server.thaw();
    return true;
  },
};

const disk: Fault = {
  name: 'disk-full',
  lane: 'server',
  impossible: (world) =>
    ofDev(world) ??
    (world.server instanceof DevServer && world.server.hasDisk ? undefined : 'mount is not allowed here'),
  async strike({ server }, { begins, holds }) {
    if (!(server instanceof DevServer)) return false;
    begins();
    server.fillDisk();
    await holds(3_000, 7_000);
    server.freeDisk();
    // It may have died of it.
    if (!server.isAlive()) await server.restart();
    return true;
  },
};

const database: Fault = {
  name: 'database-restart',
  lane: 'server',
  share: 2,
  impossible: ofCluster,
  async strike({ server }, { begins, holds }) {
    if (!(server instanceof ClusterServer)) return false;
    begins();
    await server.stopDatabase();
    await holds(500, 4_000);
    await server.startDatabase();
    return true;
  },
};

function loss(role: 'history' | 'matching'): Fault {
  return {
    name: `${role}-loss`,
    lane: 'server',
    share: 2,
    impossible: ofCluster,
    async strike({ server }, { random, begins, holds }) {
      if (!(server instanceof ClusterServer)) return false;
      const node = `${role}${random.whole(1, 2)}`;
      begins(undefined, node);
      await server.killNode(node);
      await holds(2_000, 10_000);
      await server.startNode(node);
      // Its shards come back to it, and stall once more.
      await holds(4_000, 7_000);
      return true;
    },
  };
}

export const serverFaults: readonly Fault[] = [kill, freeze, disk, database, loss('history'), loss('matching')];
