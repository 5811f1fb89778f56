// What the workload's jobs do. The record of it is on the disk before anything else happens.
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { defineJob, type JobContext, type JobHandler } from '../../src/index.ts';
import type { Journal } from './journal.ts';
import type { QueueName } from './line.ts';

const act = z.enum(['throw', 'refuse', 'hang', 'exit', 'memory', 'block', 'large result']);

/** How a handler misbehaves. */
export type Act = z.infer<typeof act>;

const errand = defineJob('errand', {
  payload: z.object({
    /** How long it works, in milliseconds. */
    work: z.number(),
    /** What it does instead, in its first `times` attempts. */
    act: act.optional(),
    times: z.number().default(1),
    ballast: z.string().optional(),
  }),
});

/** Known to new workers only, as after a deploy. Nobody schedules it while old ones live. */
const novelty = defineJob('novelty', { payload: z.object({}) });

const LARGE = 3_000_000;

export interface Place {
  readonly slot: number;
  readonly queue: QueueName;
  readonly build: string;
}

type Payload = z.infer<typeof errand.payload>;

/** @param tell what the suite waits for; not part of the record. */
export function createHandlers(journal: Journal, place: Place, tell: (event: object) => void): JobHandler[] {
  const { pid } = process;
  const { slot, queue, build } = place;
  const run = errand.handler(async (payload: Payload, context: JobContext) => {
    const { jobId: job, runId, attempt, signal, predecessor } = context;
    const which = { job, runId, attempt, pid, slot };
    const due = context.scheduledAt.getTime();
    const after = predecessor && { job: predecessor.jobId, runId: predecessor.runId };
    journal.write({ kind: 'start', ...which, due, queue, build, ...(after && { after }) });
    tell({ event: 'start', job, attempt, due });
    try {
      const result = await perform(payload, context);
      journal.write({ kind: 'end', ...which, outcome: 'ok' });
      return result ?? { attempt, pid };
    } catch (error) {
      journal.write({ kind: 'end', ...which, outcome: signal.aborted ? 'aborted' : 'threw' });
      throw error;
    }
  });
  return build === 'new' ? [run, novelty.handler(() => build)] : [run];
}

async function perform({ work, act: how, times }: Payload, { attempt, signal }: JobContext): Promise<unknown> {
  const misbehaves = how !== undefined && attempt <= times;
  if (!misbehaves) return sleep(how === undefined ? work : 20, undefined, { signal });
  switch (how) {
    case 'throw':
      await sleep(work, undefined, { signal });
      throw new Error(`attempt ${attempt} throws, as asked`);
    case 'refuse':
      throw ApplicationFailure.nonRetryable('as asked');
    case 'hang':
      // Deaf to its signal, until well after its time is over: then there are two live attempts.
      return sleep(work);
    case 'exit':
      process.exit(3);
      break;
    case 'memory': {
      const hoard: unknown[] = [];
      for (;;) hoard.push(Array.from({ length: 50_000 }, (_, index) => ({ index })));
    }
    case 'block':
      for (const until = process.hrtime.bigint() + BigInt(Math.round(work)) * 1_000_000n; ;) {
        if (process.hrtime.bigint() > until) return undefined;
      }
    case 'large result':
      return 'x'.repeat(LARGE);
  }
}
