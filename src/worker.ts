/**
 * The worker half: runs the handlers of jobs.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { StatusObject } from '@grpc/grpc-js';
import { Client } from '@temporalio/client';
import { NativeConnection, TransportError, Worker, type WorkerOptions } from '@temporalio/worker';
import { createChainActivities } from './activities/chain.ts';
import { createHandlerActivities } from './activities/run-handler.ts';
import { checkTaskQueue } from './client/check-options.ts';
import { connectClient, resolveSettings, type ConnectionSettings, type ResolvedSettings } from './client/connect.ts';
import { holdLook } from './client/hold-look.ts';
import { QueueHold } from './client/hold.ts';
import { mapErrors, type Place } from './client/map-error.ts';
import { createRecords, readResult } from './client/records.ts';
import { nameRefused } from './client/refusal.ts';
import { ensureSearchAttributes } from './client/search-attributes.ts';
import type { JobHandler } from './job/definition.ts';
import { InvalidArgumentError, SchedulerUnavailableError } from './job/errors.ts';
import { parseDuration, type Duration } from './job/duration.ts';
import { parseJobType } from './job/parse-job.ts';
import { show } from './job/show.ts';
import { checkMetrics, exposeMetrics, type MetricsOptions } from './metrics.ts';

export type { MetricsOptions } from './metrics.ts';

export interface JobWorkerOptions extends ConnectionSettings {
  /** What to run, one for each job type: `definition.handler(...)`. */
  readonly handlers: readonly JobHandler[];
  /** How many handlers run at once in this process. @default 10 */
  readonly maxConcurrentJobs?: number;
  /** @default 'jobs' */
  readonly taskQueue?: string;
  /**
   * How long running handlers may go on after `shutdown()` or SIGTERM. Then their `signal` is aborted, and another worker
   * attempts their runs again; a handler that has not ended after 5 seconds more is left behind. @default 10 seconds
   */
  readonly shutdownGraceTime?: Duration;
  /**
   * Makes this process tell Temporal's metrics and ours to Prometheus: see docs/monitoring.md. It is Temporal's
   * `Runtime.install`, so it must be the first of the process to use the SDK's runtime.
   * @default none
   */
  readonly metrics?: MetricsOptions;
  /**
   * Temporal's worker plugins, such as OpenTelemetry's: see docs/monitoring.md. With them the workflows are bundled when
   * the worker starts, which takes a second or two: a plugin may bring interceptors that are bundled with them.
   * @default none
   */
  readonly plugins?: WorkerOptions['plugins'];
  /** A ready connection, instead of connection settings. It stays open when the worker stops. */
  readonly connection?: NativeConnection;
}

// Built by `npm run build`. The same path from src/ and from dist/.
const BUNDLE = fileURLToPath(new URL('../dist/workflow-bundle.js', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('../dist/workflows/index.js', import.meta.url));
/** The SDK saves heartbeats up for most of their timeout; progress, and a cancel request that comes with the answer, must not wait so long. */
const HEARTBEAT_THROTTLE = '1 second';
/** So long a run waits for the worker that knows it already, which may have crashed. Then any worker goes on with it. */
const KNOWN_WORKER_ANSWERS_WITHIN = '2 seconds';
// In milliseconds.
const SAYS_WHY_WITHIN = 2_000;
const LOOKS_EVERY = 1_000;
/** So often must a worker be seen that has failed and has not ended. */
const LOOKS = 3;

/** Takes runs from the task queue and calls their handlers. */
export class JobWorker implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #place: Place;
  readonly #ownConnection: NativeConnection | undefined;
  readonly #ask: () => Promise<unknown>;
  #running: Promise<void> | undefined;
  #isShutDown = false;

  /** @param ask makes a call, to learn whether the server answers this worker. */
  constructor(worker: Worker, place: Place, ownConnection: NativeConnection | undefined, ask: () => Promise<unknown>) {
    this.#worker = worker;
    this.#place = place;
    this.#ownConnection = ownConnection;
    this.#ask = ask;
  }

  /**
   * Works until `shutdown()`, SIGTERM or SIGINT; then lets running handlers finish within the grace time.
   *
   * @throws {@link PermissionDeniedError} or {@link SchedulerUnavailableError} if the server has refused it runs for a
   * minute.
   */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Takes no further runs. The promise of `run()` tells when running handlers have finished. */
  shutdown(): void {
    this.#isShutDown = true;
    if (this.#worker.getState() === 'RUNNING') this.#worker.shutdown();
  }

  /** Shuts down and waits for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    // One that never ran holds its connection: it has to run to let go of it.
    this.shutdown();
    await this.run();
  }

  async #run(): Promise<void> {
    const ended = new AbortController();
    try {
      const running = mapErrors(this.#place, () => this.#worker.run());
      if (this.#isShutDown) this.shutdown();
      await Promise.race([running, this.#failsForGood(ended.signal)]);
    } finally {
      ended.abort();
      const closed = this.#ownConnection?.close();
      // One that never ends does not let go of it.
      await (this.#isHung() ? closed?.catch(() => {}) : closed);
    }
  }

  /**
   * Where a poll has been refused for a minute, the SDK's worker has failed, and its `run()` waits for ever for the polls
   * that go on. Throws then, with why if the server tells.
   */
  async #failsForGood(signal: AbortSignal): Promise<void> {
    try {
      for (let looks = 0; looks < LOOKS; looks = this.#isHung() ? looks + 1 : 0)
        await sleep(LOOKS_EVERY, undefined, { signal, ref: false });
    } catch {
      return;
    }
    await mapErrors(this.#place, this.#ask);
    const { address, namespace } = this.#place;
    throw new SchedulerUnavailableError(
      `the Temporal server at ${address} (namespace "${namespace}") gives this worker no runs: the worker's log says why, perhaps that its role does not allow it to poll`,
    );
  }

  #isHung(): boolean {
    return this.#worker.getState() === 'FAILED';
  }
}

/**
 * Connects a worker to the task queue. It takes runs once `run()` is called.
 *
 * @throws {@link InvalidArgumentError} if the options are not what they must be.
 * @throws {@link SchedulerUnavailableError} if no server answers.
 * @throws {@link PermissionDeniedError} if the server refuses this client.
 */
export async function createJobWorker(options: JobWorkerOptions): Promise<JobWorker> {
  const { taskQueue, maxConcurrentJobs, graceTime } = checkWorkerOptions(options);
  const metrics = checkMetrics(options.metrics);
  const { handlers, dataConverter, plugins = [] } = options;
  const { connectionOptions, ...place } = resolveSettings(options);
  const { namespace } = place;
  if (metrics) exposeMetrics(metrics);
  return mapErrors(place, async () => {
    const connection = options.connection ?? (await connectWorker(options, connectionOptions));
    nameRefusals(connection);
    try {
      const client = new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
      await ensureSearchAttributes(client);
      const scope = { client, queue: taskQueue };
      const hold = new QueueHold(client, taskQueue);
      const worker = await Worker.create({
        connection,
        namespace,
        taskQueue,
        ...(dataConverter && { dataConverter }),
        // A converter that workflows load is bundled with them.
        ...(plugins.length > 0 || dataConverter?.payloadConverterPath || dataConverter?.failureConverterPath
          ? { workflowsPath: WORKFLOWS, plugins: [...plugins] }
          : { workflowBundle: { codePath: BUNDLE } }),
        activities: {
          ...createHandlerActivities(handlers, holdLook(hold), (run) => readResult(scope, run)),
          ...createChainActivities(createRecords(scope, hold)),
        },
        maxConcurrentActivityTaskExecutions: maxConcurrentJobs,
        stickyQueueScheduleToStartTimeout: KNOWN_WORKER_ANSWERS_WITHIN,
        maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
        defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
        shutdownGraceTime: graceTime,
      });
      return new JobWorker(worker, place, options.connection ? undefined : connection, () => hold.read());
    } catch (error) {
      if (!options.connection) await connection.close();
      throw error;
    }
  });
}

/** Where a connection was closed in its handshake, that may be all a worker's says. The client's says why. */
async function connectWorker(
  settings: ConnectionSettings,
  options: ResolvedSettings['connectionOptions'],
): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(options);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    const callTimeout = Math.min(settings.callTimeout ?? SAYS_WHY_WITHIN, SAYS_WHY_WITHIN);
    const { client } = await connectClient({ ...settings, callTimeout });
    await client.connection.close();
    throw error;
  }
}

function nameRefusals({ workflowService, operatorService }: NativeConnection): void {
  for (const service of [workflowService, operatorService]) {
    service.on('error', (error: Partial<StatusObject>, { name }: { name: string }) => nameRefused(error, name));
  }
}

/**
 * Refuses what a worker can't be made of, before anything is started for it.
 *
 * @internal
 */
export function checkWorkerOptions(
  options: Pick<JobWorkerOptions, 'handlers' | 'maxConcurrentJobs' | 'taskQueue' | 'shutdownGraceTime'>,
) {
  const { handlers, maxConcurrentJobs = 10, shutdownGraceTime = '10 seconds' } = options ?? {};
  checkHandlers(handlers);
  const graceTime = parseDuration(shutdownGraceTime);
  if (graceTime === undefined) {
    throw new InvalidArgumentError(
      `shutdownGraceTime: expected a duration such as 10000 or "10s", got ${show(shutdownGraceTime)}`,
    );
  }
  if (!Number.isInteger(maxConcurrentJobs) || maxConcurrentJobs < 1) {
    throw new InvalidArgumentError(
      `maxConcurrentJobs: expected a whole number of at least 1, got ${show(maxConcurrentJobs)}`,
    );
  }
  return { taskQueue: checkTaskQueue(options.taskQueue), maxConcurrentJobs, graceTime };
}

function checkHandlers(handlers: unknown): void {
  const isHandler = (handler: unknown): handler is JobHandler =>
    typeof (handler as JobHandler | null)?.run === 'function' &&
    typeof (handler as JobHandler).definition?.payload?.safeParseAsync === 'function';
  if (!Array.isArray(handlers) || handlers.length === 0 || !handlers.every(isHandler)) {
    throw new InvalidArgumentError(
      `handlers: expected at least one of what a job definition's handler() gives, got ${show(handlers)}`,
    );
  }
  const types = handlers.map(({ definition }) => parseJobType(definition.jobType));
  const twice = types.find((type, index) => types.indexOf(type) !== index);
  if (twice !== undefined)
    throw new InvalidArgumentError(`handlers: expected one for each job type, got two for ${show(twice)}`);
}
