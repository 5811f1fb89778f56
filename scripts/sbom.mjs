// Prints a bill of materials (CycloneDX) of what is installed with the package. `npm sbom --omit dev` also leaves out
// what a development dependency needs as well, so that nearly nothing would be left.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { packages } = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8'));
const installed = new Set(
  Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(
      ([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`,
    ),
);
const everything = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
  cwd: root,
  maxBuffer: 64 * 1024 * 1024,
});
const bill = JSON.parse(everything.toString());
const isInstalled = (reference) => installed.has(reference.split('|')[0]);
const own = bill.metadata.component['bom-ref'];
bill.components = bill.components.filter((component) => isInstalled(component['bom-ref']));
bill.dependencies = bill.dependencies
  .filter(({ ref }) => ref === own || isInstalled(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(isInstalled) }));
console.log(JSON.stringify(bill, undefined, 2));
