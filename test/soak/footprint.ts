import { readdirSync } from 'node:fs';

/** What a process holds. Memory in megabytes; of the heap only what is in use, after a collection. */
export interface Footprint {
  readonly heap: number;
  readonly rss: number;
  /** Open files, sockets included. */
  readonly files: number;
  /** What keeps Node.js alive: timers, sockets, requests. */
  readonly handles: number;
}

const MEGABYTE = 1_048_576;

/** The process must run with `--expose-gc`. */
export function footprint(): Footprint {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return {
    heap: heapUsed / MEGABYTE,
    rss: rss / MEGABYTE,
    files: readdirSync('/proc/self/fd').length,
    handles: process.getActiveResourcesInfo().length,
  };
}
