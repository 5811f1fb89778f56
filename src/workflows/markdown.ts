/** Whatever stands in it, as it is: Markdown takes the longest run of back-ticks for the mark. */
export function code(text: string): string {
  if (!text.includes('`')) return `\`${text}\``;
  const mark = '`'.repeat(1 + Math.max(...[...text.matchAll(/`+/g)].map(([run]) => run.length)));
  return `${mark} ${text} ${mark}`;
}
