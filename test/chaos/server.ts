import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LocalServer } from '../../src/local-server.ts';
import { gone, kill } from '../dev-server/harness.ts';

/** A Temporal server that faults can strike. */
export interface ChaosServer {
  readonly kind: 'dev' | 'cluster';
  readonly port: number;
  /** Of its task queues. */
  readonly partitions: number;
  /** As a power cut would. Answers when it is gone. */
  kill(): Promise<void>;
  /** Answers when it is ready. */
  restart(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Ends it and removes what it left. */
  stop(): Promise<void>;
}

const DISK = '2g';

/** The development server on a database file, on a small disk of its own where this machine lets us mount one. */
export class DevServer implements ChaosServer {
  readonly kind = 'dev';
  readonly partitions = 1;
  readonly #disk: string;
  readonly #args: readonly string[];
  /** Whether the database has a disk of its own, that can be full. */
  readonly hasDisk: boolean;
  port = 0;
  #server: LocalServer | undefined;

  private constructor(folder: string, args: readonly string[]) {
    this.#disk = join(folder, 'disk');
    this.#args = args;
    mkdirSync(this.#disk);
    this.hasDisk = mount('-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', this.#disk);
  }

  static async start(folder: string, engine: string): Promise<DevServer> {
    const server = new DevServer(folder, ['--headless', ...(engine === 'v2' ? ['--v2-schedules'] : [])]);
    try {
      await server.restart();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get #database(): string {
    return join(this.#disk, 'temporal.db');
  }

  get #pid(): number {
    return Number(/^pid (\d+)$/m.exec(readFileSync(`${this.#database}.server`, 'utf8'))?.[1]);
  }

  async restart(): Promise<void> {
    // Later the same port: clients and workers know it.
    const options = { database: this.#database, port: this.port, uiPort: 0, args: this.#args };
    this.#server = await LocalServer.start(options);
    this.port = Number(this.#server.address.split(':')[1]);
  }

  async kill(): Promise<void> {
    const pid = this.#pid;
    kill(pid, 'SIGKILL');
    await gone(pid);
    await this.#server?.stop();
  }

  freeze(): void {
    kill(this.#pid, 'SIGSTOP');
  }

  thaw(): void {
    kill(this.#pid, 'SIGCONT');
  }

  /** No byte more can be written to the database's disk. */
  fillDisk(): void {
    const [used = '0'] =
      execFileSync('df', ['--output=used', '-k', this.#disk], { encoding: 'utf8' }).match(/\d+/) ?? [];
    mount('-o', `remount,size=${used}k`, this.#disk);
  }

  freeDisk(): void {
    mount('-o', `remount,size=${DISK}`, this.#disk);
  }

  isAlive(): boolean {
    try {
      return process.kill(this.#pid, 0);
    } catch {
      return false;
    }
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    if (this.hasDisk) execFileSync('umount', ['-l', this.#disk]);
    rmSync(this.#disk, { recursive: true, force: true });
  }
}

function mount(...args: string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
