// Everything that must hold, in one command; CI adds `--long`. `npm test -- NAME` runs only the steps whose name contains it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'temporal-job-scheduler-'));
const bin = (name) => join(root, 'node_modules', '.bin', name);
// What takes minutes more: only CI does that each time.
const isLong = process.argv.includes('--long');
const wanted = process.argv.slice(2).filter((word) => word !== '--long');

/** One thing that passes or fails as a whole. */
function check(command, ...args) {
  return () => {
    const { status } = run(command, args);
    return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  };
}

/** Mocha tests, counted each. Their coverage is kept for the report at the end. */
function mocha(...files) {
  return () => {
    const report = join(scratch, `${Math.random()}.json`);
    const args = [
      '--temp-directory',
      join(scratch, 'coverage'),
      '--reporter',
      'none',
      '--clean=false',
      process.execPath,
    ];
    const { status } = run(bin('c8'), [
      ...args,
      join(root, 'node_modules/mocha/bin/mocha.js'),
      '--reporter',
      './scripts/mocha-reporter.mjs',
      '--reporter-option',
      `report=${report}`,
      ...files,
    ]);
    try {
      const { passed, failed } = JSON.parse(readFileSync(report, 'utf8'));
      return { passed, failed: failed === 0 && status !== 0 ? 1 : failed };
    } catch {
      return { passed: 0, failed: 1 };
    }
  };
}

function leftOut(why) {
  return () => {
    console.log(`left out: ${why}`);
    return { passed: 0, failed: 0 };
  };
}

/** Where test/support/browser.ts looks for one. */
function hasBrowser() {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  return Boolean(process.env.CHROMIUM) || names.some((name) => spawnSync('which', [name]).status === 0);
}

function run(command, args) {
  return spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...cli },
  });
}

const steps = {
  format: check(bin('oxfmt'), '--check', '.'),
  // What imports the package by its name is typed by what is built.
  build: check(process.execPath, 'scripts/build.mjs'),
  lint: check(bin('oxlint'), '--type-aware', '--deny-warnings'),
  types: check(bin('tsc'), '--noEmit'),
  unused: check(bin('knip')),
  units: mocha('test/{job,client,activities,workflows,testing,replay,chaos}/**/*.test.ts'),
  'dev server': mocha('test/dev-server/**/*.test.ts'),
  integration: mocha('test/{integration,time}/**/*.test.ts'),
  ops: mocha('test/ops/**/*.test.ts'),
  security: mocha('test/security/**/*.test.ts'),
  counts: mocha('test/counts/**/*.test.ts'),
  races: check(process.execPath, '--import', 'tsx', 'test/races/main.ts', '--rounds', '5', '--seed', '1'),
  ui: hasBrowser() || wanted.includes('ui') ? mocha('test/ui/**/*.test.ts') : leftOut('no Chromium on this machine'),
  ...(isLong && {
    outage: check(process.execPath, '--import', 'tsx', 'test/outage/main.ts'),
    chaos: check(process.execPath, '--import', 'tsx', 'test/chaos/main.ts', '--minutes', '1', '--seed', '1'),
  }),
  examples: mocha('test/examples/**/*.test.ts', 'examples/*.test.ts'),
  docs: mocha('test/docs/**/*.test.ts'),
  'supply chain': mocha('test/package/**/*.test.ts'),
  package: check('npm', 'run', '--silent', 'check:package'),
  coverage: check(bin('c8'), 'report', '--temp-directory', join(scratch, 'coverage'), '--reporter', 'text-summary'),
};

// The Temporal CLI is fetched once, and named to every step.
const cli = {};
const found = spawnSync('bash', ['temporal-dev.sh', 'cli'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
if (found.status !== 0) process.exit(found.status ?? 1);
cli.TEMPORAL_CLI = found.stdout.toString().trim();

let passed = 0;
const failures = [];
for (const [name, step] of Object.entries(steps)) {
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
  const start = Date.now();
  console.log(`\n=== ${name}`);
  const result = step();
  passed += result.passed;
  if (result.failed > 0) failures.push({ name, ...result });
  console.log(
    `=== ${name}: ${result.failed === 0 ? 'passed' : `${result.failed} FAILED`} in ${Math.round((Date.now() - start) / 1000)} s`,
  );
}
rmSync(scratch, { recursive: true, force: true });
const failed = failures.reduce((sum, failure) => sum + failure.failed, 0);
console.log(failed === 0 ? '' : `\nfailed: ${failures.map(({ name }) => name).join(', ')}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
