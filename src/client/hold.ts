import type { Client } from '@temporalio/client';

/** A pause of all jobs, as the activity task queue keeps it: a rate limit of 0, whose reason says whose it is. */
export interface Hold {
  /** Which pause this is: another pause has another token. */
  readonly token: string;
  readonly reason: string;
  /** The rate limit it replaced, in tasks a second. */
  readonly limit?: number;
  /** When it ends by itself. */
  readonly until?: string;
}

// TASK_QUEUE_TYPE_ACTIVITY
const ACTIVITY = 2;
const MARK = /^Paused by temporal-job-scheduler: (?<reason>.*) (?<state>\{[^{}]*\})$/s;

type QueueDescription = Awaited<ReturnType<Client['workflowService']['describeTaskQueue']>>;
type RateLimitConfig = NonNullable<QueueDescription['config']>['queueRateLimit'];

/** Reads and writes the hold of one task queue. */
export class QueueHold {
  readonly #client: Client;
  readonly #taskQueue: string;

  constructor(client: Client, taskQueue: string) {
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  async read(): Promise<Hold | undefined> {
    return parseHold((await this.#describe()).config?.queueRateLimit);
  }

  /** Sets the limit to 0. What limit there was is kept in the hold. */
  async set(token: string, reason: string, until?: Date): Promise<void> {
    const { queueRateLimit } = (await this.#describe()).config ?? {};
    const limit = queueRateLimit?.rateLimit?.requestsPerSecond || parseHold(queueRateLimit)?.limit;
    const state = { token, ...(limit && { limit }), ...(until && { until: until.toISOString() }) };
    await this.#update(`Paused by temporal-job-scheduler: ${reason} ${JSON.stringify(state)}`, 0);
  }

  /** Gives the queue back the limit it had. */
  async clear(hold: Hold): Promise<void> {
    await this.#update('Resumed by temporal-job-scheduler', hold.limit);
  }

  /** Whether every partition of the queue has stopped handing out attempts. */
  async isInForce(): Promise<boolean> {
    const { activityTaskQueuePartitions } = await this.#client.workflowService.listTaskQueuePartitions({
      namespace: this.#client.options.namespace,
      taskQueue: { name: this.#taskQueue },
    });
    const names = (activityTaskQueuePartitions ?? []).map(({ key }) => key ?? this.#taskQueue);
    const partitions = await Promise.all(names.map((name) => this.#describe(name)));
    return partitions.every(({ effectiveRateLimit }) => effectiveRateLimit && !effectiveRateLimit.requestsPerSecond);
  }

  #describe(name = this.#taskQueue) {
    return this.#client.workflowService.describeTaskQueue({
      namespace: this.#client.options.namespace,
      taskQueue: { name },
      taskQueueType: ACTIVITY,
      reportConfig: true,
    });
  }

  async #update(reason: string, requestsPerSecond: number | undefined): Promise<void> {
    await this.#client.workflowService.updateTaskQueueConfig({
      namespace: this.#client.options.namespace,
      identity: this.#client.options.identity,
      taskQueue: this.#taskQueue,
      taskQueueType: ACTIVITY,
      updateQueueRateLimit: {
        reason,
        ...(requestsPerSecond !== undefined && { rateLimit: { requestsPerSecond } }),
      },
    });
  }
}

function parseHold(config: RateLimitConfig): Hold | undefined {
  if (!config?.rateLimit || config.rateLimit.requestsPerSecond) return undefined;
  const reason = config.metadata?.reason ?? '';
  const mark = MARK.exec(reason)?.groups;
  if (mark) return { ...(JSON.parse(mark['state'] ?? '') as Omit<Hold, 'reason'>), reason: mark['reason'] ?? '' };
  // Somebody set the limit to 0 with the CLI: a pause all the same.
  return { token: 'operator', reason };
}
