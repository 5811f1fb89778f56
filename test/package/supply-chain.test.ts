import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import lock from '../../package-lock.json' with { type: 'json' };

const root = fileURLToPath(new URL('../..', import.meta.url));
const SNAPSHOT = fileURLToPath(new URL('packed-files.txt', import.meta.url));

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
}
const locked = Object.entries(lock.packages as Record<string, LockedPackage>).filter(([path]) => path !== '');

function npm(...args: string[]): string {
  return execFileSync('npm', args, {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString();
}

describe('supply chain', function () {
  this.timeout(60_000);
  let packed: string[];
  before(() => {
    // What is built stands already: packing must not build anew.
    const [pack] = JSON.parse(npm('pack', '--dry-run', '--json', '--ignore-scripts')) as [
      { files: { path: string }[] },
    ];
    packed = pack.files.map(({ path }) => path).toSorted();
  });

  it('packs what the snapshot says, and nothing else', () => {
    // Of code and of types: their maps. What the entries share is named by its content.
    const mapped = packed.filter((path) => /\.(js|d\.ts)$/.test(path) && path !== 'dist/workflow-bundle.js');
    const maps = mapped.map((path) => `${path}.map`);
    assert.deepEqual(
      maps.filter((path) => !packed.includes(path)),
      [],
    );
    const names = packed.filter((path) => !maps.includes(path)).map((path) => path.replace(/chunk-\w+/, 'chunk-*'));
    const text = [...new Set(names)].map((path) => `${path}\n`).join('');
    if (process.env['UPDATE_SNAPSHOTS']) writeFileSync(SNAPSHOT, text);
    assert.equal(
      text,
      readFileSync(SNAPSHOT, 'utf8'),
      'if the change is meant: UPDATE_SNAPSHOTS=1 npm test -- package',
    );
  });

  it('packs nothing that tells where it was built', () => {
    const home = root.replace(/\/$/, '');
    const telling = packed.filter((path) => readFileSync(join(root, path), 'utf8').includes(home));
    assert.deepEqual(telling, []);
  });

  it('has no script that runs when it is installed', () => {
    const scripts = Object.keys(manifest.scripts);
    const atInstall = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare', 'prepublish'];
    assert.deepEqual(
      scripts.filter((name) => atInstall.includes(name)),
      [],
    );
    const withScripts = locked
      .filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev)
      .map(([path]) => path);
    // Of Temporal's worker: the one looks whether its binary is there, the other warns of clashing versions.
    assert.deepEqual(withScripts, ['node_modules/@swc/core', 'node_modules/protobufjs']);
  });

  it('names exact versions, each with a hash and without the host it was fetched from', () => {
    const ranges = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    assert.deepEqual(
      ranges.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
      [],
    );
    assert.deepEqual(
      locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path),
      [],
    );
    assert.deepEqual(
      locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path),
      [],
    );
  });

  it('has a bill of materials of every package that is installed with it', () => {
    const bill = JSON.parse(npm('run', '--silent', 'sbom')) as {
      components: { name: string; version: string; hashes: unknown[] }[];
    };
    const listed = new Set(bill.components.map(({ name, version }) => `${name}@${version}`));
    const production = locked.filter(([, { dev }]) => !dev);
    const name = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    assert.deepEqual(listed, new Set(production.map(([path, { version }]) => `${name(path)}@${version}`)));
    assert.ok(bill.components.every(({ hashes }) => hashes.length > 0));
    assert.ok(production.length > Object.keys(manifest.dependencies).length);
  });
});
