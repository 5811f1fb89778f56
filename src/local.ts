/**
 * A scheduler, its worker and a Temporal server in one call: for development, tests and small tools.
 *
 * @module
 */
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { ConnectionSettings } from './client/connect.ts';
import { readyClient, type ReadyClient } from './client/ready-client.ts';
import { Scheduler } from './client/scheduler.ts';
import type { JobHandler } from './job/definition.ts';
import { InvalidArgumentError } from './job/errors.ts';
import type { JobContract } from './job/job.ts';
import { show } from './job/show.ts';
import { LocalServer } from './local-server.ts';
import { checkWorkerOptions, createJobWorker, type JobWorker } from './worker.ts';

export interface LocalSchedulerOptions<Handlers extends readonly JobHandler[] = readonly JobHandler[]> {
  /** What to run, one for each job type: `definition.handler(...)`. */
  readonly handlers: Handlers;
  /** Whether jobs outlast this process: they are kept in `database`. @default true */
  readonly persistence?: boolean;
  /** The database file. @default `.temporal/local.db` in the current folder */
  readonly database?: string;
  /** How many handlers run at once. @default 10 */
  readonly maxConcurrentJobs?: number;
  /** @default 'jobs' */
  readonly taskQueue?: string;
  /** Temporal's data converter, for payloads that the server is not to read: see docs/security.md. */
  readonly dataConverter?: ConnectionSettings['dataConverter'];
  /** The server's port on this machine. @default a free one */
  readonly port?: number;
  /** The Web UI's port. @default a free one */
  readonly uiPort?: number;
}

/** A scheduler that owns its server and its worker: `close()` ends all three. */
export class LocalScheduler<Jobs extends readonly JobContract[] = readonly JobContract[]> extends Scheduler<Jobs> {
  /** Temporal's Web UI: schedules, runs, and why one failed. */
  readonly webUiUrl: string;
  /** Where the server answers: for `temporal --address ...` and other clients. */
  readonly address: string;
  readonly #server: LocalServer;
  readonly #worker: JobWorker;
  readonly #working: Promise<void>;
  #closed: Promise<void> | undefined;

  constructor(
    connected: ReadyClient,
    options: { readonly taskQueue?: string; readonly jobs: Jobs },
    server: LocalServer,
    worker: JobWorker,
  ) {
    super(connected, options);
    this.#server = server;
    this.#worker = worker;
    this.address = server.address;
    this.webUiUrl = server.webUiUrl;
    // A signal ends the worker. Then nothing is left to keep the process for.
    this.#working = worker.run().finally(() => void this.close());
  }

  override close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#worker.shutdown();
    try {
      await this.#working;
    } finally {
      await super.close();
      await this.#server.stop();
    }
  }
}

/** The job definitions of handlers, so that payloads are typed by job type. */
export type DefinitionsOf<Handlers extends readonly JobHandler[]> = {
  readonly [Index in keyof Handlers]: Handlers[Index]['definition'];
};

/** The SDK tells of each worker that starts and stops: too much for a small program, unless it has its own logger. */
function quietRuntime(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('WARN') });
  } catch {
    // The application has installed its own.
  }
}

/**
 * Starts a Temporal server on this machine, a worker and a scheduler.
 *
 * @throws {@link SchedulerUnavailableError} if the server can't be started, and why.
 * @throws {@link InvalidArgumentError} if the options are not what they must be.
 */
export async function startLocalScheduler<const Handlers extends readonly JobHandler[]>(
  options: LocalSchedulerOptions<Handlers>,
): Promise<LocalScheduler<DefinitionsOf<Handlers>>> {
  const {
    handlers,
    dataConverter,
    persistence = true,
    database = join(process.cwd(), '.temporal', 'local.db'),
  } = options;
  if (typeof persistence !== 'boolean')
    throw new InvalidArgumentError(`persistence: expected true or false, got ${show(persistence)}`);
  checkWorkerOptions(options);
  quietRuntime();
  const server = await LocalServer.start({
    database: persistence ? database : undefined,
    port: options.port ?? 0,
    uiPort: options.uiPort ?? 0,
  });
  let worker: JobWorker | undefined;
  try {
    const { address } = server;
    const settings = { address, namespace: 'default', taskQueue: options.taskQueue, handlers, dataConverter };
    worker = await createJobWorker({ ...settings, maxConcurrentJobs: options.maxConcurrentJobs });
    const jobs = handlers.map(({ definition }) => definition) as unknown as DefinitionsOf<Handlers>;
    return new LocalScheduler(await readyClient(settings), { taskQueue: options.taskQueue, jobs }, server, worker);
  } catch (error) {
    await worker?.[Symbol.asyncDispose]();
    await server.stop();
    throw error;
  }
}
