import type { Client } from '@temporalio/client';
import { Catalogue } from '../job/catalogue.ts';
import { checkKeys } from '../job/check.ts';
import { InvalidArgumentError, SchedulerUnavailableError } from '../job/errors.ts';
import { parseFilter, type JobFilter } from '../job/filter.ts';
import type { JobContract, JobId, ScheduledJob } from '../job/job.ts';
import { parseJobId } from '../job/parse-job.ts';
import { show } from '../job/show.ts';
import type { JobInfo, JobStatus, RunInfo } from '../job/status.ts';
import { apply, ownerTag, parseList, type AppliedJobs, type ApplyOptions } from './apply.ts';
import { backfill, parseRange } from './backfill.ts';
import { forEachJob, isOpen, parseBulkFilter, type BulkOptions, type BulkResult } from './bulk.ts';
import { cancel } from './cancel.ts';
import { change, parseChanges } from './change.ts';
import { checkLimit, checkMissed, checkOnConflict, checkReason, checkTaskQueue, checkUntil } from './check-options.ts';
import type { ConnectionSettings } from './connect.ts';
import { create, type OnConflict } from './create.ts';
import { QueueHold } from './hold.ts';
import { inParallel } from './in-parallel.ts';
import { iterate } from './list.ts';
import { mapErrors, type Place } from './map-error.ts';
import { pauseJob, resumeJob } from './pause-job.ts';
import { pauseAll, resumeAll } from './pause.ts';
import { checkOnProgress, type OnProgress } from './progress.ts';
import { readyClient, type ReadyClient } from './ready-client.ts';
import type { Scope } from './record.ts';
import { checkRunId, retryIfFailed, retryRun } from './retry-run.ts';
import { iterateRuns, readStatus } from './status.ts';
import { trigger } from './trigger.ts';
import { waitFor } from './wait.ts';

export interface SchedulerOptions<
  Jobs extends readonly JobContract[] = readonly JobContract[],
> extends ConnectionSettings {
  /** The task queue that the jobs' runs go through: schedulers and workers of one system share it. @default 'jobs' */
  readonly taskQueue?: string;
  /** The job definitions: with them payloads are typed by `jobType` and checked before any call. */
  readonly jobs?: Jobs;
  /** A ready Temporal client, instead of connection settings. It stays open when the scheduler is closed. */
  readonly client?: Client;
}

/** What became of many jobs: the ids in the order of the jobs, and which failed. */
export interface ScheduledJobs {
  readonly ids: JobId[];
  readonly failures: { readonly index: number; readonly id?: JobId; readonly error: unknown }[];
}

/**
 * Schedules background jobs on Temporal, and looks after them.
 *
 * Every method throws a {@link SchedulerError}: an argument that is not what it must be is refused before any call; a
 * server that does not answer within the call timeout is a {@link SchedulerUnavailableError}, after which a call may be
 * made again: it comes to the same, but for {@link triggerJob}, and {@link scheduleJob} without an id.
 */
export class Scheduler<Jobs extends readonly JobContract[] = readonly JobContract[]> implements AsyncDisposable {
  readonly #scope: Scope;
  readonly #hold: QueueHold;
  readonly #place: Place;
  readonly #catalogue: Catalogue;
  readonly #ownsConnection: boolean;
  #isClosed = false;

  /** For {@link Scheduler.connect} and its like. */
  protected constructor(
    { client, place }: ReadyClient,
    options: SchedulerOptions<Jobs>,
    catalogue = new Catalogue(options.jobs),
  ) {
    this.#scope = { client, queue: checkTaskQueue(options.taskQueue) };
    this.#hold = new QueueHold(client, this.#scope.queue);
    this.#place = place;
    this.#catalogue = catalogue;
    this.#ownsConnection = !options.client;
  }

  /**
   * Connects to a Temporal server, and sees to it that its namespace has our search attributes.
   *
   * @throws {@link SchedulerUnavailableError} if no server answers within the call timeout (10 seconds).
   * @throws {@link SearchAttributesMissingError} if search attributes are missing and can't be added; it says what to run.
   */
  static async connect<const Jobs extends readonly JobContract[] = readonly JobContract[]>(
    options: SchedulerOptions<Jobs> = {},
  ): Promise<Scheduler<Jobs>> {
    // Refused before a connection is opened.
    const catalogue = new Catalogue(options.jobs);
    return new Scheduler(await readyClient(options), options, catalogue);
  }

  /**
   * Schedules a job and answers its id. An answered job survives a crash of anything. The same call made again answers
   * the same id.
   *
   * A `once` job is a delayed workflow; any other is a Temporal Schedule.
   *
   * @param options.onConflict what to do if the id names a job with another definition: `error`, `keep` it, or `replace`
   * it: then a recurring job's definition changes in place, while any other job is cancelled first; one that a person has
   * paused stays paused, unless it is a once job. @default 'error'
   * @throws {@link InvalidJobError}, {@link InvalidScheduleError}, {@link UnknownJobTypeError} before any call.
   * @throws {@link JobAlreadyExistsError} if the id names another definition, or a job that was cancelled, and
   * `onConflict` is `error`.
   * @throws {@link JobNotFoundError}, {@link DependencyCycleError}, {@link TooManyDependentsError} for `afterJob`.
   */
  async scheduleJob(job: ScheduledJob<Jobs>, options: { readonly onConflict?: OnConflict } = {}): Promise<JobId> {
    checkKeys('scheduleJob', options, ['onConflict']);
    const onConflict = checkOnConflict(options.onConflict);
    const parsed = await this.#catalogue.parse(job);
    const isIdGiven = (job as { id?: unknown }).id !== undefined;
    return this.#call(() => create(this.#scope, parsed, isIdGiven, onConflict));
  }

  /**
   * Schedules many jobs, 50 at a time. One that fails does not keep the others from being scheduled.
   *
   * @param options.onProgress is told how far it is: {@link progressBar} shows it on a terminal. How many jobs there are
   * it is told at the end, and before if they are in an array.
   * @returns ids in the order of the jobs, without those that failed, and the failures.
   */
  async scheduleJobs(
    jobs: Iterable<ScheduledJob<Jobs>> | AsyncIterable<ScheduledJob<Jobs>>,
    options: { readonly onConflict?: OnConflict; readonly onProgress?: OnProgress } = {},
  ): Promise<ScheduledJobs> {
    checkKeys('scheduleJobs', options, ['onConflict', 'onProgress']);
    const { onProgress, ...each } = options;
    const report = checkOnProgress(onProgress);
    const total = Array.isArray(jobs) ? jobs.length : undefined;
    let done = 0;
    const ids: (JobId | undefined)[] = [];
    const failures: ScheduledJobs['failures'] = [];
    await inParallel(jobs, async (job, index) => {
      try {
        ids[index] = await this.scheduleJob(job, each);
      } catch (error) {
        const { id } = (job ?? {}) as { id?: JobId };
        failures.push({ index, ...(id !== undefined && { id }), error });
      }
      if (++done !== total) report({ done, ...(total !== undefined && { total }) });
    });
    report({ done, total: done });
    return { ids: ids.filter((id) => id !== undefined), failures: failures.toSorted((a, b) => a.index - b.index) };
  }

  /**
   * Cancels a job. Answers when no run of it is open and none will start: open runs are asked to stop (the handler's
   * `signal` is aborted), and terminated if they have not after 10 seconds. Jobs that wait for it are cancelled too.
   * Works without a worker. A job that has ended stays as it ended.
   *
   * @throws {@link JobNotFoundError}
   */
  async cancelJob(id: JobId, options: { readonly reason?: string } = {}): Promise<void> {
    checkKeys('cancelJob', options, ['reason']);
    const reason = checkReason(options.reason, 'cancelled by cancelJob()');
    await this.#callFor(id, () => cancel(this.#scope, id, reason));
  }

  /**
   * Reads how a job stands, strongly consistent for the job and for the runs
   * that are due: it has what this client wrote before. Runs that were triggered, back-filled or chained may show up to a
   * second later, as in lists. Two rounds of calls.
   *
   * @throws {@link JobNotFoundError}
   */
  async getJobStatus(id: JobId): Promise<JobStatus> {
    return this.#callFor(id, () => readStatus(this.#scope, this.#hold, id));
  }

  /** Lists jobs: recurring and chained ones first, then once jobs, each newest first. Behind by up to about a second. */
  async listJobs(filter: JobFilter = {}): Promise<JobInfo[]> {
    const jobs: JobInfo[] = [];
    for await (const job of this.iterateJobs(filter)) jobs.push(job);
    return jobs;
  }

  /** As {@link listJobs}, a page of 1,000 at a time: memory does not grow with their number. */
  async *iterateJobs(filter: JobFilter = {}): AsyncGenerator<JobInfo, void> {
    const parsed = parseFilter(filter);
    yield* this.#iterate(() => iterate(this.#scope, this.#hold, parsed));
  }

  /**
   * Pauses all jobs of the task queue: once it has answered, no attempt of any run starts until {@link resume}. Attempts
   * under way go on. Durable, needs no worker, may be called again. Due times of recurring jobs pass without a run.
   *
   * The task queue's rate limit is set to 0, and the schedules are paused with a note.
   *
   * @param options.until when it ends by itself, if a worker lives then.
   * @param options.onProgress is told how many schedules have been asked to pause: a server does some hundred a second.
   */
  async pause(
    options: { readonly reason?: string; readonly until?: Date; readonly onProgress?: OnProgress } = {},
  ): Promise<void> {
    checkKeys('pause', options, ['reason', 'until', 'onProgress']);
    const reason = checkReason(options.reason, 'paused by pause()');
    const until = checkUntil(options.until);
    const report = checkOnProgress(options.onProgress);
    await this.#call(() => pauseAll(this.#scope, this.#hold, reason, until, report));
  }

  /**
   * Ends a pause of all jobs. What was held runs now. Jobs that a person has paused stay paused.
   *
   * @param options.missed of each recurring job's due times that passed meanwhile: `skip` all, or run the `latest`.
   * @default 'skip'
   * @param options.onProgress is told how many schedules have been asked to go on.
   */
  async resume(options: { readonly missed?: 'skip' | 'latest'; readonly onProgress?: OnProgress } = {}): Promise<void> {
    checkKeys('resume', options, ['missed', 'onProgress']);
    const missed = checkMissed(options.missed);
    const report = checkOnProgress(options.onProgress);
    await this.#call(() => resumeAll(this.#scope, this.#hold, missed, report));
  }

  /** Whether all jobs of the task queue are paused. */
  async isPaused(): Promise<boolean> {
    return this.#call(async () => (await this.#hold.read()) !== undefined);
  }

  /**
   * Pauses one job: no run of it starts. The same as the Web UI's button and `temporal schedule toggle --pause`. For a
   * `once` job that waits it needs a worker.
   *
   * @throws {@link JobNotFoundError}, {@link JobNotChangeableError} if it has ended, or a once job has started.
   */
  async pauseJob(id: JobId, options: { readonly reason?: string } = {}): Promise<void> {
    checkKeys('pauseJob', options, ['reason']);
    const reason = checkReason(options.reason, 'paused by pauseJob()');
    await this.#callFor(id, () => pauseJob(this.#scope, id, reason));
  }

  /** Ends the pause of one job. While all jobs are paused, so is this one. */
  async resumeJob(id: JobId): Promise<void> {
    await this.#callFor(id, () => resumeJob(this.#scope, this.#hold, id));
  }

  /**
   * Runs a job now, beside any other run, and says which run it is. A `once` job that waits runs now instead of later.
   *
   * @throws {@link JobNotFoundError}, {@link JobNotChangeableError}
   */
  async triggerJob(id: JobId): Promise<RunInfo> {
    return this.#callFor(id, () => trigger(this.#scope, id));
  }

  /**
   * Runs a failed run again, with the payload, the due time and the predecessor that it had, and a fresh set of attempts;
   * beside any other run, as {@link triggerJob} does. Made again while the retry is under way it answers the same run.
   *
   * Temporal's reset (`temporal workflow reset`), to the workflow task before the handler's activity: the same workflow id
   * goes on under a new run id, so `context.runId` is another one. What follows the job hears of the new end as of any
   * other: a job after its success runs now, and one after its failure or completion runs again, under the new run's id.
   * Jobs that were cancelled since it failed wait again, but for those that follow several.
   *
   * @param options.runId which run, as {@link listRuns} tells it. @default the last that failed and was not made good
   * @returns the new run
   * @throws {@link JobNotFoundError}
   * @throws {@link JobNotChangeableError} if there is no such run or it has not failed, and if the job is cancelled.
   */
  async retryRun(id: JobId, options: { readonly runId?: string } = {}): Promise<RunInfo> {
    checkKeys('retryRun', options, ['runId']);
    const runId = checkRunId(options.runId);
    return this.#callFor(id, () => retryRun(this.#scope, id, runId));
  }

  /**
   * Cancels every job that passes the filter and has not ended, 10 at a time, each as {@link cancelJob} does: one with a
   * handler that does not stop takes 10 seconds. What counts is the list when it is called, which is behind by up to about
   * a second.
   *
   * @returns the ids of the jobs that are cancelled, and which could not be and why.
   * @throws {@link InvalidArgumentError} if the filter has no condition, as it would cancel every job.
   */
  async cancelJobs(filter: JobFilter, options: BulkOptions & { readonly reason?: string } = {}): Promise<BulkResult> {
    checkKeys('cancelJobs', options, ['reason', 'onProgress']);
    const reason = checkReason(options.reason, 'cancelled by cancelJobs()');
    return this.#forEach('cancelJobs', filter, options, isOpen, (id) => this.cancelJob(id, { reason }));
  }

  /**
   * Pauses every job that passes the filter and has not ended, 10 at a time, each as {@link pauseJob} does: a once job that
   * has started is among the failures. To hold all jobs of the task queue use {@link pause}.
   *
   * @returns the ids of the jobs that are paused, and which could not be and why.
   * @throws {@link InvalidArgumentError} if the filter has no condition.
   */
  async pauseJobs(filter: JobFilter, options: BulkOptions & { readonly reason?: string } = {}): Promise<BulkResult> {
    checkKeys('pauseJobs', options, ['reason', 'onProgress']);
    const reason = checkReason(options.reason, 'paused by pauseJobs()');
    return this.#forEach('pauseJobs', filter, options, isOpen, (id) => this.pauseJob(id, { reason }));
  }

  /**
   * Ends the pause of every paused job that passes the filter, 10 at a time, each as {@link resumeJob} does.
   *
   * @returns the ids of the jobs that are not paused any more, and which could not be resumed and why.
   * @throws {@link InvalidArgumentError} if the filter has no condition: `{ state: 'paused' }` takes all.
   */
  async resumeJobs(filter: JobFilter, options: BulkOptions = {}): Promise<BulkResult> {
    checkKeys('resumeJobs', options, ['onProgress']);
    // A list calls a recurring job running, paused or not, while it has a run.
    const mayBePaused = ({ state, kind }: JobInfo) => state === 'paused' || (state === 'running' && kind !== 'once');
    return this.#forEach('resumeJobs', filter, options, mayBePaused, (id) => this.resumeJob(id));
  }

  /**
   * Runs the last run of every job that passes the filter again if it has failed, 10 at a time, each as {@link retryRun}
   * does. A job whose last run has not failed is left alone, also where an earlier one has.
   *
   * @returns the ids of the jobs with a run that is retried, and which could not be and why.
   * @throws {@link InvalidArgumentError} if the filter has no condition.
   */
  async retryRuns(filter: JobFilter, options: BulkOptions = {}): Promise<BulkResult> {
    checkKeys('retryRuns', options, ['onProgress']);
    const mayHaveFailed = ({ state, kind }: JobInfo) => (kind === 'once' ? state === 'failed' : state !== 'cancelled');
    return this.#forEach('retryRuns', filter, options, mayHaveFailed, (id) =>
      this.#call(async () => (await retryIfFailed(this.#scope, id)) !== undefined),
    );
  }

  /**
   * Makes the jobs on the server equal to a list: creates those that are missing, changes those that differ, as
   * `onConflict: 'replace'` does, and cancels those of the same owner that the list does not have. Other jobs are left
   * alone. A once job that has run stays as it is. Made again it comes to the same.
   *
   * The owner is a tag, `owner:...`, to see and to search for in the Web UI.
   *
   * @param options.dryRun only tell what would be done.
   * @returns what was done, and what somebody else had changed since it was applied last.
   * @throws {@link InvalidJobError} for a job without an id, or an id that is there twice, before any call.
   */
  async applyJobs(jobs: readonly ScheduledJob<Jobs>[], options: ApplyOptions = {}): Promise<AppliedJobs> {
    checkKeys('applyJobs', options, ['owner', 'dryRun']);
    const { dryRun = false } = options;
    if (typeof dryRun !== 'boolean')
      throw new InvalidArgumentError(`dryRun: expected true or false, got ${show(dryRun)}`);
    const tag = ownerTag(options.owner);
    const parsed = await parseList(this.#catalogue, jobs, tag);
    return this.#call(() => apply(this.#scope, this.#hold, parsed, tag, dryRun));
  }

  /**
   * Makes up for the due times of an interval or cron job from `from` to `to`, both included, at most 1,000: each that
   * has no run yet gets one. They run beside each other, as workers are free.
   */
  async backfillJob(id: JobId, range: { readonly from: Date; readonly to: Date }): Promise<void> {
    const parsed = parseRange(range);
    await this.#callFor(id, () => backfill(this.#scope, id, parsed));
  }

  /**
   * Changes of a job what is named, of its retry policy too, and nothing else: a pause, dependents and the number of
   * runs left stay. Runs under way keep what they began with.
   *
   * @throws {@link JobNotChangeableError} if the job has ended, or would become one of another kind.
   * @throws {@link ConcurrentUpdateError} if others changed it again and again meanwhile.
   */
  async updateJob(id: JobId, changes: Partial<ScheduledJob<Jobs>>): Promise<void> {
    const parsed = parseChanges(id, changes);
    await this.#callFor(id, () => change(this.#scope, id, parsed, this.#catalogue));
  }

  /** The runs of a job that the server still has, newest first. One call for each. */
  async *listRuns(id: JobId, options: { readonly limit?: number } = {}): AsyncGenerator<RunInfo, void> {
    parseJobId(id);
    checkKeys('listRuns', options, ['limit']);
    const limit = checkLimit(options.limit);
    yield* this.#iterate(() => iterateRuns(this.#scope, id, limit));
  }

  /**
   * Waits for the end of a once job, or of any other job's run in progress, and answers what its handler returned.
   *
   * @param options.runId which run, open or ended: for that of {@link triggerJob}, which may end before this is called.
   * @throws {@link JobFailedError} if the run failed or was cancelled.
   * @throws {@link JobNotChangeableError} if no run is in progress, or the job has no such run.
   */
  async waitForJob(id: JobId, options: { readonly runId?: string } = {}): Promise<unknown> {
    checkKeys('waitForJob', options, ['runId']);
    const runId = checkRunId(options.runId);
    return this.#callFor(id, () => waitFor(this.#scope, id, runId));
  }

  /** Closes the connection, unless the client was given. Jobs go on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#ownsConnection) await this.#scope.client.connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #forEach(
    call: string,
    filter: JobFilter,
    { onProgress }: BulkOptions,
    isWanted: (job: JobInfo) => boolean,
    work: (id: JobId) => Promise<unknown>,
  ): Promise<BulkResult> {
    const report = checkOnProgress(onProgress);
    return forEachJob(this.iterateJobs(parseBulkFilter(call, filter)), isWanted, work, report);
  }

  async #callFor<Result>(id: unknown, calls: () => Promise<Result>): Promise<Result> {
    parseJobId(id);
    return this.#call(calls);
  }

  async #call<Result>(calls: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw new SchedulerUnavailableError('expected an open scheduler, got one that is closed');
    return mapErrors(this.#place, calls);
  }

  async *#iterate<Item>(items: () => AsyncGenerator<Item>): AsyncGenerator<Item, void> {
    const iterator = items();
    try {
      for (
        let next = await this.#call(() => iterator.next());
        !next.done;
        next = await this.#call(() => iterator.next())
      ) {
        yield next.value;
      }
    } finally {
      await iterator.return(undefined);
    }
  }
}
