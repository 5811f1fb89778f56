import { once } from 'node:events';
import {
  connect,
  constants,
  createSecureServer,
  createServer,
  type ClientHttp2Session,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import type { Identity } from './certificates.ts';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_FLAG_END_STREAM } = constants;

/** A call, as it comes: the name of the method, and who makes it. */
interface Call {
  readonly name: string;
  readonly authorization: string | undefined;
}

export interface GatewayOptions {
  /** Speaks TLS, and asks for a certificate by this authority if there is one. */
  readonly tls?: Identity & { readonly clientAuthority?: Buffer };
  /** Says why a call is not let through. */
  readonly refuse?: (call: Call) => { readonly code: status; readonly details: string } | undefined;
}

/** Only who has the key may call. */
export function onlyWith(key: string): NonNullable<GatewayOptions['refuse']> {
  return ({ authorization }) =>
    authorization === `Bearer ${key}` ? undefined : { code: status.UNAUTHENTICATED, details: 'no such key.' };
}

/** What an operator puts before a Temporal server: TLS, and who may make which call. The development server has neither. */
export class Gateway implements AsyncDisposable {
  /** The names of the calls it let through. */
  readonly passed = new Set<string>();
  readonly refused = new Set<string>();
  readonly #target: string;
  readonly #refuse: NonNullable<GatewayOptions['refuse']>;
  readonly #server: Http2Server | Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  #upstream: ClientHttp2Session | undefined;

  private constructor(target: string, { tls, refuse = () => undefined }: GatewayOptions) {
    this.#target = target;
    this.#refuse = refuse;
    const { clientAuthority: ca, ...identity } = tls ?? {};
    const demand = ca ? { ca, requestCert: true, rejectUnauthorized: true } : {};
    this.#server = tls ? createSecureServer({ ...identity, ...demand }) : createServer();
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('sessionError', () => {});
    this.#server.on('stream', (stream, headers) => this.#serve(stream, headers));
  }

  static async to(target: string, options: GatewayOptions = {}): Promise<Gateway> {
    const gateway = new Gateway(target, options);
    gateway.#server.listen(0, '127.0.0.1');
    await once(gateway.#server, 'listening');
    return gateway;
  }

  /** By a name that a certificate can have. */
  get address(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => {});
    const name = headers[':path']?.split('/').at(-1) ?? '';
    const refusal = this.#refuse({ name, authorization: headers.authorization });
    if (!refusal) {
      this.passed.add(name);
      this.#forward(stream, headers);
      return;
    }
    this.refused.add(name);
    const { code, details } = refusal;
    const refused = {
      'content-type': 'application/grpc',
      'grpc-status': `${code}`,
      'grpc-message': encodeURI(details),
    };
    stream.respond({ ':status': 200, ...refused }, { endStream: true });
    stream.resume();
  }

  #forward(
    stream: ServerHttp2Stream,
    { ':scheme': _scheme, ':authority': _authority, ...headers }: IncomingHttpHeaders,
  ) {
    const upstream = this.#connected().request(headers);
    let trailers: IncomingHttpHeaders = {};
    upstream.on('trailers', (received) => (trailers = received));
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    upstream.on('response', (received, flags) => {
      if (stream.closed || stream.destroyed) return;
      const isWhole = (flags & NGHTTP2_FLAG_END_STREAM) !== 0;
      stream.respond(received, { endStream: isWhole, waitForTrailers: !isWhole });
      if (isWhole) upstream.resume();
      else upstream.pipe(stream);
    });
    upstream.on('error', () => stream.close(NGHTTP2_INTERNAL_ERROR));
    upstream.on('close', () => {
      if (!stream.headersSent) stream.close(NGHTTP2_INTERNAL_ERROR);
    });
    // Of a long poll that its caller has given up.
    stream.on('close', () => upstream.close(NGHTTP2_CANCEL));
    stream.pipe(upstream);
  }

  #connected(): ClientHttp2Session {
    if (!this.#upstream || this.#upstream.closed || this.#upstream.destroyed) {
      this.#upstream = connect(`http://${this.#target}`);
      this.#upstream.on('error', () => {});
    }
    return this.#upstream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#upstream?.destroy();
    await closed;
  }
}
