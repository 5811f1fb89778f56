import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const DAYS = '2';

/** A certificate and its key, in PEM form. */
export interface Identity {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Signs certificates that nobody trusts who has not been given its own. Made for one test, with OpenSSL. */
export class Authority implements AsyncDisposable {
  readonly cert: Buffer;
  readonly #folder: string;

  private constructor(folder: string, cert: Buffer) {
    this.#folder = folder;
    this.cert = cert;
  }

  static async create(name: string): Promise<Authority> {
    const folder = await mkdtemp(join(tmpdir(), 'authority-'));
    const files = ['-keyout', 'ca.key', '-out', 'ca.pem'];
    await openssl(folder, 'req', '-x509', ...NEW_KEY, '-days', DAYS, '-subj', `/CN=${name}`, ...files);
    return new Authority(folder, await readFile(join(folder, 'ca.pem')));
  }

  /** For a server of that name, or a client. */
  async issue(name: string): Promise<Identity> {
    const [key, request, extensions, cert] = ['key', 'csr', 'ext', 'pem'].map((end) => `${name}.${end}`) as [
      string,
      string,
      string,
      string,
    ];
    await writeFile(join(this.#folder, extensions), `basicConstraints=CA:FALSE\nsubjectAltName=DNS:${name}\n`);
    await openssl(this.#folder, 'req', '-new', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', key, '-out', request);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', DAYS, '-extfile', extensions];
    await openssl(this.#folder, 'x509', '-req', '-in', request, ...signed, '-out', cert);
    return { cert: await readFile(join(this.#folder, cert)), key: await readFile(join(this.#folder, key)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}

async function openssl(folder: string, ...args: string[]): Promise<void> {
  await execute('openssl', args, { cwd: folder });
}
