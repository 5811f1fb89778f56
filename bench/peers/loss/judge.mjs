// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { quantile } from '../support.mjs';

const MINUTE = 60_000;

/**
 * @typedef {object} Run what one due time had
 * @property {number[]} starts
 * @property {number[]} ends
 *
 * @typedef {object} Verdict
 * @property {number} due how many due times there were
 * @property {number} lost no run, and the system no longer has it
 * @property {number} skipped of the lost, those that it counts and tells
 * @property {number} paused of the lost, those that came due while all was paused
 * @property {number} failed given up, and recorded as failed
 * @property {number} stuck no run by the end of the test, but the system still has it
 * @property {number} doubled more than one run came to its end
 * @property {number} again attempted more than once, of which one came to its end
 * @property {number} late50 from the due time to the start of the run, in milliseconds
 * @property {number} lateMost
 */

/**
 * Compares the due times, which are computed, with what the handlers wrote down.
 * @param {Map<string, number[]>} expected due times by key
 * @param {string} record
 */
export function runsOf(expected, record) {
  /** @type {Map<string, Run>} */
  const runs = new Map();
  for (const [key, dues] of expected) for (const due of dues) runs.set(`${key}@${due}`, { starts: [], ends: [] });
  const lines = existsSync(record) ? readFileSync(record, 'utf8').split('\n').filter(Boolean) : [];
  /** @type {Map<string, number>} the due time that a job without one was given, by its id */
  const given = new Map();
  /** @type {Set<string>} */
  const taken = new Set();
  for (const line of lines) {
    const [what, key = '', told = '', id = '', at = ''] = line.split(' ');
    const [first = 0] = expected.get(key) ?? [];
    const due = told !== '-' ? Number(told) : key.startsWith('o-') ? first : guess(key, id, first, Number(at));
    const run = runs.get(`${key}@${due}`);
    if (what === 'start') run?.starts.push(Number(at));
    else run?.ends.push(Number(at));
  }
  return runs;

  /**
   * pg-boss does not tell its jobs their due time: the newest minute without a run, so that it is late as little as can be.
   * @param {string} key @param {string} id @param {number} first @param {number} time
   */
  function guess(key, id, first, time) {
    const known = given.get(id);
    if (known !== undefined) return known;
    const newest = Math.floor(time / MINUTE) * MINUTE;
    let due = newest;
    while (due >= first && taken.has(`${key}@${due}`)) due -= MINUTE;
    // One too many, unless it is from before the test.
    if (due < first) due = newest;
    taken.add(`${key}@${due}`);
    given.set(id, due);
    return due;
  }
}

/**
 * @param {Map<string, Run>} runs
 * @param {Map<string, string>} standing what the system still has, by key or `key@due`
 * @param {number} skipped
 * @param {{ from: number, to: number }} [pause]
 * @returns {Verdict}
 */
export function judge(runs, standing, skipped, pause) {
  const late = [];
  const verdict = { due: runs.size, lost: 0, skipped, paused: 0, failed: 0, stuck: 0, doubled: 0, again: 0 };
  for (const [name, { starts, ends }] of runs) {
    const due = Number(name.split('@')[1]);
    const state = standing.get(name) ?? standing.get(name.split('@')[0] ?? '');
    if (ends.length === 0) verdict[state === undefined ? 'lost' : state === 'failed' ? 'failed' : 'stuck'] += 1;
    if (ends.length === 0 && state === undefined && pause && due >= pause.from && due <= pause.to) verdict.paused += 1;
    if (ends.length > 1) verdict.doubled += 1;
    if (ends.length === 1 && starts.length > 1) verdict.again += 1;
    // The attempt that came to its end first: the last that started before it.
    const [end] = ends.toSorted((a, b) => a - b);
    if (end !== undefined) late.push((starts.filter((start) => start <= end).at(-1) ?? end) - due);
  }
  return { ...verdict, late50: quantile(late, 0.5), lateMost: late.length > 0 ? Math.max(...late) : NaN };
}

/** @param {Map<string, Run>} runs */
export function missing(runs) {
  return [...runs].filter(([, { ends }]) => ends.length === 0).map(([name]) => name);
}
