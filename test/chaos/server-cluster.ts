import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { kill } from '../dev-server/harness.ts';
import type { ChaosServer } from './server.ts';

const run = promisify(execFile);
const SCRIPTS = process.env['CHAOS_CLUSTER_DIR'] ?? fileURLToPath(new URL('../../../shared/cluster', import.meta.url));
const FRONTEND = 25_233;

/** Six nodes on PostgreSQL, which somebody has brought up with up.sh and will bring down: node.sh and pg.sh strike them. */
export class ClusterServer implements ChaosServer {
  readonly kind = 'cluster';
  readonly port = FRONTEND;
  readonly partitions: number;
  readonly #dataFolder = process.env['CLUSTER_DIR'] ?? '/tmp/temporal-cluster';
  #frozen: string | undefined;

  private constructor() {
    this.partitions = this.#partitionsConfigured();
  }

  static async start(): Promise<ClusterServer> {
    const server = new ClusterServer();
    if (!(await answers(FRONTEND))) throw new Error(`no cluster at 127.0.0.1:${FRONTEND}: run ${SCRIPTS}/up.sh multi`);
    return server;
  }

  async kill(): Promise<void> {
    await this.killNode('frontend');
  }

  async restart(): Promise<void> {
    await this.startNode('frontend');
    while (!(await answers(FRONTEND))) await sleep(100);
  }

  /** One of the nodes that keep the state. */
  freeze(node = 'history1'): void {
    this.#frozen = node;
    kill(this.#pidOf(node), 'SIGSTOP');
  }

  thaw(): void {
    if (this.#frozen !== undefined) kill(this.#pidOf(this.#frozen), 'SIGCONT');
    this.#frozen = undefined;
  }

  async killNode(node: string): Promise<void> {
    await this.#script('node.sh', 'kill', node);
  }

  async startNode(node: string): Promise<void> {
    await this.#script('node.sh', 'start', node);
  }

  async stopDatabase(): Promise<void> {
    await this.#script('pg.sh', 'stop');
  }

  async startDatabase(): Promise<void> {
    await this.#script('pg.sh', 'start');
  }

  /** Whatever a fault that was cut short left undone. */
  async mend(): Promise<void> {
    this.thaw();
    await this.startDatabase();
    for (const node of ['history1', 'history2', 'matching1', 'matching2', 'frontend', 'worker'])
      await this.startNode(node);
  }

  async stop(): Promise<void> {
    await this.mend();
  }

  #pidOf(node: string): number {
    return Number(readFileSync(join(this.#dataFolder, 'run', `${node}.pid`), 'utf8'));
  }

  #partitionsConfigured(): number {
    try {
      const config = readFileSync(join(this.#dataFolder, 'etc', 'dynamic.yaml'), 'utf8');
      return /numTaskqueueReadPartitions:\s*- value: 1\b/.test(config) ? 1 : 4;
    } catch {
      return 4;
    }
  }

  async #script(name: string, ...args: string[]): Promise<void> {
    // What it starts inherits its output: it must not be a pipe, which would stay open with them.
    await run('bash', ['-c', '"$0" "$@" >/dev/null 2>&1', join(SCRIPTS, name), ...args], {
      env: { ...process.env, CLUSTER_DIR: this.#dataFolder },
    });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
