import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Parser } from 'tar';
import { differences, fromManifest, type Checksums } from './checksums.ts';
import { backupResult, verify } from './jobs.ts';

class VerificationFailed extends Error {
  override readonly name = 'VerificationFailed';
}

/** Reads the archive of the backup it follows, and compares each file with what the source had. */
export const verifyHandler = verify.handler(async (_payload, { predecessor, signal }) => {
  if (!predecessor) throw new VerificationFailed('expected a backup to follow: trigger the backup instead');
  const { archive, manifest } = backupResult.parse(predecessor.result);
  const expected = fromManifest(await readFile(manifest, 'utf8'));
  const found = await readArchive(archive, signal);
  const wrong = differences(expected, found);
  if (wrong.length > 0) {
    const more = wrong.length > 3 ? `, and ${wrong.length - 3} more` : '';
    throw new VerificationFailed(`${archive} is not as the source was: ${wrong.slice(0, 3).join(', ')}${more}`);
  }
  return { archive, verified: found.size };
});

async function readArchive(archive: string, signal: AbortSignal): Promise<Checksums> {
  const checksums: Checksums = new Map();
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      // A second name of a file that came before has no content of its own.
      if (entry.type === 'Link') checksums.set(entry.path, checksums.get(entry.linkpath ?? '') ?? 'missing');
      if (entry.type !== 'File') return entry.resume();
      const hash = createHash('sha256');
      entry.on('data', (chunk) => hash.update(chunk)).on('end', () => checksums.set(entry.path, hash.digest('hex')));
    },
  });
  const parsed = once(parser, 'end', { signal });
  await Promise.all([pipeline(createReadStream(archive), createGunzip(), parser, { signal }), parsed]);
  return checksums;
}
