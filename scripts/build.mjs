// Builds dist/: the compiled library and, so that no worker has to run webpack at start-up, the workflow bundle.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}/dist`, { recursive: true, force: true });
execFileSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
const { code } = await bundleWorkflowCode({
  workflowsPath: `${root}/dist/workflows/index.js`,
  logger: new DefaultLogger('WARN'),
});
writeFileSync(`${root}/dist/workflow-bundle.js`, code);
