import { styleText } from 'node:util';
import type { Figure } from './pairs.ts';

/** Figures as a table, for people. */
export function table(figures: readonly Figure[]): string {
  const heads = ['figure', 'ours', 'raw', 'unit', 'ratio', '95 %', 'goal', 'pairs', 'note'];
  const rows = figures.map((figure) => cells(figure));
  const widths = heads.map((head, column) => Math.max(...[head, ...rows.map((row) => row[column] ?? '')].map(length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [styleText('bold', line(heads)), ...rows.map(line)].join('\n');
}

function cells({ name, ours, raw, unit, ratio, interval, goal, isMet, runs, note }: Figure): string[] {
  const mark = isMet === undefined ? '' : isMet ? ' ✓' : ' ✗';
  return [
    name,
    number(ours),
    number(raw),
    unit,
    ratio === undefined ? '' : ratio.toFixed(2),
    interval ? `${interval[0].toFixed(2)}..${interval[1].toFixed(2)}` : '',
    `${goal ?? ''}${mark}`,
    runs === undefined ? '' : `${runs}`,
    note ?? '',
  ];
}

export function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '';
  if (Number.isInteger(value)) return `${value}`;
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

const isText = (column: number) => [0, 3, 6, 8].includes(column);
const length = (text: string) => [...text].length;
