// The keys, as an environment variable has them: CODEC_KEYS="november:<32 bytes in base64>,may:<32 bytes in base64>".
// `openssl rand -base64 32` makes one. The first encrypts; the others are only there to read what they encrypted before.

export interface Keys {
  /** The id of the key that encrypts. */
  readonly current: string;
  readonly all: ReadonlyMap<string, Buffer>;
}

const KEY_BYTES = 32;

/** @throws if a key is not 32 bytes, or an id is there twice. The keys themselves stand in no message. */
export function readKeys(text = process.env['CODEC_KEYS']): Keys {
  const all = new Map<string, Buffer>();
  for (const entry of text?.split(',') ?? []) {
    const [, id = '', key = ''] = /^([^:]+):(.*)$/.exec(entry.trim()) ?? [];
    const bytes = Buffer.from(key, 'base64');
    if (bytes.length !== KEY_BYTES || all.has(id)) {
      throw new Error(
        `CODEC_KEYS: expected ids, each once, with ${KEY_BYTES} bytes in base64, got ${bytes.length} for "${id}"`,
      );
    }
    all.set(id, bytes);
  }
  const [current] = all.keys();
  if (current === undefined) throw new Error('CODEC_KEYS: expected at least one key, as id:base64, got none');
  return { current, all };
}
