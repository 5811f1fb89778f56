import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Chromium without a window: the one that `CHROMIUM` names, or one on the `PATH`. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    // What else it would look for on the network is no part of a test.
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

function findChromium(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const path = [process.env['CHROMIUM'], ...candidates].find((file) => file && existsSync(file));
  if (path) return path;
  throw new Error(
    `expected ${NAMES.join(' or ')} on the PATH, got none: install it (Debian: apt-get install chromium) or set CHROMIUM to its path`,
  );
}
