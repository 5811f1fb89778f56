import assert from 'node:assert/strict';
import { spawn, execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsx = fileURLToPath(import.meta.resolve('tsx'));

function run(file: string, args: string[] = [], cwd = root): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, ['--import', tsx, join(root, 'examples', file), ...args], { cwd });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  return { child, output: () => output };
}

describe('examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'examples-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const files = readdirSync(join(root, 'examples')).filter((file) => file.endsWith('.ts'));
  for (const file of files) {
    const [, block] = readFileSync(join(root, 'examples', file), 'utf8').split('// Output:\n');
    if (!block) continue;
    it(`${file} prints what it says`, async () => {
      const { child, output } = run(file);
      const [code] = (await once(child, 'close')) as [number];
      assert.equal(output(), block.replaceAll(/^\/\/ ?/gm, ''));
      assert.equal(code, 0);
    }).timeout(60_000);
  }

  it('every-ten-seconds.ts has at most 15 lines, is the one in the README, and ends on SIGTERM', async () => {
    const source = readFileSync(join(root, 'examples/every-ten-seconds.ts'), 'utf8');
    assert.ok(source.trimEnd().split('\n').length <= 15);
    assert.ok(readFileSync(join(root, 'README.md'), 'utf8').includes(source.trimEnd()));
    const { child, output } = run('every-ten-seconds.ts', [], folder);
    const closed = once(child, 'close');
    while (!output().includes('Web UI')) await once(child.stdout!, 'data');
    while (!output().includes('Hello, world!')) await once(child.stdout!, 'data');
    child.kill('SIGTERM');
    assert.deepEqual(await closed, [0, null]);
  }).timeout(60_000);

  it('the demo backs up a folder, verifies it and ends by itself', async () => {
    const source = join(root, 'src', 'job');
    const destination = join(folder, 'backups');
    const { child, output } = run('demo/demo.ts', ['--source', source, '--destination', destination]);
    assert.deepEqual(await once(child, 'close'), [0, null], output());
    assert.match(output(), /\/namespaces\/default\/workflows\//);
    const [archive] = readdirSync(destination).filter((name) => name.endsWith('.tar.gz') || name.endsWith('.tgz'));
    const listed = execFileSync('tar', ['tzf', join(destination, archive!)]).toString();
    for (const file of readdirSync(source)) assert.ok(listed.includes(file), `${file} is not in the archive`);
  }).timeout(120_000);
});
