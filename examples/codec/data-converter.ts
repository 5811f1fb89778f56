// What every client and every worker of the system gives as `dataConverter`.
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { AesCodec } from './codec.ts';
import type { Keys } from './keys.ts';

const FAILURE_CONVERTER = fileURLToPath(new URL('failure-converter.ts', import.meta.url));

export function encrypting(keys: Keys): DataConverter {
  return { payloadCodecs: [new AesCodec(keys)], failureConverterPath: FAILURE_CONVERTER };
}
