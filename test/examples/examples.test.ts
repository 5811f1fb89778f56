import assert from 'node:assert/strict';
import { spawn, execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Scheduler } from '../../src/index.ts';
import { LocalServer } from '../../src/local-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsx = fileURLToPath(import.meta.resolve('tsx'));

function run(
  file: string,
  { args = [], cwd = root, env = {} }: { args?: string[]; cwd?: string; env?: Record<string, string> } = {},
): { child: ChildProcess; output: () => string } {
  const options = { cwd, env: { ...process.env, ...env } };
  const child = spawn(process.execPath, ['--import', tsx, join(root, 'examples', file), ...args], options);
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  return { child, output: () => output };
}

describe('examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'examples-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What an example says at its end that it prints: all of it, or lines among others until it is stopped. */
  const expected = (file: string): { exactly?: string; untilStopped?: string[] } => {
    const source = readFileSync(join(root, 'examples', file), 'utf8');
    const [, heading, lines = ''] = /\n\/\/ Output(, until Ctrl-C)?:\n([^]*)$/.exec(source) ?? [];
    const text = lines.replaceAll(/^\/\/ ?/gm, '');
    if (text === '') return {};
    return heading ? { untilStopped: text.trimEnd().split('\n') } : { exactly: text };
  };
  // Those with tests of their own, below; and tests, which the runner runs as they are.
  const others = (file: string) => file === 'every-ten-seconds.ts' || file.endsWith('.test.ts');

  for (const file of readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts') && !others(name))) {
    const { exactly, untilStopped } = expected(file);
    it(`${file} prints what it says`, async () => {
      assert.ok(exactly ?? untilStopped, 'it does not say what it prints');
      const { child, output } = run(file, { cwd: mkdtempSync(join(folder, 'run-')) });
      const closed = once(child, 'close');
      if (untilStopped) {
        const isThere = (line: string) => output().split('\n').includes(line);
        while (child.exitCode === null && !untilStopped.every(isThere)) await once(child.stdout!, 'data');
        child.kill('SIGTERM');
      }
      assert.deepEqual(await closed, [0, null]);
      if (exactly) assert.equal(output(), exactly);
    }).timeout(60_000);
  }

  it('production/client.ts schedules what production/worker.ts runs', async () => {
    const server = await LocalServer.start({ database: undefined, port: 0, uiPort: 0, args: ['--headless'] });
    try {
      const env = { TEMPORAL_ADDRESS: server.address };
      const client = run('production/client.ts', { env });
      assert.deepEqual(await once(client.child, 'close'), [0, null]);
      assert.equal(client.output(), 'nightly-backup is scheduled\n');
      await using scheduler = await Scheduler.connect({ address: server.address });
      const { workflowId } = await scheduler.triggerJob('nightly-backup');
      const worker = run('production/worker.ts', { env });
      const closed = once(worker.child, 'close');
      assert.equal(await scheduler.waitForJob('nightly-backup'), null);
      const { lastRun } = await scheduler.getJobStatus('nightly-backup');
      assert.deepEqual([lastRun?.workflowId, lastRun?.state], [workflowId, 'completed']);
      worker.child.kill('SIGTERM');
      assert.deepEqual(await closed, [0, null]);
    } finally {
      await server.stop();
    }
  }).timeout(60_000);

  it('every-ten-seconds.ts has at most 15 lines and ends on SIGTERM', async () => {
    const source = readFileSync(join(root, 'examples/every-ten-seconds.ts'), 'utf8');
    assert.ok(source.trimEnd().split('\n').length <= 15);
    const { child, output } = run('every-ten-seconds.ts', { cwd: folder });
    const closed = once(child, 'close');
    while (!output().includes('Web UI')) await once(child.stdout!, 'data');
    while (!output().includes('Hello, world!')) await once(child.stdout!, 'data');
    child.kill('SIGTERM');
    assert.deepEqual(await closed, [0, null]);
  }).timeout(60_000);

  it('the demo backs up a folder, verifies it and ends by itself', async () => {
    const source = join(root, 'src', 'job');
    const destination = join(folder, 'backups');
    const { child, output } = run('demo/demo.ts', { args: ['--source', source, '--destination', destination] });
    assert.deepEqual(await once(child, 'close'), [0, null], output());
    assert.match(output(), /\/namespaces\/default\/workflows\//);
    const [archive] = readdirSync(destination).filter((name) => name.endsWith('.tar.gz') || name.endsWith('.tgz'));
    const listed = execFileSync('tar', ['tzf', join(destination, archive!)]).toString();
    for (const file of readdirSync(source)) assert.ok(listed.includes(file), `${file} is not in the archive`);
  }).timeout(120_000);
});
