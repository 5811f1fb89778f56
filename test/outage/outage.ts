import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, type ScheduleDescription, type WorkflowExecutionInfo } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { z } from 'zod';
import { Scheduler, defineJob, interval, type OverlapPolicy } from '../../src/index.ts';
import { LocalServer } from '../../src/local-server.ts';
import { createJobWorker } from '../../src/worker.ts';
import { freePort, gone, kill } from '../dev-server/harness.ts';

export type Engine = 'v1' | 'v2';

const POLICIES: readonly OverlapPolicy[] = [
  'skip',
  'bufferOne',
  'bufferAll',
  'allowAll',
  'cancelOther',
  'terminateOther',
];

/** One job: its policies, and whether a run of it was open from before the outage until after it. */
interface Pair {
  readonly id: string;
  readonly overlap: OverlapPolicy;
  readonly window: '10s' | '1h';
  readonly open: boolean;
}

const PAIRS: readonly Pair[] = [
  ...POLICIES.flatMap((overlap) =>
    (['1h', '10s'] as const).map((window) => ({ id: `${overlap}-${window}`, overlap, window, open: false })),
  ),
  ...POLICIES.map((overlap) => ({ id: `${overlap}-open`, overlap, window: '1h' as const, open: true })),
];

/** The newest due time takes the place of the others, and the server does not count those. */
export const REPLACES: readonly OverlapPolicy[] = ['cancelOther', 'terminateOther'];

const OPEN = PAIRS.filter(({ open }) => open);

type ScheduleInfo = ScheduleDescription['raw']['info'];

/** What the handler saw of one attempt. Times are milliseconds since 1970. */
interface Call {
  readonly scheduledAt: number;
  readonly runId: string;
  readonly attempt: number;
  readonly at: number;
}

/** What the server knows of one run. */
interface Started {
  readonly scheduledAt: number;
  readonly runId: string;
  readonly state: string;
  readonly endedAt?: number;
  readonly error?: string;
}

export interface JobFacts extends Pair {
  readonly calls: readonly Call[];
  readonly runs: readonly Started[];
  readonly skipped: { readonly overlap: number; readonly missed: number };
  /** The server's count of due times that found its buffer full; the status does not tell it. */
  readonly dropped: number;
  /** How many due times the server still keeps and does nothing about. */
  readonly stuck: number;
}

/** All that is known of an outage when it is over. */
export interface Facts {
  readonly engine: Engine;
  readonly due: number;
  readonly firstDue: number;
  readonly lastDue: number;
  readonly diedAt: number;
  readonly backAt: number;
  readonly kills: number;
  readonly jobs: readonly JobFacts[];
}

const task = defineJob('outage', { payload: z.object({ open: z.boolean() }) });
const EVERY = 1_000;
const KILLED_AFTER = 900;
const HANDLER_TAKES = 20;
// A start that failed again and again is tried again after up to a minute.
const STUCK_FOR = 75_000;
const STUCK_FOR_AFTER_FEW = 20_000;
const QUEUE = 'outage';

/** A server on a database file, whose process can be killed, and started again on the same file and port. */
export class MortalServer implements AsyncDisposable {
  readonly #database: string;
  readonly #port: number;
  readonly #engine: Engine;
  #server: LocalServer | undefined;

  private constructor(folder: string, port: number, engine: Engine) {
    this.#database = join(folder, `${engine}-${port}.db`);
    this.#port = port;
    this.#engine = engine;
  }

  static async start(folder: string, engine: Engine): Promise<MortalServer> {
    quiet();
    const server = new MortalServer(folder, await freePort(), engine);
    await server.restart();
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Answers when it is ready. */
  async restart(): Promise<void> {
    const args = ['--headless', ...(this.#engine === 'v2' ? ['--v2-schedules'] : [])];
    this.#server = await LocalServer.start({ database: this.#database, port: this.#port, uiPort: 0, args });
  }

  /** As a power cut would: the server itself, not the script round it. Answers when it died. */
  async kill(): Promise<number> {
    const pid = Number(/^pid (\d+)$/m.exec(readFileSync(`${this.#database}.server`, 'utf8'))?.[1]);
    kill(pid, 'SIGKILL');
    const diedAt = Date.now();
    await gone(pid);
    await this.#server?.stop();
    return diedAt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.stop();
  }
}

/** Jobs of every pair, and a server that is away for so many of their due times. */
export async function outage(folder: string, engine: Engine, due: number, kills: number): Promise<Facts> {
  await using server = await MortalServer.start(folder, engine);
  const { address } = server;
  const calls = new Map<string, Call[]>(PAIRS.map(({ id }) => [id, []]));
  const handled = gate();
  const allOpen = gate();
  const release = gate();
  let killAt = Infinity;
  let isReleased = false;
  const handler = task.handler(async ({ open }, { jobId, runId, attempt, scheduledAt, signal }) => {
    calls.get(jobId)?.push({ scheduledAt: scheduledAt.getTime(), runId, attempt, at: Date.now() });
    handled.open();
    if (OPEN.every(({ id }) => calls.get(id)?.length)) allOpen.open();
    // Also when another attempt of it is made: it is open until the schedules have seen to what they missed.
    const staysOpen = open && !isReleased && scheduledAt.getTime() < killAt;
    if (!staysOpen) return sleep(HANDLER_TAKES);
    return Promise.race([release.opened, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
  });
  await using scheduler = await Scheduler.connect({ address, taskQueue: QUEUE });
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  await using worker = await createJobWorker({ address, taskQueue: QUEUE, handlers: [handler], maxConcurrentJobs: 50 });
  const working = worker.run();
  working.catch((error: unknown) => console.error('the worker ended:', error));

  // The server's own worker, which V1 schedules need, is up when a first run has been.
  const job = { jobType: 'outage', payload: { open: false } };
  await scheduler.scheduleJob({ id: 'warm-up', ...job, schedule: interval('1s', { maxRuns: 1 }) });
  await handled.opened;
  // One due time before the outage for the jobs that have a run open when it comes, and then those that fall into it:
  // there is none while the server catches up.
  const firstDue = Math.ceil(Date.now() / 1_000 + 6) * 1_000;
  const lastDue = firstDue + due * EVERY;
  const endAt = new Date(lastDue);
  const { failures } = await scheduler.scheduleJobs(
    PAIRS.map(({ id, overlap, window, open }) => ({
      ...job,
      id,
      schedule: interval(EVERY, { startAt: new Date(open ? firstDue : firstDue + EVERY), endAt }),
      overlap,
      catchupWindow: window,
      payload: { open },
    })),
  );
  if (failures.length > 0) throw new Error(`not scheduled: ${JSON.stringify(failures)}`);

  killAt = firstDue + KILLED_AFTER;
  // At this time even if a handler is not at work yet: the next due time belongs to the outage.
  await Promise.race([allOpen.opened, until(killAt)]);
  const diedAt = await server.kill();
  await until(lastDue + 100);
  await server.restart();
  const backAt = Date.now();
  for (let more = 1; more < kills; more++) {
    // In the middle of catching up.
    await sleep(1_000 + more * 300);
    await server.kill();
    await server.restart();
  }

  const infoOf = async (id: string) => (await client.schedule.getHandle(id).describe()).raw.info;
  const hasSeenOutage = async () => {
    const [skipping, buffering] = await Promise.all([infoOf('skip-open'), infoOf('bufferAll-open')]);
    const seen = Math.min(due, 990);
    return Number(skipping?.overlapSkipped) >= seen && Number(buffering?.bufferSize) >= seen;
  };
  await eventually(hasSeenOutage, 60_000).catch(console.error);
  isReleased = true;
  release.open();
  let seen = '';
  let seenAt = 0;
  const isCaughtUp = async () => {
    const { count } = await client.workflow.count(`WorkflowType = 'runJob' AND ExecutionStatus = 'Running'`);
    if (count > 0) return false;
    const infos = await Promise.all(PAIRS.map(({ id }) => infoOf(id)));
    if (infos.every((info, index) => isSettled(PAIRS[index]!.overlap, due, info))) return true;
    const now = JSON.stringify(infos.map((info) => [Number(info?.bufferSize), Number(info?.actionCount)]));
    if (now !== seen) [seen, seenAt] = [now, Date.now()];
    return Date.now() - seenAt > (due <= 100 ? STUCK_FOR_AFTER_FEW : STUCK_FOR);
  };
  await eventually(isCaughtUp, 120_000 + due * 3_000).catch(console.error);
  // The lists are behind by up to a second.
  await sleep(2_000);

  const jobs: JobFacts[] = [];
  for (const pair of PAIRS) {
    const runs: Started[] = [];
    for await (const run of client.workflow.list({ query: `TemporalScheduledById = '${pair.id}'` })) {
      const scheduledAt = run.searchAttributes['TemporalScheduledStartTime']?.[0];
      runs.push({
        scheduledAt: (scheduledAt as Date).getTime(),
        runId: run.runId,
        state: run.status.name,
        ...(run.closeTime && { endedAt: run.closeTime.getTime() }),
        ...(run.status.name === 'FAILED' && { error: await whyFailed(client, run) }),
      });
    }
    const { skipped } = await scheduler.getJobStatus(pair.id);
    const { bufferDropped, bufferSize } = (await infoOf(pair.id)) ?? {};
    const counts = { skipped, dropped: Number(bufferDropped), stuck: Number(bufferSize) };
    jobs.push({ ...pair, calls: calls.get(pair.id) ?? [], runs, ...counts });
  }
  await connection.close();
  return { engine, due, firstDue, lastDue, diedAt, backAt, kills, jobs };
}

/** Whether the server has seen to all due times of the outage, as far as it counts them. */
function isSettled(overlap: OverlapPolicy, due: number, info: ScheduleInfo): boolean {
  const { actionCount, overlapSkipped, missedCatchupWindow, bufferDropped, bufferSize } = info ?? {};
  const seen = [actionCount, overlapSkipped, missedCatchupWindow, bufferDropped].reduce((sum, n) => sum + Number(n), 0);
  return Number(bufferSize) === 0 && seen >= (REPLACES.includes(overlap) ? 1 : due);
}

/** The SDK's core tells of each call that a server which is away does not answer, for minutes. */
function quiet(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'off' } } });
  } catch {
    // Still installed: it goes with the last worker that is closed.
  }
}

async function whyFailed(client: Client, { workflowId, runId }: WorkflowExecutionInfo): Promise<string> {
  try {
    return String(await client.workflow.getHandle(workflowId, runId).result());
  } catch (error) {
    let cause = error;
    while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause;
    return String(cause);
  }
}

function until(time: number): Promise<void> {
  return sleep(Math.max(0, time - Date.now()));
}

/** Asks until it is so. A server that is busy catching up may take longer than a call's time to answer. */
async function eventually(isSo: () => Promise<boolean>, within: number): Promise<void> {
  for (const deadline = Date.now() + within; ; await sleep(250)) {
    try {
      if (await isSo()) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      console.error(`asked again after: ${String(error)}`);
    }
    if (Date.now() > deadline) throw new Error(`not so within ${within} ms: ${isSo.name}`);
  }
}

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
