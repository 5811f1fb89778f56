import { InvalidArgumentError } from '../job/errors.ts';
import { show } from '../job/show.ts';

/** How far a call is that does something to many jobs. */
export interface Progress {
  /** With how many jobs it is done, or has failed. */
  readonly done: number;
  /** Of how many, once that is known. The last report has as many done. */
  readonly total?: number;
}

export type OnProgress = (progress: Progress) => void;

const WIDTH = 24;
/** So that thousands of jobs a second are not thousands of lines a second. */
const REDRAW_EVERY = 100;

/**
 * Shows the progress of a call on standard error: a bar on a terminal, which goes away at the end, and nothing elsewhere.
 *
 * ```ts
 * await scheduler.scheduleJobs(jobs, { onProgress: progressBar('scheduling') });
 * ```
 */
export function progressBar(what: string): OnProgress {
  if (typeof what !== 'string') throw new InvalidArgumentError(`what: expected a text to show, got ${show(what)}`);
  return barOn(process.stderr, what);
}

/** @internal */
export function barOn(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>, what: string): OnProgress {
  if (!stream.isTTY) return () => {};
  let drawnAt = -Infinity;
  return ({ done, total }) => {
    if (done === total) {
      stream.write('\r\u001b[K');
    } else if (performance.now() - drawnAt >= REDRAW_EVERY) {
      drawnAt = performance.now();
      stream.write(`\r\u001b[K${what} ${total === undefined ? done : `${bar(done / total)} ${done} of ${total}`}`);
    }
  };
}

/** @internal */
export function bar(part: number): string {
  const filled = Math.round(part * WIDTH);
  return '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
}

export function checkOnProgress(onProgress: unknown): OnProgress {
  if (onProgress === undefined) return () => {};
  if (typeof onProgress === 'function') return onProgress as OnProgress;
  throw new InvalidArgumentError(`onProgress: expected a function, got ${show(onProgress)}`);
}
