import { valuesOf, type Sample } from './trend.ts';

const WIDTH = 280;
const HEIGHT = 130;
const COLUMNS = 3;

/** The samples as SVG, one small chart for each series, from zero up. */
export function picture(samples: readonly Sample[]): string {
  const last = samples.at(-1)?.minute ?? 1;
  const charts = Object.entries(valuesOf(samples)).map(([name, values], index) => {
    const most = Math.max(...values, 1) * 1.1;
    const x = (minute: number) => (20 + ((WIDTH - 40) * minute) / last).toFixed(1);
    const y = (value: number) => (HEIGHT - 20 - ((HEIGHT - 50) * value) / most).toFixed(1);
    const points = values.map((value, at) => `${x(samples[at]!.minute)},${y(value)}`).join(' ');
    const [left, top] = [(index % COLUMNS) * WIDTH, Math.floor(index / COLUMNS) * HEIGHT];
    return [
      `<g transform="translate(${left} ${top})">`,
      `<text x="20" y="18" font-weight="bold">${name}: ${values.at(-1)!.toFixed(1)}</text>`,
      `<path d="M20 ${HEIGHT - 20}h${WIDTH - 40}" stroke="#999"/>`,
      `<polyline points="${points}" fill="none" stroke="#0072b2" stroke-width="1.5"/>`,
      `<text x="${WIDTH - 20}" y="${HEIGHT - 6}" text-anchor="end" fill="#666">${last.toFixed(0)} minutes</text>`,
      '</g>',
    ].join('\n');
  });
  const rows = Math.ceil(charts.length / COLUMNS);
  const size = `width="${WIDTH * COLUMNS}" height="${HEIGHT * rows}"`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12">`;
  return [head, `<rect ${size} fill="white"/>`, ...charts, '</svg>\n'].join('\n');
}
