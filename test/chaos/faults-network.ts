import type { Fault, Stroke } from './fault.ts';
import type { Link } from './link.ts';
import type { World } from './world.ts';

/** The links of the client, or of some workers, or of all. */
function someLinks({ slots, link }: World, { random }: Stroke): { links: Link[]; slots?: number[] } {
  const all = slots.map(({ number }) => number);
  const struck = random.pick([[], all.slice(0, 1), all.slice(1), all]);
  const links = slots.filter(({ number }) => struck.includes(number)).map((slot) => slot.link);
  // Whoever is not struck alone is struck with the client.
  return struck.length === 0 || struck.length === all.length ? { links: [...links, link] } : { links, slots: struck };
}

function network(name: string, fail: (link: Link, stroke: Stroke) => void): Fault {
  return {
    name,
    lane: 'network',
    async strike(world, stroke) {
      const { links, slots } = someLinks(world, stroke);
      // Whether what was held back arrives after all.
      const late = stroke.random.chance(0.5);
      stroke.begins(slots, `${links.length} links${late ? ', what is held back arrives late' : ''}`);
      for (const link of links) fail(link, stroke);
      await stroke.holds(2_000, 6_000);
      for (const link of links) link.heal(late);
      return true;
    },
  };
}

export const networkFaults: readonly Fault[] = [
  network('net-cut', (link) => link.cut()),
  network('net-lose-up', (link) => link.lose('up')),
  network('net-lose-down', (link) => link.lose('down')),
  network('net-half-open', (link) => link.halfOpen()),
  network('net-slow', (link, { random }) => link.slow(random.between(50, 250))),
];
