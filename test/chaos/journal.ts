import { closeSync, fsyncSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Line, LineBody } from './line.ts';

/** The machine's monotonic clock in milliseconds: on Linux and macOS the same for all processes, and nobody can set it. */
export function monotonic(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** One process's file of the record. A line is on the disk before what it tells goes on. */
export class Journal {
  readonly #file: number;
  #isClosed = false;

  constructor(folder: string, name: string) {
    this.#file = openSync(join(folder, `${name}.jsonl`), 'a');
  }

  /** What still goes on when the suite has broken off is no part of the record. */
  write(body: LineBody): void {
    if (this.#isClosed) return;
    writeSync(this.#file, `${JSON.stringify({ mono: monotonic(), wall: Date.now(), ...body })}\n`);
    fsyncSync(this.#file);
  }

  close(): void {
    this.#isClosed = true;
    closeSync(this.#file);
  }
}

/** All lines of all processes. The last one of a file may be torn: its process was killed, and what it tells did not go on. */
export function readJournals(folder: string): Line[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => {
      const lines = readFileSync(join(folder, name), 'utf8').split('\n');
      if (lines.at(-1) !== '') lines.pop();
      return lines.filter(Boolean).map((line) => JSON.parse(line) as Line);
    });
}

/** Writes down each time that this process did not get to run for a while: a heartbeat may then have been late. */
export function watchForStalls(journal: Journal, slot: number): void {
  const every = 200;
  const worthTelling = 800;
  let last = monotonic();
  setInterval(() => {
    const now = monotonic();
    const lasted = now - last - every;
    if (lasted > worthTelling) journal.write({ kind: 'stall', pid: process.pid, slot, lasted: Math.round(lasted) });
    last = now;
  }, every).unref();
}
