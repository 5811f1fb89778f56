// The codec server: it reads encrypted payloads for the Web UI and the CLI, so that who may ask it can read them there.
//
//   CODEC_KEYS=... CODEC_TOKEN=... node --import tsx examples/codec/server.ts
//   temporal workflow show --workflow-id ... --codec-endpoint http://127.0.0.1:8888 --codec-auth 'Bearer ...'
import { AesCodec } from './codec.ts';
import { readKeys } from './keys.ts';
import { startCodecServer } from './serve.ts';

const server = await startCodecServer(new AesCodec(readKeys()), {
  port: Number(process.env['CODEC_PORT'] ?? 8888),
  token: process.env['CODEC_TOKEN'],
  origins: process.env['CODEC_ORIGINS']?.split(','),
});
console.log(
  `the codec server is at ${server.url}${process.env['CODEC_TOKEN'] ? '' : ', for everybody on this machine'}`,
);
