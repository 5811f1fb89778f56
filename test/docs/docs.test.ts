import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reference } from '../../scripts/reference.ts';

// What the pages say must be so: each TypeScript block is a part of an example, which is compiled and run (test/examples),
// each link leads somewhere, and the reference is that of the code.

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const PAGES = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(md|txt)$/.test(file))
    .map((file) => join('docs', file)),
];
/** Those whose code a reader copies. */
const isTaught = (page: string) => /^(README|docs[/](learn|migration|recipes[/].+))\.md$/.test(page);

/** What is no code block, so that a line of one is not taken for a heading or a link. */
function textOf(page: string): string {
  return read(page).replaceAll(/^( *)```[^]*?^\1```$/gm, '');
}

function linksOf(page: string): string[] {
  const text = textOf(page).replaceAll(/`[^`\n]+`/g, 'code');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of textOf(page).matchAll(/^#+ (.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Where a link leads, seen from the project's folder. */
function follow(page: string, target: string): { path: string; anchor: string | undefined } {
  const [file = '', anchor] = target.split('#');
  return { path: file === '' ? page : join(dirname(page), file), anchor };
}

function isBroken(page: string, target: string): boolean {
  if (/^https?:/.test(target)) return false;
  const { path, anchor } = follow(page, target);
  return !existsSync(join(root, path)) || (anchor !== undefined && !anchorsOf(path).has(anchor));
}

interface Block {
  readonly code: string;
  /** The example that the last link before the block leads to. */
  readonly example: string | undefined;
}

function blocksOf(page: string): Block[] {
  let example: string | undefined;
  const blocks: Block[] = [];
  for (const [, target, code] of read(page).matchAll(/\]\(([^)\s]+)\)|^```ts\n([^]*?)^```$/gm)) {
    const path = target && follow(page, target).path;
    if (path?.startsWith('examples/')) example = path;
    if (code !== undefined) blocks.push({ code, example });
  }
  return blocks;
}

/** Whether the lines stand in a file one after the other, all of them perhaps further to the right. */
function isPartOf(code: string, file: string): boolean {
  const wanted = code.trimEnd().split('\n');
  const lines = file.split('\n');
  return lines.some((line, start) => {
    if (line.trimStart() !== wanted[0]) return false;
    const indent = line.slice(0, line.length - wanted[0].length);
    return wanted.every((part, index) => lines[start + index] === (part === '' ? '' : indent + part));
  });
}

/** The calls in the second column of a page's tables, which is ours. */
function callsOf(page: string): string[] {
  const rows = [...textOf(page).matchAll(/^\|[^|\n]*\|([^|\n]*)\|/gm)].map(([, cell = '']) => cell);
  return rows.flatMap((cell) => [...cell.matchAll(/(?<![.\w])([a-z]\w+)\(/g)].map(([, name = '']) => name));
}

describe('the documentation', () => {
  for (const page of PAGES) {
    it(`${page} has no broken link`, () => {
      assert.deepEqual(
        linksOf(page).filter((target) => isBroken(page, target)),
        [],
      );
    });
  }

  for (const page of PAGES.filter(isTaught)) {
    it(`${page} shows only code that is run`, () => {
      const fences = [...read(page).matchAll(/^ *```(\w*)$/gm)].map(([, language = '']) => language);
      const isOther = (language: string) => /^(js|javascript|typescript|tsx|mjs)$/.test(language);
      assert.deepEqual(fences.filter(isOther), [], 'expected ts, which is looked at');
      const blocks = blocksOf(page);
      assert.equal(blocks.length, fences.filter((language) => language === 'ts').length, 'one is indented');
      for (const { code, example } of blocks) {
        assert.ok(example, `no link to an example before\n${code}`);
        assert.ok(isPartOf(code, read(example)), `${example} does not have\n${code}`);
      }
    });
  }

  it('finds a block that is not in its example, and a link that leads nowhere', () => {
    assert.equal(isPartOf('a();\n\nb();\n', 'if (c) {\n  a();\n\n  b();\n}\n'), true);
    assert.equal(isPartOf('a();\nb();\n', 'a();\n  b();\n'), false);
    assert.equal(isPartOf('a();\nb();\n', 'a();\n'), false);
    assert.equal(isBroken('README.md', 'docs/none.md'), true);
    assert.equal(isBroken('README.md', 'docs/time.md#none'), true);
    assert.equal(isBroken('docs/time.md', '#when-clocks-change'), false);
    assert.ok(PAGES.filter((page) => blocksOf(page).length > 0).length > 8);
  });

  it('is all found from its index, and from llms.txt', () => {
    for (const index of ['docs/README.md', 'docs/llms.txt']) {
      const found = new Set(linksOf(index).map((target) => follow(index, target).path));
      const missing = PAGES.filter((page) => page.startsWith('docs/') && page.endsWith('.md') && !found.has(page));
      assert.deepEqual(
        missing.filter((page) => page !== 'docs/README.md'),
        [],
        `${index} does not lead to them`,
      );
    }
  });

  it('says of each call it migrates to what there is', () => {
    const known = anchorsOf('docs/reference.md');
    const calls = [...new Set(callsOf('docs/migration.md'))];
    assert.ok(calls.length > 15, `few calls were found: ${calls.join(', ')}`);
    assert.deepEqual(
      calls.filter((name) => !known.has(name.toLowerCase())),
      [],
    );
  });

  it('has the reference of the code as it is', () => {
    assert.equal(read('docs/reference.md'), reference(), 'if the change is meant: npm run docs:reference');
  });
});
