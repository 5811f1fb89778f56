// Installs the peers if they are not, and runs main.mjs on a Node.js that all of them support.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** pg-boss 12 asks for 22.12 and graphile-worker 0.18 for 22.18. */
const NEEDED = { major: 22, minor: 18 };
const folder = fileURLToPath(new URL('.', import.meta.url));

if (!existsSync(`${folder}../../dist/index.js`)) fail('there is no dist/: npm run build');
if (!existsSync(`${folder}node_modules`)) run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
run(suitableNode(), [`${folder}main.mjs`, ...process.argv.slice(2)], process.cwd());

/** This Node.js, or the one that npm installed beside the peers. */
function suitableNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NEEDED.major || (major === NEEDED.major && minor >= NEEDED.minor)) return process.execPath;
  const installed = `${folder}node_modules/node-${process.platform}-${process.arch}/bin/node`;
  if (!existsSync(installed))
    fail(`the peers need Node.js ${NEEDED.major}.${NEEDED.minor}, this is ${process.versions.node}`);
  return installed;
}

/** @param {string} command @param {string[]} args */
function run(command, args, cwd = folder) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd });
  if (error) fail(String(error));
  if (status !== 0) process.exit(status ?? 1);
}

/** @param {string} why @returns {never} */
function fail(why) {
  console.error(`bench:peers: ${why}`);
  process.exit(2);
}
