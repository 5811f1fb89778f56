import { createWriteStream } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface AtomicFile {
  readonly folder: string;
  readonly name: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
}

/** Longer than an attempt may take: whoever wrote this last is gone. */
const ABANDONED_AFTER = 3_600_000;

/**
 * Writes a file so that, whenever the process is killed or the machine stops, it is whole or not there.
 *
 * @param content a stream, and what it goes through.
 */
export async function writeAtomically(
  content: readonly [NodeJS.ReadableStream, ...NodeJS.ReadWriteStream[]],
  { folder, name, attempt, signal }: AtomicFile,
): Promise<string> {
  // An attempt that was given up for lost may still be writing: it must not write into the file of the next one.
  const partial = join(folder, `.${name}.${attempt}.partial`);
  try {
    await pipeline([...content, createWriteStream(partial, { flush: true })], { signal });
    const path = join(folder, name);
    await rename(partial, path);
    await sync(folder);
    return path;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Removes what attempts have left that were killed: those of this run, and very old ones. */
export async function removeLeftovers(folder: string, namePrefix: string): Promise<void> {
  const partials = (await readdir(folder)).filter((name) => name.startsWith('.') && name.endsWith('.partial'));
  for (const name of partials) {
    const path = join(folder, name);
    const isOfThisRun = name.startsWith(`.${namePrefix}.`);
    const { mtimeMs } = await stat(path);
    if (isOfThisRun || Date.now() - mtimeMs > ABANDONED_AFTER) await rm(path, { force: true });
  }
}

// A rename outlasts a power cut only once the folder is written too.
async function sync(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
