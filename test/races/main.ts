// npm run test:races -- --rounds 200 --seed 1 [--only words] [--address host:port]
import { parseArgs } from 'node:util';
import { SchedulerUnavailableError, type JobContext } from '../../src/index.ts';
import { stopServers, testServer } from '../support/servers.ts';
import { System } from '../support/system.ts';
import { chains } from './chains.ts';
import { ends } from './ends.ts';
import { kills } from './kills.ts';
import { pauses } from './pauses.ts';
import { pass, seeded, type Race } from './race.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    address: { type: 'string' },
    engine: { type: 'string', default: 'v1' },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed);
const address = values.address ?? (await testServer(values.engine === 'v2' ? 'v2' : 'v1')).address;
// Below this, chance alone may leave a side out.
const ENOUGH_FOR_SIDES = 40;
const MOST_UNANSWERED = 0.05;

let passed = 0;
let failed = 0;
for (const [number, race] of [...chains, ...ends, ...pauses, ...kills].entries()) {
  if (!race.name.includes(values.only)) continue;
  if (await run(race, number)) passed += 1;
  else failed += 1;
}
await stopServers();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function handler(payload: unknown, { signal }: JobContext): Promise<string> {
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
  if (payload === 'fail') {
    await pass(60);
    throw new Error('as asked');
  }
  if (payload === 'long') await pass(150);
  if (payload === 'obedient') await Promise.race([pass(5_000), aborted]);
  if (payload === 'stops') {
    await Promise.race([pass(1_500), aborted]);
    signal.throwIfAborted();
  }
  return 'done';
}

async function run(race: Race, number: number): Promise<boolean> {
  const started = Date.now();
  const sides = new Map<string, number>(race.sides.map((side) => [side, 0]));
  const violations: string[] = [];
  // Rounds that tell nothing, since the machine was too busy for the server to answer. Others are done in their place.
  let unanswered = 0;
  let next = 0;
  const slot = async () => {
    await using system = await System.start({ address, worker: { maxConcurrentJobs: 50 } });
    system.on(handler);
    while (next < rounds + unanswered) {
      const round = next++;
      const random = seeded(seed * 1_000_003 + number * 10_007 + round);
      const between = (low: number, high: number) => low + random() * (high - low);
      const name = `race${number}-${seed}-${round}-${system.id}`;
      try {
        const moment = () => race.aim?.at(random()) ?? 0;
        const outcome = await race.round(system, { name, random, between, moment });
        if ('violation' in outcome) violations.push(`round ${round}: ${outcome.violation}`);
        else {
          sides.set(outcome.side, (sides.get(outcome.side) ?? 0) + 1);
          race.aim?.learn(outcome.side === race.sides[0]);
        }
      } catch (error) {
        const isUnanswered = error instanceof SchedulerUnavailableError && unanswered < rounds * MOST_UNANSWERED;
        if (isUnanswered) unanswered += 1;
        else violations.push(`round ${round}: ${String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(race.width ?? 8, rounds) }, slot));
  const seen = [...sides].map(([side, count]) => `${count} ${side}`).join(', ');
  const unseen =
    race.sides.length > 1 &&
    rounds >= ENOUGH_FOR_SIDES &&
    race.sides.some((side) => (sides.get(side) ?? 0) < rounds / 10);
  const verdict =
    violations.length > 0 ? `${violations.length} VIOLATIONS` : unseen ? 'NOT BOTH SIDES SEEN' : '0 violations';
  const seconds = Math.round((Date.now() - started) / 1_000);
  console.log(
    `${race.name}: ${rounds} rounds in ${seconds} s: ${seen}; ${verdict}${unanswered > 0 ? `; ${unanswered} done again, the server did not answer` : ''}`,
  );
  for (const violation of violations.slice(0, 5)) console.log(`  ${violation}`);
  return violations.length === 0 && !unseen;
}
