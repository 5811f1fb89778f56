import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { History } from '../../scripts/record-histories.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const BUNDLE = `${dist}workflow-bundle.js`;
const OWN = fileURLToPath(new URL('./fixtures/own-workflows.ts', import.meta.url));
const HISTORY = new URL('../replay/histories/v0.1/once-success.json', import.meta.url);

const FORBIDDEN =
  /node_modules\/zod\/|@temporalio\/(client|worker|activity|core-bridge|envconfig)\/|@grpc\/|\/dist\/client\/|\/src\/client\/|\/dist\/activities\//;

/** The files that went into a bundle, as its source map has them. */
function sourcesOf(code: string): string[] {
  const [, map = ''] =
    /\/\/# sourceMappingURL=data:application\/json;(?:charset=utf-8;)?base64,(\S+)\s*$/.exec(code) ?? [];
  return (JSON.parse(Buffer.from(map, 'base64').toString()) as { sources: string[] }).sources;
}

const bundle = (workflowsPath: string) => bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });

describe('the workflow bundle', () => {
  const shipped = readFileSync(BUNDLE, 'utf8');

  it('holds our workflows, and nothing of the client, the worker or zod', () => {
    const sources = sourcesOf(shipped);
    assert.ok(sources.some((source) => source.endsWith('/run-job.ts')));
    assert.ok(sources.some((source) => source.includes('@temporalio/workflow/')));
    assert.deepEqual(
      sources.filter((source) => FORBIDDEN.test(source)),
      [],
    );
  });

  it('holds nothing of Node.js', () => {
    const required = [...shipped.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name!);
    assert.deepEqual(
      required.filter((name) => name.startsWith('node:') || builtinModules.includes(name)),
      [],
    );
    assert.doesNotMatch(shipped, /^module\.exports = require\(/m);
  });

  it('is no larger than it was', () => {
    const { size } = statSync(BUNDLE);
    assert.ok(size < 2_000_000, `${size} bytes`);
    const [code = ''] = shipped.split('//# sourceMappingURL=');
    assert.ok(code.length < 900_000, `${code.length} characters of code`);
  });

  it("can be part of an application's own", async function () {
    this.timeout(60_000);
    const { code } = await bundle(OWN);
    assert.deepEqual(
      sourcesOf(code).filter((source) => FORBIDDEN.test(source)),
      [],
    );
    assert.match(code, /hello/);
    // Our run of long ago is run by it as by ours.
    const workflowBundle = { code };
    const history = History.fromObject(JSON.parse(readFileSync(HISTORY, 'utf8')) as object);
    const { workflowId } = history.events[0]!.workflowExecutionStartedEventAttributes!;
    await Worker.runReplayHistory({ workflowBundle }, history, workflowId!);
  });
});

describe('the client entry', () => {
  /** The packages that a fresh process has loaded after it has imported an entry. */
  const loadedBy = (entry: string): Set<string> => {
    const script = `
      import { createRequire } from 'node:module';
      await import(process.argv[1]);
      console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache)));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script, `${dist}${entry}`], {
      encoding: 'utf8',
    });
    const paths = JSON.parse(output) as string[];
    return new Set(paths.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path));
  };
  const OF_THE_WORKER = [
    '@temporalio/worker',
    '@temporalio/core-bridge',
    '@temporalio/activity',
    '@temporalio/workflow',
    'webpack',
  ];

  it('loads nothing of the worker', () => {
    const loaded = loadedBy('index.js');
    assert.ok(loaded.has('@temporalio/client'));
    assert.deepEqual(
      OF_THE_WORKER.filter((name) => loaded.has(name)),
      [],
    );
  });

  it('would be found out if it did, as the worker entry is', () => {
    const loaded = loadedBy('worker.js');
    assert.deepEqual(['@temporalio/worker', '@temporalio/core-bridge'].filter((name) => loaded.has(name)).length, 2);
  });
});
