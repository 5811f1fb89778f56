import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SchedulerUnavailableError } from './job/errors.ts';

// The same path from src/ and from dist/.
const SCRIPT = fileURLToPath(new URL('../temporal-dev.sh', import.meta.url));

export interface LocalServerOptions {
  /** The database file, or undefined to keep everything in memory. */
  readonly database: string | undefined;
  readonly port: number;
  readonly uiPort: number;
  /** Further arguments for temporal-dev.sh. */
  readonly args?: readonly string[];
}

/** A Temporal development server that lives as long as this process, even if the process is killed. */
export class LocalServer {
  readonly address: string;
  readonly webUiUrl: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, address: string, webUiUrl: string) {
    this.#process = process;
    this.address = address;
    this.webUiUrl = webUiUrl;
  }

  /** @throws {@link SchedulerUnavailableError} with what temporal-dev.sh says if it can't start one. */
  static async start({ database, port, uiPort, args = [] }: LocalServerOptions): Promise<LocalServer> {
    const storage = database === undefined ? ['--ephemeral'] : ['--db', database];
    const child = spawn(
      'bash',
      [SCRIPT, 'start', '--until-stdin-closes', '--port', `${port}`, '--ui-port', `${uiPort}`, ...storage, ...args],
      { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
    );
    let complaints = '';
    child.stderr.on('data', (text: Buffer) => (complaints = `${complaints}${text.toString()}`.slice(-2_000)));
    const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
    const facts = await Promise.race([readFacts(child), failed]).catch((cause: unknown) => {
      throw new SchedulerUnavailableError(`cannot run temporal-dev.sh: ${String(cause)}`, { cause });
    });
    const { address, 'web-ui': webUiUrl } = facts;
    if (!address) throw new SchedulerUnavailableError(`cannot start a Temporal server: ${complaints.trim()}`);
    return new LocalServer(child, address, webUiUrl ?? '');
  }

  /** Ends the server and waits for it. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.stdin?.end();
    await exited;
  }
}

/** The lines `name value` that the script prints when the server is ready; none if it ends instead. */
async function readFacts(child: ChildProcess): Promise<Record<string, string | undefined>> {
  const facts: Record<string, string> = {};
  if (!child.stdout) return facts;
  for await (const line of createInterface({ input: child.stdout })) {
    const [name = '', value = ''] = line.split(/ (.*)/s);
    facts[name] = value;
    // The last one: see temporal-dev.sh.
    if (name === 'pid') break;
  }
  child.stdout.resume();
  return facts;
}
