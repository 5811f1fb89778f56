import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { interval, once } from '../../src/index.ts';
import { System, eventually } from '../support/system.ts';
import { MortalServer, type Engine } from './outage.ts';

/** A line that says what was seen, or why it is wrong. */
export interface Check {
  readonly name: string;
  readonly problem?: string;
}

// How long before its first due time a job is created.
const LEADS = [50, 300, 600, 950];
const TOO_LATE = 3_000;

/** The server is killed right after a call has answered. */
export async function killsAfterAnswers(folder: string, engine: Engine): Promise<Check[]> {
  await using server = await MortalServer.start(folder, engine);
  const { address } = server;
  await using system = await System.start({ address });
  const checks: Check[] = [];
  const check = (name: string, problems: readonly string[]) =>
    void checks.push({ name: `${engine}: ${name}`, ...(problems.length > 0 && { problem: problems.join('; ') }) });

  const at = new Date(Date.now() + 6_000);
  const cancelled = await system.scheduler.scheduleJob({
    id: system.name('cancelled'),
    jobType: 'task',
    payload: 1,
    schedule: once(at),
  });
  await system.scheduler.cancelJob(cancelled);
  await server.kill();
  await server.restart();
  await sleep(Math.max(0, at.getTime() + TOO_LATE - Date.now()));
  const { state } = await system.scheduler.getJobStatus(cancelled);
  const calls = system.callsOf(cancelled).length;
  check(
    `a once job cancelled while it waits never runs (${calls} calls, ${state})`,
    calls === 0 && state === 'cancelled' ? [] : ['it is not so'],
  );

  const jobs: { readonly id: string; readonly lead: number; readonly dueAt: number }[] = [];
  for (const lead of LEADS) {
    const startAt = new Date(Math.ceil((Date.now() + lead) / 1_000) * 1_000);
    await sleep(startAt.getTime() - lead - Date.now());
    const id = await system.scheduler.scheduleJob({
      id: system.name(`lead-${lead}`),
      jobType: 'task',
      payload: 1,
      schedule: interval('1h', { startAt }),
    });
    await server.kill();
    await server.restart();
    await Promise.race([system.called(1, id), sleep(60_000)]);
    jobs.push({ id, lead, dueAt: startAt.getTime() });
  }
  const problems = jobs.flatMap(({ id, lead, dueAt }) => {
    const called = system.callsOf(id);
    const runs = new Set(called.map(({ runId }) => runId)).size;
    const isRight = runs === 1 && called.every(({ context }) => context.scheduledAt.getTime() === dueAt);
    return isRight ? [] : [`${runs} runs of the job created ${lead} ms before`];
  });
  check(`a recurring job created ${LEADS.join(', ')} ms before its first due time has that run`, problems);
  checks.push(...(await backfills(system, engine)));
  return checks;
}

/** What the server does with the same due times when they are made up for twice. */
async function backfills(system: System, engine: Engine): Promise<Check[]> {
  const client = new Client({ connection: await Connection.connect({ address: system.address }) });
  const from = new Date('2026-03-01T00:00:00Z');
  const to = new Date('2026-03-01T03:00:00Z');
  const runsOf = async (id: string) => {
    let count = 0;
    for await (const { status } of client.workflow.list({ query: `TemporalScheduledById = '${id}'` })) {
      if (status.name === 'RUNNING') return NaN;
      count++;
    }
    return count;
  };
  const made = async (name: string, second: 'at once' | 'when all have ended'): Promise<Check> => {
    const id = await system.scheduler.scheduleJob({
      id: system.name(name),
      jobType: 'task',
      payload: 1,
      schedule: interval('1h', { startAt: from }),
    });
    await system.scheduler.backfillJob(id, { from, to });
    if (second === 'when all have ended')
      await eventually(
        () => runsOf(id),
        (runs) => runs === 4,
        30_000,
      );
    await system.scheduler.backfillJob(id, { from, to });
    await sleep(TOO_LATE);
    const runs = await eventually(
      () => runsOf(id),
      (count) => count >= 4,
      30_000,
    );
    return {
      name: `${engine}: a back-fill of 4 due times made again ${second}: ${runs} runs`,
      ...(runs !== 4 && { problem: 'a due time has two runs' }),
    };
  };
  const checks = [await made('backfill-1', 'at once'), await made('backfill-2', 'when all have ended')];
  await client.connection.close();
  return checks;
}
