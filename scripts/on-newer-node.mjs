// Some tools ask for a newer Node.js than this library does. They have a folder and a package.json of their own, and
// npm installs the newer Node.js there as a package.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs a folder's packages if they are not, and runs a script on this Node.js or, where it is too old, on theirs.
 *
 * @param {string} folder @param {{ major: number, minor: number }} needed @param {string[]} args
 */
export function runOnNewerNode(folder, needed, args) {
  if (!existsSync(join(folder, 'node_modules'))) {
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder);
  }
  run(suitableNode(folder, needed), args, process.cwd());
}

/** @param {string} folder @param {{ major: number, minor: number }} needed */
function suitableNode(folder, needed) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > needed.major || (major === needed.major && minor >= needed.minor)) return process.execPath;
  const installed = join(folder, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (existsSync(installed)) return installed;
  console.error(`expected Node.js ${needed.major}.${needed.minor} or later, got ${process.versions.node}`);
  process.exit(2);
}

/** @param {string} command @param {string[]} args @param {string} cwd */
function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd });
  if (error) console.error(String(error));
  if (status !== 0) process.exit(status ?? 1);
}
