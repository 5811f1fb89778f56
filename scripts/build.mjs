// Builds dist/: the types, the code in few files (to load seventy takes four times as long), and, so that no worker has
// to run webpack at start-up, the workflow bundle.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}/dist`, { recursive: true, force: true });
execFileSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
const common = {
  absWorkingDir: root,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
};
// The entries share what is in both: an error of one is an instance of the other's class.
await build({
  ...common,
  entryPoints: ['src/index.ts', 'src/worker.ts', 'src/local.ts', 'src/testing.ts'],
  outdir: 'dist',
  splitting: true,
});
// Whoever bundles workflows bundles this: it must not lead to anything that is not for workflows.
await build({ ...common, entryPoints: ['src/workflows/index.ts'], outfile: 'dist/workflows/index.js' });
const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
const { code } = await bundleWorkflowCode({
  workflowsPath: `${root}/dist/workflows/index.js`,
  logger: new DefaultLogger('WARN'),
});
writeFileSync(`${root}/dist/workflow-bundle.js`, code);
