import { randomUUID } from 'node:crypto';
import { afterJob, interval, once } from 'temporal-job-scheduler';
import type { Bench, Group } from './group.ts';
import { rawInput, rawOnce } from './raw.ts';
import { ourNow, rawNow } from './run.ts';
import type { Sides } from './sides.ts';

const WORK = 400;

/** How soon a dependent starts, and how many events runs take. */
export const chain: Group = {
  name: 'chain',
  async measure(bench) {
    const { compare, isQuick, sides } = bench;
    await compare({
      name: "predecessor's end to dependent's start",
      unit: 'ms',
      budget: isQuick ? 5_000 : 14_000,
      ours: () => several(() => ourChain(sides)),
      raw: () => several(() => rawChain(sides)),
    });
    await events(bench);
  },
};

async function several(work: () => Promise<number>): Promise<number[]> {
  return Promise.all(Array.from({ length: 3 }, work));
}

/** The dependent is registered while the predecessor works. */
async function ourChain({ scheduler, starts }: Sides, kept?: string[]): Promise<number> {
  const [first, second] = [`end:${randomUUID()}`, randomUUID()];
  const [started, followed] = [starts.next(first), starts.next(second)];
  const payload = { key: first, work: WORK };
  const id = await scheduler.scheduleJob({ jobType: 'bench', schedule: once(new Date()), payload });
  await started;
  const next = await scheduler.scheduleJob({ jobType: 'bench', schedule: afterJob(id), payload: { key: second } });
  kept?.push(id, next);
  return (await followed) - (starts.ends.get(first) ?? NaN);
}

async function rawChain({ client, starts }: Sides, kept?: string[]): Promise<number> {
  const [first, second] = [`end:${randomUUID()}`, randomUUID()];
  const followed = starts.next(second);
  const next = { workflowId: second, input: rawInput({ key: second }) };
  const id = await rawOnce(client, rawInput({ key: first, work: WORK }, next));
  kept?.push(id, second);
  return (await followed) - (starts.ends.get(first) ?? NaN);
}

/** Counts, the same on any machine. */
async function events({ add, sides }: Bench): Promise<void> {
  const { scheduler, client, starts } = sides;
  const count = async (workflowId: string) => {
    const handle = client.workflow.getHandle(workflowId);
    await handle.result();
    return (await handle.fetchHistory()).events?.length ?? 0;
  };
  const raw = async () => count(await rawNow(sides, randomUUID()));
  const keep = (name: string, ours: number, ofRaw: number, goal: number) =>
    add({ name, unit: 'events', ours, raw: ofRaw, goal: `≤ ${goal}`, isMet: ours <= goal });

  keep('events of a once run', await count(await ourNow(sides, randomUUID())), await raw(), 11);

  const key = randomUUID();
  const started = starts.next(key);
  const recurring = await scheduler.scheduleJob({ jobType: 'bench', schedule: interval('1s'), payload: { key } });
  await started;
  await scheduler.cancelJob(recurring);
  const ran = client.workflow.list({ query: `JobId = '${recurring}' AND ExecutionStatus = 'Completed'` });
  for await (const { workflowId } of ran) {
    keep('events of a recurring run', await count(workflowId), await raw(), 12);
    break;
  }

  const ourPair: string[] = [];
  const rawPair: string[] = [];
  await ourChain(sides, ourPair);
  await rawChain(sides, rawPair);
  const predecessor = [await count(ourPair[0]!), await count(rawPair[0]!)] as const;
  keep('events of a once run with one dependent', ...predecessor, predecessor[1] + 4);
  const runs = client.workflow.list({ query: `JobId = '${ourPair[1]}'` });
  for await (const { workflowId } of runs)
    keep('events of a chained run', await count(workflowId), await count(rawPair[1]!), 13);
}
