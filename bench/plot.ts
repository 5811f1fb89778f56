/** Charts as SVG, by hand: both axes logarithmic, ours drawn through and raw dashed. */

export interface Chart {
  readonly title: string;
  /** Along the bottom. */
  readonly counts: readonly number[];
  /** Milliseconds at each count; lines of one name have one colour. */
  readonly lines: readonly { readonly name: string; readonly values: readonly number[]; readonly isOurs: boolean }[];
}

const WIDTH = 420;
const HEIGHT = 320;
const MARGIN = { left: 56, right: 16, top: 40, bottom: 96 };
// Told apart by people who see few colours too, on white and on black.
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];

export function chart(charts: readonly Chart[]): string {
  const parts = charts.map((one, index) => `<g transform="translate(${index * WIDTH} 0)">${draw(one)}</g>`);
  const size = `width="${WIDTH * charts.length}" height="${HEIGHT}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12">`,
    `<rect ${size} fill="white"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function draw({ title, counts, lines }: Chart): string {
  const all = lines.flatMap(({ values }) => values);
  const decades = [Math.floor(Math.log10(Math.min(...all))), Math.ceil(Math.log10(Math.max(...all)))] as const;
  const [inner, low] = [WIDTH - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.bottom];
  const [first = 1, last = 1] = [counts[0], counts.at(-1)];
  const x = (count: number) => MARGIN.left + (inner * Math.log(count / first)) / Math.log(last / first || 1);
  const y = (value: number) =>
    low - ((low - MARGIN.top) * (Math.log10(value) - decades[0])) / (decades[1] - decades[0] || 1);
  const names = [...new Set(lines.map(({ name }) => name))];

  const parts = [`<text x="${MARGIN.left}" y="20" font-weight="bold">Milliseconds, by number of ${title}</text>`];
  for (let decade = decades[0]; decade <= decades[1]; decade++) {
    const at = y(10 ** decade).toFixed(1);
    parts.push(`<path d="M${MARGIN.left} ${at}h${inner}" stroke="#ccc"/>`);
    parts.push(`<text x="${MARGIN.left - 6}" y="${at}" dy="4" text-anchor="end">${10 ** decade}</text>`);
  }
  for (const count of counts) {
    parts.push(
      `<text x="${x(count).toFixed(1)}" y="${low + 18}" text-anchor="middle">${count.toLocaleString('en')}</text>`,
    );
  }
  for (const { name, values, isOurs } of lines) {
    const points = values.map((value, index) => `${x(counts[index] ?? first).toFixed(1)},${y(value).toFixed(1)}`);
    const look = `stroke="${COLOURS[names.indexOf(name)]}" stroke-width="2" fill="none"`;
    parts.push(`<polyline points="${points.join(' ')}" ${look}${isOurs ? '' : ' stroke-dasharray="3 4"'}/>`);
  }
  for (const [index, name] of names.entries()) {
    const at = { x: MARGIN.left + (index % 2) * 170, y: low + 44 + Math.floor(index / 2) * 18 };
    parts.push(`<path d="M${at.x} ${at.y - 4}h18" stroke="${COLOURS[index]}" stroke-width="2"/>`);
    parts.push(`<text x="${at.x + 24}" y="${at.y}">${name}</text>`);
  }
  parts.push(`<text x="${MARGIN.left}" y="${low + 84}" fill="#666">dashed: raw calls for the same</text>`);
  return parts.join('\n');
}
