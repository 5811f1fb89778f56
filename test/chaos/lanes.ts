import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Faults, Lane } from './fault.ts';
import { handlerFaults } from './faults-handlers.ts';
import { networkFaults } from './faults-network.ts';
import { serverFaults } from './faults-server.ts';
import { workerFaults } from './faults-workers.ts';
import { isOn, randomOf, type World } from './world.ts';

export const ALL_FAULTS: readonly Fault[] = [...workerFaults, ...serverFaults, ...networkFaults, ...handlerFaults];

/** Between two faults of a lane, in milliseconds. */
const GAPS: Readonly<Record<Lane, readonly [number, number]>> = {
  workers: [500, 3_000],
  server: [3_000, 9_000],
  network: [2_000, 6_000],
  handlers: [500, 3_000],
};
/** A system in which nothing runs any more shows nothing: before a fault some run must start in time, or that much passes. */
const IN_TIME_WITHIN = 15_000;
/** Now and then all lanes rest for so long that recovery shows. */
const CALM_EVERY = 150_000;
const CALM_FOR = 40_000;
/** The last faults begin so long before the last due time. */
const LAST_BEFORE_END = 5_000;

/** Strikes one fault after another in every lane, until the end. */
export async function strikeAll(world: World, faults: Faults, names: readonly string[]): Promise<void> {
  const chosen = ALL_FAULTS.filter(({ name }) => names.length === 0 || names.includes(name));
  const possible = chosen.filter((fault) => {
    const why = fault.impossible?.(world);
    if (why !== undefined && names.length > 0) throw new Error(`${fault.name} is impossible: ${why}`);
    if (why !== undefined) console.error(`without ${fault.name}: ${why}`);
    return why === undefined;
  });
  const startedAt = Date.now();
  const lanes = new Set(possible.map(({ lane }) => lane));
  const ofLane = (wanted: Lane) => possible.filter(({ lane }) => lane === wanted);
  // Named several times it comes several times as often.
  const shareOf = (fault: Fault) => names.filter((name) => name === fault.name).length || (fault.share ?? 1);
  const deckOf = (lane: Lane) => ofLane(lane).flatMap((fault) => Array.from({ length: shareOf(fault) }, () => fault));
  await Promise.all([...lanes].map((lane) => strikeLane(world, faults, lane, deckOf(lane), startedAt)));
}

async function strikeLane(
  world: World,
  faults: Faults,
  lane: Lane,
  fullDeck: readonly Fault[],
  startedAt: number,
): Promise<void> {
  const random = randomOf(world, `lane ${lane}`);
  const isOver = () => Date.now() > world.endAt - LAST_BEFORE_END || !isOn(world);
  let deck: Fault[] = [];
  while (!isOver()) {
    const [low, high] = GAPS[lane];
    await sleep(random.between(low, high));
    const inRound = (Date.now() - startedAt) % CALM_EVERY;
    if (inRound > CALM_EVERY - CALM_FOR) await sleep(CALM_EVERY - inRound);
    if (lane !== 'handlers') await world.progress.inTime(IN_TIME_WITHIN);
    if (isOver()) break;
    // Each as often as its share says, in any order.
    if (deck.length === 0) deck = random.shuffled(fullDeck);
    const fault = deck.pop();
    if (fault) await faults.strike(world, fault, random);
  }
}
