/** Rows under their headings, each column as wide as it has to be. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, headings.map((heading) => '-'.repeat(heading.length)), ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const toText = (line: readonly string[]) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return lines.map((line) => `  ${toText(line).trimEnd()}`).join('\n');
}

/** In the reader's own time zone and manner; without the date if that is today's. */
export function localTime(date: Date | undefined): string {
  if (!date) return '-';
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? date.toLocaleTimeString()
    : date.toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'medium' });
}

export function inBytes(count: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  return `${power === 0 ? count : (count / 1_000 ** power).toFixed(1)} ${units[power]}`;
}

export function firstLine(text: string, length: number): string {
  const [line = ''] = text.split('\n');
  return line.length > length ? `${line.slice(0, length - 3)}...` : line;
}
