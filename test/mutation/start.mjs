// `npm run test:mutation [-- --mutate FILE]`: changes the code in one place at a time and looks whether a test sees it.
import { fileURLToPath } from 'node:url';
import { runOnNewerNode } from '../../scripts/on-newer-node.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const stryker = `${folder}node_modules/@stryker-mutator/core/bin/stryker.js`;
// Stryker 10 asks for Node.js 22, and this one reads TypeScript without a loader.
runOnNewerNode(folder, { major: 22, minor: 18 }, [
  stryker,
  'run',
  `${folder}stryker.config.mjs`,
  ...process.argv.slice(2),
]);
