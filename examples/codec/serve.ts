import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';

export interface CodecServerOptions {
  /** On this machine. @default a free one */
  readonly port?: number;
  /** Who asks must send `Authorization: Bearer <token>`. Without it everybody on this machine may ask. */
  readonly token?: string | undefined;
  /** The pages that may ask. @default the Web UI of `temporal-dev.sh` */
  readonly origins?: readonly string[] | undefined;
}

export interface CodecServer extends AsyncDisposable {
  readonly url: string;
}

const WEB_UI = ['http://127.0.0.1:8233', 'http://localhost:8233'];
/** A history's page has at most 4 MB. */
const LARGEST_BODY = 16 * 1024 * 1024;
/** Payloads as JSON has them: bytes are base64. */
const Body = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), z.base64()).default({}), data: z.base64().default('') })),
});

class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Answers POST /encode and POST /decode, on 127.0.0.1 only: put what has TLS before it if others are to ask. */
export async function startCodecServer(codec: PayloadCodec, options: CodecServerOptions = {}): Promise<CodecServer> {
  const { port = 0, token, origins = WEB_UI } = options;
  const server = createServer((request, response) => {
    answer(codec, { token, origins }, request, response).catch((error: unknown) => {
      const [status, message] = error instanceof Refused ? [error.status, error.message] : [400, String(error)];
      response.writeHead(status, { 'content-type': 'text/plain' }).end(message);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close().closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  codec: PayloadCodec,
  { token, origins }: { readonly token: string | undefined; readonly origins: readonly string[] },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, headers } = request;
  const { origin } = headers;
  // A page of somebody else's, which could not read the answer anyway, must not even have the codec work for it.
  if (origin !== undefined && !origins.includes(origin)) throw new Refused(403, `no page of ${origin} may ask`);
  if (origin !== undefined) {
    response.setHeader('access-control-allow-origin', origin).setHeader('vary', 'origin');
    response.setHeader('access-control-allow-headers', 'authorization, content-type, x-namespace');
    response.setHeader('access-control-allow-methods', 'POST');
    response.setHeader('access-control-allow-private-network', 'true');
  }
  if (method === 'OPTIONS') return void response.writeHead(204).end();
  if (token !== undefined && !isSame(headers.authorization, `Bearer ${token}`)) throw new Refused(401, 'no such token');
  const path = request.url?.split('?')[0]?.replace(/\/$/, '');
  if (path !== '/encode' && path !== '/decode') throw new Refused(404, 'expected /encode or /decode');
  if (method !== 'POST') throw new Refused(405, 'expected POST');
  const { payloads } = await readBody(request);
  const done = await (path === '/encode' ? codec.encode(payloads) : codec.decode(payloads));
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ payloads: done.map(toJson) }));
}

/** In the same time whatever differs. */
function isSame(given: string | undefined, expected: string): boolean {
  const [one, other] = [given ?? '', expected].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(one!, other!);
}

async function readBody(request: IncomingMessage): Promise<{ payloads: Payload[] }> {
  if (Number(request.headers['content-length'] ?? LARGEST_BODY + 1) > LARGEST_BODY)
    throw new Refused(413, `expected a body of known length, at most ${LARGEST_BODY} bytes`);
  const { payloads } = Body.parse(JSON.parse((await buffer(request)).toString()));
  return {
    payloads: payloads.map(({ metadata, data }) => ({
      metadata: mapValues(metadata, (text) => Buffer.from(text, 'base64')),
      data: Buffer.from(data, 'base64'),
    })),
  };
}

function toJson({ metadata, data }: Payload) {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return { metadata: mapValues(metadata ?? {}, base64), data: base64(data ?? new Uint8Array()) };
}

function mapValues<From, To>(values: Record<string, From>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
