import type { Fault } from './fault.ts';
import type { Act } from './handlers.ts';
import { plan, schedule, type Payload, type PlanOptions } from './jobs.ts';
import type { World } from './world.ts';

const STARTED_WITHIN = 20_000;
let count = 0;

interface Misdeed {
  readonly payload: (world: World) => Payload;
  readonly options?: Partial<PlanOptions>;
  /** How long it goes on after its start. */
  readonly lasts?: (world: World) => number;
  /** Whether the whole process suffers. */
  readonly isShared?: boolean;
}

/** A once job that is due now, whose handler misbehaves in its first attempt and does not in the next. */
function handler(name: string, act: Act, { payload, options = {}, lasts, isShared = false }: Misdeed): Fault {
  return {
    name,
    lane: 'handlers',
    async strike(world, stroke) {
      const job = plan({
        id: `${world.prefix}-${name}-${++count}`,
        when: { kind: 'once', at: Date.now() },
        strikesProcess: isShared,
        ...options,
      });
      world.observer.follow(job.id, job.queue);
      const started = Promise.race(
        world.slots.map(async (slot) => {
          const start = await slot.started(STARTED_WITHIN, (one) => one.job === job.id);
          return start && slot;
        }),
      );
      if ((await schedule(world, job, { act, ...payload(world) }, 10)) !== 'ok') return false;
      const slot = await started;
      if (!slot) return false;
      // A handler that only fails disturbs nobody else.
      stroke.begins(isShared ? [slot.number] : [], job.id);
      if (!isShared) return true;
      const time = lasts?.(world) ?? 3_000;
      await stroke.holds(time, time);
      return true;
    },
  };
}

/** Payloads at the edge of what is allowed. */
const large: Fault = {
  name: 'payload-large',
  lane: 'handlers',
  async strike(world, { random, begins }) {
    const at = { kind: 'once', at: Date.now() } as const;
    const id = `${world.prefix}-large-${++count}`;
    const beyond = plan({ id: `${id}-beyond`, when: at, comesTo: 'refused' });
    begins([]);
    const refused = await schedule(
      world,
      beyond,
      { work: 1, ballast: 'x'.repeat(2_000_000 + random.whole(0, 3_000_000)) },
      3,
    );
    const within = plan({ id: `${id}-within`, when: at });
    world.observer.follow(within.id, within.queue);
    await schedule(world, within, { work: 1, ballast: 'x'.repeat(1_800_000) });
    return refused === 'failed';
  },
};

const blockFor = (world: World) => (world.isLong && count % 3 === 0 ? 60_000 : 6_000);

export const handlerFaults: readonly Fault[] = [
  handler('handler-throw', 'throw', { payload: () => ({ work: 10, times: 2 }) }),
  handler('handler-hang', 'hang', { payload: () => ({ work: 8_000 }), options: { timeout: 4_000 } }),
  handler('handler-exit', 'exit', { payload: () => ({ work: 0 }), isShared: true }),
  handler('handler-memory', 'memory', { payload: () => ({ work: 0 }), isShared: true, lasts: () => 6_000 }),
  handler('handler-block', 'block', {
    payload: (world) => ({ work: blockFor(world) }),
    isShared: true,
    lasts: blockFor,
  }),
  handler('result-large', 'large result', { payload: () => ({ work: 0, times: 100 }), options: { comesTo: 'failed' } }),
  large,
];
