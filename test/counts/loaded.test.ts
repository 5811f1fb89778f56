import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

/** Hears of each ES module; what CommonJS modules require of each other stands in a cache. */
const HOOK = `
  import { writeSync } from 'node:fs';
  export async function load(url, context, next) {
    writeSync(1, url + '\\n');
    return next(url, context);
  }`;
const SCRIPT = `
  import { createRequire, register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(process.argv[2]));
  await import(process.argv[1]);
  for (const path of Object.keys(createRequire(import.meta.url).cache)) console.log(path);`;

/** The files that a fresh process loads for an entry. */
function filesOf(entry: string): string[] {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT, `${DIST}${entry}`, HOOK], {
    encoding: 'utf8',
  });
  return output.split('\n');
}

function packagesOf(entry: string): string[] {
  const names = filesOf(entry).map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  return [...new Set(names)].filter((name) => name !== undefined).toSorted();
}

describe('the client entry', () => {
  it("loads Temporal's client, what reads its settings, and what parses jobs and cron expressions", () => {
    const ofTheClient = packagesOf('../node_modules/@temporalio/client/lib/index.js');
    const added = packagesOf('index.js').filter((name) => !ofTheClient.includes(name));
    assert.deepEqual(added, ['@temporalio/envconfig', 'croner', 'cronstrue', 'smol-toml', 'zod']);
  });
});

describe('the testing entry', () => {
  it('loads neither the worker nor the client, so that tests of handlers start at once', () => {
    const heavy = packagesOf('testing.js').filter((name) => /^@temporalio[/](worker|core-bridge|client)$/.test(name));
    assert.deepEqual(heavy, []);
  });
});
