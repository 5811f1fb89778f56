import { createHash } from 'node:crypto';

/** The SHA-256 of each file, by its path in the archive. */
export type Checksums = Map<string, string>;

export async function sha256(content: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('hex');
}

/** As `sha256sum` writes it, so that `sha256sum -c` can check unpacked files. */
export function toManifest(checksums: Checksums): string {
  const lines = [...checksums].map(([path, checksum]) => {
    const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    return `${escaped === path ? '' : '\\'}${checksum}  ${escaped}\n`;
  });
  return lines.join('');
}

export function fromManifest(manifest: string): Checksums {
  const lines = manifest.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const isEscaped = line.startsWith('\\');
      const [checksum = '', path = ''] = line.slice(isEscaped ? 1 : 0).split(/ {2}(.*)/);
      return [isEscaped ? path.replaceAll(/\\[\\n]/g, (pair) => (pair === '\\n' ? '\n' : '\\')) : path, checksum];
    }),
  );
}

/** How the found files differ from the expected ones, a line for each. */
export function differences(expected: Checksums, found: Checksums): string[] {
  const paths = [...new Set([...expected.keys(), ...found.keys()])].toSorted();
  return paths.flatMap((path) => {
    if (!found.has(path)) return `${path} is missing`;
    if (!expected.has(path)) return `${path} was not in the source`;
    return found.get(path) === expected.get(path) ? [] : `${path} has another content`;
  });
}
