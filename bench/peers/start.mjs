// Runs main.mjs on a Node.js that all peers support.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runOnNewerNode } from '../../scripts/on-newer-node.mjs';

/** pg-boss 12 asks for 22.12 and graphile-worker 0.18 for 22.18. */
const NEEDED = { major: 22, minor: 18 };
const folder = fileURLToPath(new URL('.', import.meta.url));

if (!existsSync(`${folder}../../dist/index.js`)) {
  console.error('bench:peers: there is no dist/: npm run build');
  process.exit(2);
}
runOnNewerNode(folder, NEEDED, [`${folder}main.mjs`, ...process.argv.slice(2)]);
