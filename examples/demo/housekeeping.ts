import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { diskSpace, inventory } from './jobs.ts';

export const diskSpaceHandler = diskSpace.handler(async ({ folder }) => {
  const { bavail, bsize, blocks } = await statfs(folder);
  return { freeBytes: bavail * bsize, freePercent: Math.round((bavail / blocks) * 100) };
});

export const inventoryHandler = inventory.handler(async ({ folder }) => {
  const archives = (await readdir(folder)).filter((name) => name.endsWith('.tar.gz'));
  const sizes = await Promise.all(archives.map(async (name) => (await stat(join(folder, name))).size));
  return { archives: archives.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
});
