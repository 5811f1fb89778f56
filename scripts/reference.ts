// Writes docs/reference.md from the docstrings, as the emitted types have them: npm run docs:reference
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ENTRIES = [
  { name: 'temporal-job-scheduler', file: 'dist/index.d.ts', words: 'The client and the words of the domain.' },
  { name: 'temporal-job-scheduler/worker', file: 'dist/worker.d.ts', words: 'Runs the handlers.' },
  { name: 'temporal-job-scheduler/local', file: 'dist/local.d.ts', words: 'Server, worker and scheduler in one call.' },
  { name: 'temporal-job-scheduler/testing', file: 'dist/testing.d.ts', words: 'For the tests of an application.' },
];
const INTRO = `# Reference

Everything that can be imported. Made from the docstrings by \`npm run docs:reference\`. How it is used: [learn](learn.md) and the [recipes](README.md#recipes).

The entry \`temporal-job-scheduler/workflows\` has the workflows, for an application that bundles them with its own: \`export * from 'temporal-job-scheduler/workflows'\`.`;

interface Declaration {
  readonly name: string;
  readonly doc: string;
  readonly code: string;
}

/** The page, made of what is built. */
export function reference(): string {
  const sections = ENTRIES.map(({ name, file, words }) => {
    const declarations = exportsOf(join(ROOT, file));
    const contents = declarations.map((declaration) => `[\`${declaration.name}\`](${anchor(declaration.name)})`);
    return [`## ${name}`, words, contents.join(', '), ...declarations.map(render)].join('\n\n');
  });
  return `${[INTRO, ...sections].join('\n\n')}\n`;
}

function exportsOf(file: string): Declaration[] {
  return chunks(readFileSync(file, 'utf8')).flatMap((chunk): Declaration[] => {
    const { doc, code } = split(chunk);
    const [, names = '', path] = /^export (?:type )?(\*|\{[^}]*\}) from '(.+)\.ts'/.exec(code) ?? [];
    if (path !== undefined) {
      const all = exportsOf(join(dirname(file), `${path}.d.ts`));
      const wanted = [...names.matchAll(/\w+(?= ?[,}])/g)].map(([name]) => name);
      return names === '*' ? all : wanted.flatMap((name) => all.filter((declaration) => declaration.name === name));
    }
    const [, name] = /^export (?:declare )?(?:class|function|const|interface|type) (\w+)/.exec(code) ?? [];
    return name === undefined || doc.includes('@internal') ? [] : [{ name, doc, code: unexport(code) }];
  });
}

/** What stands at the left margin, each with its comment: declarations of a file, or members of a class. */
function chunks(text: string): string[] {
  const found: string[] = [];
  for (const line of text.split('\n')) {
    const last = found.at(-1);
    const isGoingOn = last !== undefined && (/^$|^[\s})\]]/.test(line) || /^\/\*\*(?:(?!\*\/)[^])*\*\/$/.test(last));
    if (isGoingOn) found[found.length - 1] = `${last}\n${line}`;
    else found.push(line);
  }
  return found.map((chunk) => chunk.trimEnd());
}

function split(chunk: string): { doc: string; code: string } {
  const [, doc = '', code = ''] = /^(\/\*\*(?:(?!\*\/)[^])*\*\/\n)?([^]*)$/.exec(chunk) ?? [];
  return { doc, code };
}

function unexport(code: string): string {
  return code
    .replace(/^export (?:declare )?/, '')
    .replaceAll(/^(?: {4})+/gm, (spaces) => ' '.repeat(spaces.length / 2));
}

function render({ name, doc, code }: Declaration): string {
  const [, head = '', body = ''] = /^(class .*) \{\n([^]*)\n\}$/.exec(code) ?? [];
  if (!head) return parts(`### ${name}`, prose(doc), block(code));
  const members = chunks(body.replaceAll(/^ {2}/gm, ''))
    .map(split)
    .filter((member) => !/^#private|^(?:protected )?constructor\(/.test(member.code));
  const bare = members.filter((member) => !member.doc).map((member) => `\n${member.code.replaceAll(/^/gm, '  ')}`);
  const documented = members.filter((member) => member.doc);
  return parts(
    `### ${name}`,
    prose(doc),
    block(bare.length > 0 ? `${head} {${bare.join('')}\n}` : head),
    ...documented.map((member) => {
      const [, own = ''] = /^(?:static |readonly )*([\w.[\]]+)/.exec(member.code) ?? [];
      return parts(`#### ${own}`, prose(member.doc), block(member.code));
    }),
  );
}

function parts(...all: string[]): string {
  return all.filter((part) => part !== '').join('\n\n');
}

function block(code: string): string {
  return `\`\`\`ts\n${code}\n\`\`\``;
}

/** A docstring as Markdown: its tags as a list, lines that were only broken to fit joined. */
function prose(doc: string): string {
  const text = doc.replaceAll(/^\/\*\*|\*\/\n?$/g, '').replaceAll(/^[ \t]*\* */gm, '');
  const [intro = '', ...tags] = text
    .replaceAll(/\s+@default\s+((?:(?!\n@)[^])+)/g, (_, value: string) => ` Default: ${value.trim()}.`)
    .replaceAll(/\{@link (\w+\.)?(\w+)\}/g, (_, of: string = '', name: string) => `[\`${of}${name}\`](${anchor(name)})`)
    .split(/\n@/)
    .map((part) => part.trim().replaceAll(/(?<!\n)\n(?!\n|- )/g, ' '));
  const items = tags.map((tag) =>
    tag.replace(/^param (\S+)/, '`$1`:').replace(/^[tr]/, (first) => first.toUpperCase()),
  );
  return parts(intro, items.map((item) => `- ${item}`).join('\n'));
}

function anchor(name: string): string {
  return `#${name.toLowerCase()}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(join(ROOT, 'docs/reference.md'), reference());
