// @ts-check
import { systems } from './systems/index.mjs';
import { faults } from './loss/faults.mjs';

/**
 * @typedef {{ before: number, after: number }} Load of the machine, over a minute
 *
 * @typedef {object} Results
 * @property {import('./facts.mjs').Facts} facts
 * @property {boolean} quick
 * @property {string | undefined} note what a reader must know of how it was measured
 * @property {{ load: Load, seconds: number, figures: import('./speed/speed.mjs').Speed[] } | undefined} speed
 * @property {{ load: Load, seconds: number, size: import('./loss/run.mjs').Size, rows: import('./loss/run.mjs').Row[] } | undefined} loss
 */

/** @param {import('./speed/speed.mjs').Speed[]} figures */
export function speedTable(figures) {
  /** @type {readonly [string, (speed: import('./speed/speed.mjs').Speed) => string][]} */
  const lines = [
    ['add, one after the other (jobs/s)', ({ add }) => rate(add)],
    ['add, 50 at once (jobs/s)', ({ addAtOnce }) => rate(addAtOnce)],
    ['run, 50 handlers at once (jobs/s)', ({ run }) => rate(run)],
    ['add to handler, p50 / p99 (ms)', ({ pickUp50, pickUp99 }) => `${time(pickUp50)} / ${time(pickUp99)}`],
    ['50 jobs due every 2 s, late p50 / p99 (ms)', ({ late50, late99 }) => `${time(late50)} / ${time(late99)}`],
    ['list 100 of 1,000 (ms)', ({ list }) => time(list)],
  ];
  const rows = lines.map(([title, cell]) => [title, ...figures.map(cell)]);
  return table(['', ...figures.map(({ system }) => systems[system]?.name ?? system)], rows);
}

/** @param {import('./loss/run.mjs').Row[]} rows */
export function lossTable(rows) {
  const heads = ['fault', 'system', 'jobs', 'due', 'lost', 'doubled', 'attempted again', 'late p50 / most (s)', ''];
  const kinds = /** @type {const} */ (['once', 'recurring']);
  const lines = faults.flatMap(({ name, title }) =>
    kinds.flatMap((kind) =>
      rows
        .filter((row) => row.fault === name && row.kind === kind)
        .map((row) => [
          title,
          systems[row.system]?.name ?? row.system,
          kind === 'once' ? 'one-off' : systems[row.system]?.resolution === 'minute' ? 'every minute' : 'recurring',
          `${row.due}`,
          row.lost === 0 ? '0' : `**${row.lost}**`,
          row.doubled === 0 ? '0' : `**${row.doubled}**`,
          `${row.again}`,
          `${seconds(row.late50)} / ${seconds(row.lateMost)}`,
          notes(row),
        ]),
    ),
  );
  return table(heads, lines);
}

/** As {@link lossTable}, a line for each system: lost and doubled under each fault. @param {import('./loss/run.mjs').Row[]} rows */
export function lossSummary(rows) {
  const lines = Object.entries(systems).flatMap(([system, { name, resolution, onlyRepeats }]) =>
    /** @type {const} */ (['once', 'recurring']).flatMap((kind) => {
      if (onlyRepeats && kind === 'once') return [];
      const jobs = kind === 'once' ? 'one-off' : resolution === 'minute' ? 'every minute' : 'recurring';
      const cells = faults.map((fault) => {
        const row = rows.find((one) => one.system === system && one.fault === fault.name && one.kind === kind);
        return row ? fate(row) : '';
      });
      return [[name, jobs, ...cells]];
    }),
  );
  return table(['', 'jobs', 'worker killed', 'store or server killed', 'paused and resumed', 'deploy'], lines);
}

/** @param {import('./loss/run.mjs').Row} row */
function fate({ due, lost, paused, skipped, doubled, stuck }) {
  const untold = lost - paused - skipped;
  const gone = [
    untold > 0 && `**${untold} lost**`,
    skipped > 0 && `${skipped} skipped and counted`,
    paused > 0 && `${paused} passed over in the pause`,
    doubled > 0 && `**${doubled} doubled**`,
    stuck > 0 && `**${stuck} not run**`,
  ].filter(Boolean);
  return `${gone.join(', ') || '0'} of ${due}`;
}

/** @param {import('./loss/run.mjs').Row} row */
function notes({ lost, skipped, paused, stuck, failed, crashes }) {
  return [
    skipped > 0 && `${skipped} of the lost counted as skipped`,
    paused > 0 && `${paused === lost ? 'all' : paused} of the lost came due while paused`,
    stuck > 0 && `**${stuck} had not run when the test ended**`,
    failed > 0 && `${failed} given up as failed`,
    crashes > 0 && `its process ended by itself ${crashes} times`,
  ]
    .filter(Boolean)
    .join('; ');
}

/** @param {readonly string[]} heads @param {readonly (readonly string[])[]} rows */
function table(heads, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

/** @param {number} value */
const rate = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
/** @param {number} value */
const time = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
/** @param {number} value in milliseconds */
const seconds = (value) => (Number.isNaN(value) ? '' : (value / 1_000).toFixed(value < 10_000 ? 2 : 1));
