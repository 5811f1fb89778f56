// Puts the figures of the last runs into the docs, between their marks: `npm run bench:document`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Machine } from './machine.ts';
import type { Figure } from './pairs.ts';
import { number } from './report.ts';

const PAGES = ['speed', 'deployment'].map((name) => new URL(`../docs/${name}.md`, import.meta.url));

interface Results {
  readonly machine: Machine;
}

const TABLES: Readonly<Record<string, (results: never) => string>> = {
  results({ figures }: Results & { figures: Figure[] }) {
    const heads = ['', 'ours', 'raw', 'unit', 'ratio', '95 %', 'goal', 'pairs'];
    return markdown(
      heads,
      figures.map(({ name, ours, raw, unit, ratio, interval, goal, isMet, runs, note }) => [
        `${name}${note ? ` (${note})` : ''}`,
        number(ours),
        number(raw),
        unit,
        ratio?.toFixed(2) ?? '',
        interval?.map((end) => end.toFixed(2)).join(' to ') ?? '',
        goal ? `${goal}${isMet ? '' : ': missed'}` : '',
        `${runs ?? ''}`,
      ]),
    );
  },
  beyond({
    rows,
  }: Results & { rows: { name: string; perSecond: number; ratio: number; interval: number[]; latency: number }[] }) {
    return markdown(
      ['', 'runs/s', 'to ours', 'once-now to handler, ms'],
      rows.map(({ name, perSecond, ratio, interval, latency }) => [
        name,
        number(perSecond),
        `${ratio.toFixed(2)} (${interval.map((end) => end.toFixed(2)).join(' to ')})`,
        number(latency),
      ]),
    );
  },
  'server-settings'({ rows }: Results & { rows: ({ setting: string } & Record<string, number>)[] }) {
    return markdown(
      ['', 'once-now p50, ms', 'p99', 'late, 300 ms ahead', 'listed after', 'scheduleJob, ms', 'runs/s', 'idle CPU, %'],
      rows.map(({ setting, ...figures }) => [setting, ...Object.values(figures).map(number)]),
    );
  },
  'cluster-settings'({ rows }: Results & { rows: ({ setting: string } & Record<string, number>)[] }) {
    return markdown(
      ['', 'once-now p50, ms', 'p99', 'late, 300 ms ahead', 'listed after', 'scheduleJob, ms', 'runs/s'],
      rows.map(({ setting, ...figures }) => [setting, ...Object.values(figures).map(number)]),
    );
  },
  growth({
    measured,
  }: Results & {
    measured: Record<string, { counts: number[]; series: Record<string, { ours: number[]; raw: number[] }> }>;
  }) {
    return Object.entries(measured)
      .map(([kind, { counts, series }]) =>
        markdown(
          [
            kind === 'once' ? 'waiting once jobs: ours / raw, ms' : 'schedules: ours / raw, ms',
            ...counts.map((count) => count.toLocaleString('en')),
          ],
          Object.entries(series).map(([name, { ours, raw }]) => [
            name,
            ...ours.map((value, index) => `${number(value)} / ${number(raw[index])}`),
          ]),
        ),
      )
      .join('\n\n');
  },
};

for (const page of PAGES) {
  const tables = Object.entries(TABLES).map(([name, toTable]) => ({ name, text: tableOf(name, toTable) }));
  const filled = tables.reduce(
    (text, { name, text: table }) =>
      text.replace(
        new RegExp(`(<!-- ${name} -->\n).*?(<!-- /${name} -->)`, 's'),
        (whole, open: string, close: string) => (table === undefined ? whole : `${open}\n${table}\n\n${close}`),
      ),
    readFileSync(page, 'utf8'),
  );
  writeFileSync(page, filled);
}

/** The table and what it was measured on, if it was. */
function tableOf(name: string, toTable: (results: never) => string): string | undefined {
  const file = new URL(`./${name}.json`, import.meta.url);
  if (!existsSync(file)) return undefined;
  const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
  const { measuredAt, processors, temporalCli, node, load } = results.machine;
  const where = `${measuredAt.slice(0, 10)}, ${processors}, ${temporalCli}, Node.js ${node}, load ${load[0]?.toFixed(1)} before`;
  return `${toTable(results as never)}\n\n${where}.`;
}

function markdown(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
