import type { Disturbance, History } from './history.ts';
import type { QueueName } from './line.ts';
import { pausesOf } from './pause-windows.ts';
import { LATE_AFTER, RECOVERED_WITHIN, STANDSTILL } from './settings.ts';

interface Window {
  readonly from: number;
  readonly to: number;
}

/**
 * When a run must be over: soon after it was due, or, if something was wrong then, within the promised time after all was
 * well again. A machine that is slow may take longer to work off what has piled up, but not stand still meanwhile.
 */
export class Deadlines {
  readonly #windows = new Map<QueueName, readonly Window[]>();
  /** How long after the end of its last fault the slowest recovery took. */
  slowest = 0;

  constructor(history: History) {
    const struck = history.disturbances.filter((disturbance) => !strikesNobody(disturbance));
    const done = doneInOrder(history);
    for (const queue of ['main', 'held', 'narrow'] as const) {
      const windows = merge([...struck, ...pausesOf(history, queue)], RECOVERED_WITHIN);
      this.#windows.set(
        queue,
        merge(
          windows.map((window, index) => this.#drained(window, done, windows[index + 1]?.from ?? Infinity)),
          0,
        ),
      );
    }
  }

  of(time: number, queue: QueueName): { readonly at: number; readonly isRecovery: boolean } {
    const calm = time + LATE_AFTER;
    const window = this.#windows.get(queue)?.find(({ from, to }) => from < calm && to > time);
    return window && window.to > calm ? { at: window.to, isRecovery: true } : { at: calm, isRecovery: false };
  }

  /**
   * Goes on for as long as what piled up before its end is worked off, one run soon after the other; what the next fault
   * interrupts in this is over when that one is.
   */
  #drained({ from, to }: Window, done: readonly Done[], nextFrom: number): Window {
    const wellAgain = to - RECOVERED_WITHIN;
    let end = to;
    let last = wellAgain;
    for (const { due, at } of done) {
      const isBacklog = due >= from && due <= end && at >= wellAgain && at > due + LATE_AFTER;
      if (!isBacklog) continue;
      if (at > end + STANDSTILL) {
        if (nextFrom <= end + STANDSTILL) end = Math.max(end, nextFrom);
        break;
      }
      last = at;
      end = Math.max(end, at);
    }
    this.slowest = Math.max(this.slowest, last - wellAgain);
    return { from, to: end };
  }
}

interface Done {
  readonly due: number;
  readonly at: number;
}

/** The runs that ended, in the order in which they did. They all wait behind each other, whatever their queue. */
function doneInOrder(history: History): Done[] {
  const closed = new Map(history.runs.map(({ runId, closedAt }) => [runId, closedAt]));
  const dues = new Map(history.attempts.map(({ runId, due }) => [runId, due]));
  return [...dues].map(([runId, due]) => ({ due, at: closed.get(runId) ?? Infinity })).toSorted((x, y) => x.at - y.at);
}

/** A handler that fails is nobody else's trouble. */
function strikesNobody({ slots }: Disturbance): boolean {
  return slots?.length === 0;
}

/** Whether something was wrong with a worker in a time. */
export function isDisturbed(history: History, slot: number, from: number, to: number): boolean {
  return history.disturbances.some(
    (one) => one.from <= to && one.to >= from && (one.slots === undefined || one.slots.includes(slot)),
  );
}

function merge(windows: readonly Window[], after: number): Window[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of windows.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to + after);
    else merged.push({ from, to: to + after });
  }
  return merged;
}
