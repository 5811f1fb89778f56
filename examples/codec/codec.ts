// Encrypts payloads with AES-256-GCM before they leave the process: the server stores what it cannot read.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { Keys } from './keys.ts';

const { Payload: Message } = proto.temporal.api.common.v1;
const ALGORITHM = 'aes-256-gcm';
// As Temporal's own samples name them, so that its Web UI says what such a payload is.
const ENCODING = Buffer.from('binary/encrypted');
const KEY_ID = 'encryption-key-id';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A payload becomes: the id of its key, and nonce, ciphertext and tag. Not a word of it is readable, its type neither. */
export class AesCodec implements PayloadCodec {
  readonly #keys: Keys;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => this.#encrypt(payload));
  }

  /** What is not encrypted stays as it is: jobs from before there was a codec, and those made with the CLI. */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => (isEncrypted(payload) ? this.#decrypt(payload) : payload));
  }

  #encrypt(payload: Payload): Payload {
    const { current, all } = this.#keys;
    const id = Buffer.from(current);
    // A random nonce may not repeat under one key: take another key long before 2^32 payloads.
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, all.get(current)!, nonce).setAAD(id);
    const ciphertext = Buffer.concat([cipher.update(Message.encode(payload).finish()), cipher.final()]);
    return {
      metadata: { encoding: ENCODING, [KEY_ID]: id },
      data: Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]),
    };
  }

  #decrypt({ metadata, data }: Payload): Payload {
    const id = Buffer.from(metadata?.[KEY_ID] ?? []);
    const key = this.#keys.all.get(id.toString());
    if (!key) {
      const known = [...this.#keys.all.keys()].join(', ');
      throw new Error(`expected a payload under one of the keys ${known}, got one under "${id.toString()}"`);
    }
    const bytes = Buffer.from(data ?? []);
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const tag = bytes.subarray(-TAG_BYTES);
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(id).setAuthTag(tag);
    // Throws if a bit of it was changed.
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    const { metadata: plainMetadata, data: plainData } = Message.decode(text);
    return { metadata: plainMetadata, data: plainData };
  }
}

function isEncrypted({ metadata }: Payload): boolean {
  return ENCODING.equals(metadata?.['encoding'] ?? Buffer.alloc(0));
}
