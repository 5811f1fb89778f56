import type { Fault, Stroke } from './fault.ts';
import { HEARTBEAT_TIMEOUT } from './settings.ts';
import type { Slot } from './workers.ts';
import type { World } from './world.ts';

const HANDLER_WITHIN = 10_000;
const READY_WITHIN = 20_000;
const HOUR = 3_600_000;

/** A worker in the middle of a handler. */
async function busy(world: World, { random, holds }: Stroke): Promise<Slot | undefined> {
  const slot = random.pick(world.slots);
  if (!(await slot.started(HANDLER_WITHIN))) return undefined;
  await holds(0, 60);
  return slot;
}

const kill: Fault = {
  name: 'worker-kill',
  lane: 'workers',
  share: 5,
  async strike(world, stroke) {
    const slot = await busy(world, stroke);
    if (!slot) return false;
    const isBack = slot.ready(READY_WITHIN);
    stroke.begins([slot.number], `pid ${slot.pid}`);
    slot.signal('SIGKILL');
    await isBack;
    return true;
  },
};

const away: Fault = {
  name: 'workers-away',
  lane: 'workers',
  async strike({ slots }, { begins, holds }) {
    begins();
    await Promise.all(slots.map((slot) => slot.away()));
    await holds(4_000, 7_000, true);
    const areBack = slots.map((slot) => slot.ready(READY_WITHIN));
    for (const slot of slots) slot.start();
    await Promise.all(areBack);
    return true;
  },
};

const freeze: Fault = {
  name: 'worker-freeze',
  lane: 'workers',
  async strike(world, stroke) {
    const slot = await busy(world, stroke);
    if (!slot) return false;
    stroke.begins([slot.number], `pid ${slot.pid}`);
    slot.signal('SIGSTOP');
    await stroke.holds(HEARTBEAT_TIMEOUT + 1_000, HEARTBEAT_TIMEOUT + 4_000);
    slot.signal('SIGCONT');
    return true;
  },
};

const clock: Fault = {
  name: 'worker-clock',
  lane: 'workers',
  async strike({ slots }, { random, begins, holds }) {
    const slot = random.pick(slots);
    const shift = Math.round(random.between(-HOUR, HOUR));
    begins([slot.number], `${shift} ms`);
    slot.shiftClock(shift);
    await holds(2_000, 4_000);
    // Back, or, as seldom happens to clocks, on to yet another time.
    slot.shiftClock(random.chance(0.5) ? 0 : -shift);
    await holds(500, 1_000);
    slot.shiftClock(0);
    return true;
  },
};

/** Old, new, and old again after all: one worker after the other, each ending in good order. */
const deploy: Fault = {
  name: 'deploy',
  lane: 'workers',
  async strike({ slots }, { begins }) {
    begins();
    for (const build of ['new', 'old']) {
      for (const slot of slots) {
        await slot.stop();
        slot.build = build;
        const isBack = slot.ready(READY_WITHIN);
        slot.start();
        await isBack;
      }
    }
    return true;
  },
};

export const workerFaults: readonly Fault[] = [kill, away, freeze, clock, deploy];
