const DAY = 86_400;
/** Offsets are looked up at these distances; no zone changes its clocks twice within five days. */
const SAMPLE = 5 * DAY;
const CHUNK = 73 * SAMPLE;

/** A change of a zone's offset from UTC, in seconds since 1970. */
export interface Transition {
  readonly at: number;
  /** Seconds east of Greenwich. */
  readonly before: number;
  readonly after: number;
}

/** A zone's offsets, in whole seconds east of Greenwich, from the runtime's time zone data. */
export interface TimeZone {
  readonly name: string;
  offsetAt(second: number): number;
  transitions(from: number, to: number): Transition[];
}

const zones = new Map<string, TimeZone>();

const spellings = new Map<string, string | undefined>();

/** Whether Temporal's server and this runtime know the name: an IANA zone, not an offset such as `+02:00`. */
export function isTimeZone(name: unknown): name is string {
  return typeof name === 'string' && spell(name) !== undefined;
}

/** The server minds the case of a name: `europe/berlin` becomes `Europe/Berlin`. */
export function spellTimeZone(name: string): string {
  return spell(name) ?? name;
}

// To ask the runtime is slow, and a list of schedules asks for the same few again and again.
function spell(name: string): string | undefined {
  if (spellings.has(name)) return spellings.get(name);
  const spelling = lookUp(name);
  if (spellings.size >= 1000) spellings.clear();
  spellings.set(name, spelling);
  return spelling;
}

function lookUp(name: string): string | undefined {
  if (!/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/.test(name) || name.length > 60 || /^SystemV\//i.test(name)) return undefined;
  // ICU's three-letter leftovers (PST, IST, ...) are no IANA names: the server refuses them.
  if (/^[A-Z]{3}$/i.test(name) && !/^(?:UTC|GMT|EST|MST|HST|CET|MET|EET|WET|PRC|ROC|ROK|UCT)$/i.test(name)) {
    return undefined;
  }
  try {
    const known = Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
    if (known.toLowerCase() === name.toLowerCase()) return known;
    // An alias, of which the runtime does not tell the spelling.
    return name === name.toLowerCase() ? name.replaceAll(/(^|[/_-])[a-z]/g, (start) => start.toUpperCase()) : name;
  } catch {
    return undefined;
  }
}

export function timeZone(name: string): TimeZone {
  let zone = zones.get(name);
  if (!zone) {
    zone = makeTimeZone(name);
    if (zones.size >= 1000) zones.clear();
    zones.set(name, zone);
  }
  return zone;
}

function makeTimeZone(name: string): TimeZone {
  if (/^(?:Etc\/)?(?:UTC|UCT|GMT|Zulu|Universal|Greenwich)$/i.test(name)) {
    return { name, offsetAt: () => 0, transitions: () => [] };
  }
  const measure = offsetMeter(name);
  const chunks = new Map<number, { readonly base: number; readonly transitions: Transition[] }>();
  const chunkOf = (index: number): { readonly base: number; readonly transitions: Transition[] } => {
    let chunk = chunks.get(index);
    if (!chunk) {
      const start = index * CHUNK;
      chunk = { base: measure(start), transitions: findTransitions(measure, start, start + CHUNK) };
      chunks.set(index, chunk);
    }
    return chunk;
  };
  return {
    name,
    offsetAt(second) {
      const { base, transitions } = chunkOf(Math.floor(second / CHUNK));
      return transitions.findLast((transition) => transition.at <= second)?.after ?? base;
    },
    transitions(from, to) {
      const found = [];
      for (let index = Math.floor(from / CHUNK); index <= Math.floor(to / CHUNK); index++) {
        found.push(...chunkOf(index).transitions);
      }
      return found.filter(({ at }) => at >= from && at <= to);
    },
  };
}

function findTransitions(measure: (second: number) => number, start: number, end: number): Transition[] {
  const found: Transition[] = [];
  let before = measure(start);
  for (let low = start; low < end; low += SAMPLE) {
    const after = measure(low + SAMPLE);
    if (after === before) continue;
    let [same, changed] = [low, low + SAMPLE];
    while (changed - same > 1) {
      const middle = Math.floor((same + changed) / 2);
      if (measure(middle) === before) same = middle;
      else changed = middle;
    }
    found.push({ at: changed, before, after });
    before = after;
  }
  return found;
}

function offsetMeter(name: string): (second: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (second) => {
    const [month, day, year, hour, minute, seconds] = format
      .format(second * 1000)
      .match(/\d+/g)!
      .map(Number);
    return Date.UTC(year!, month! - 1, day, hour, minute, seconds) / 1000 - second;
  };
}
