// Puts the figures of the last runs into docs/speed.md, between its marks: `node --import tsx bench/document.ts`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Machine } from './machine.ts';
import type { Figure } from './pairs.ts';
import { number } from './report.ts';

const PAGE = new URL('../docs/speed.md', import.meta.url);

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

let page = readFileSync(PAGE, 'utf8');
for (const [name, toTable] of Object.entries(TABLES)) {
  const file = new URL(`./${name}.json`, import.meta.url);
  if (!existsSync(file)) continue;
  const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
  const { measuredAt, processors, temporalCli, node, load } = results.machine;
  const where = `${measuredAt.slice(0, 10)}, ${processors}, ${temporalCli}, Node.js ${node}, load ${load[0]?.toFixed(1)} before`;
  const inside = new RegExp(`(<!-- ${name} -->\n).*?(<!-- /${name} -->)`, 's');
  page = page.replace(inside, (_, open: string, close: string) =>
    [open, toTable(results as never), `\n\n${where}.\n\n`, close].join('\n').replaceAll(/\n{3,}/g, '\n\n'),
  );
}
writeFileSync(PAGE, page);

function markdown(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
