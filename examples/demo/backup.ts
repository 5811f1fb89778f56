import { createReadStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { Pack } from 'tar';
import { removeLeftovers, writeAtomically } from './atomic-file.ts';
import { sha256, toManifest, type Checksums } from './checksums.ts';
import { backup, type backupResult } from './jobs.ts';
import type { z } from 'zod';

interface Entry {
  readonly path: string;
  readonly isFile: boolean;
  readonly bytes: number;
}

/**
 * Packs a folder into `<folder>-<due time>-<run>.tar.gz`. The name is the same for each attempt of a run, so that an
 * attempt made again after a crash replaces what the one before has left and never adds a second archive.
 */
export const backupHandler = backup.handler(async ({ source, destination, bytesPerSecond }, context) => {
  const { attempt, runId, scheduledAt, signal } = context;
  const [from, folder] = [resolve(source), resolve(destination)];
  const dueTime = scheduledAt.toISOString().replaceAll(/[:-]|\.\d+/g, '');
  const name = `${basename(from) || 'root'}-${dueTime}-${runId.slice(0, 8)}`;
  await mkdir(folder, { recursive: true });
  await removeLeftovers(folder, name);

  const entries = await listEntries(from, folder);
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const checksums: Checksums = new Map();
  for (const { path } of entries.filter(({ isFile }) => isFile)) {
    checksums.set(path, await sha256(createReadStream(join(from, path), { signal })));
  }

  const file = { folder, attempt, signal };
  // The manifest comes first: where there is an archive, there is its manifest.
  const manifest = await writeAtomically([Readable.from([toManifest(checksums)])], { ...file, name: `${name}.sha256` });
  const packed = Readable.from(watch(pack(from, entries)));
  const archive = await writeAtomically([packed, createGzip()], { ...file, name: `${name}.tar.gz` });
  context.logger.info('backup written', { archive, files: checksums.size, bytes });
  return { archive, manifest, files: checksums.size, bytes } satisfies z.infer<typeof backupResult>;

  /** Tells the progress of what passes, and slows it down if need be. */
  async function* watch(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let [done, told] = [0, -1];
    for await (const chunk of chunks) {
      yield chunk;
      done += chunk.length;
      const percent = Math.min(100, Math.floor((done / (bytes + entries.length * HEADER)) * 100));
      if (percent !== told) context.progress({ percent, bytes: done });
      told = percent;
      if (bytesPerSecond) await sleep((chunk.length / bytesPerSecond) * 1_000, undefined, { signal });
    }
  }
});

/** What tar adds to a file: its header, and half a block on average to fill up the last one. */
const HEADER = 512 + 256;

function pack(cwd: string, entries: readonly Entry[]): AsyncIterable<Buffer> {
  // `strict`: a file that is cut short meanwhile makes the backup fail, not a broken archive.
  const archive = new Pack({ cwd, noDirRecurse: true, strict: true });
  for (const { path } of entries) archive.write(path);
  archive.end();
  return archive;
}

/** All that is in a folder, without the backups themselves if they are in there too. */
async function listEntries(source: string, destination: string): Promise<Entry[]> {
  const found = await readdir(source, { recursive: true, withFileTypes: true });
  const entries: Entry[] = [];
  for (const entry of found) {
    const path = join(entry.parentPath, entry.name);
    const isPacked = entry.isFile() || entry.isDirectory() || entry.isSymbolicLink();
    if (!isPacked || path === destination || path.startsWith(destination + sep)) continue;
    const bytes = entry.isFile() ? (await stat(path)).size : 0;
    entries.push({ path: relative(source, path), isFile: entry.isFile(), bytes });
  }
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
