import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { AesCodec } from '../../examples/codec/codec.ts';
import { readKeys } from '../../examples/codec/keys.ts';
import { startCodecServer, type CodecServer, type CodecServerOptions } from '../../examples/codec/serve.ts';

const SECRET = { card: '4000 0025 0000 3155' };
const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const [MAY, NOVEMBER] = [key('may'), key('november')];
const codecWith = (...keys: string[]) => new AesCodec(readKeys(keys.join(',')));
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload | undefined): unknown => defaultPayloadConverter.fromPayload(payload!);
const textOf = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString();

async function encrypted(codec: AesCodec, value: unknown): Promise<Payload> {
  const [payload] = await codec.encode([payloadOf(value)]);
  assert.ok(payload);
  return payload;
}

describe('the codec', () => {
  it('gives back what it was given, of any kind and any number', async () => {
    const codec = codecWith(NOVEMBER);
    const values = [SECRET, null, '', 0, undefined, new Uint8Array([1, 2, 3]), 'x'.repeat(100_000)];
    const decoded = await codec.decode(await codec.encode(values.map(payloadOf)));
    assert.deepEqual(decoded.map(valueOf), values);
    assert.deepEqual(await codec.encode([]), []);
  });

  it('leaves nothing readable but the id of the key', async () => {
    const { metadata, data } = await encrypted(codecWith(NOVEMBER), SECRET);
    const readable = Object.fromEntries(Object.entries(metadata ?? {}).map(([name, bytes]) => [name, textOf(bytes)]));
    assert.deepEqual(readable, { encoding: 'binary/encrypted', 'encryption-key-id': 'november' });
    for (const word of ['4000', 'card', 'json']) assert.ok(!textOf(data).includes(word), word);
  });

  it('never makes the same of the same', async () => {
    const codec = codecWith(NOVEMBER);
    const [one, other] = await codec.encode([payloadOf(SECRET), payloadOf(SECRET)]);
    assert.notDeepEqual(one?.data, other?.data);
  });

  it('reads with a new key in front what was written with the old one, and writes with the new one', async () => {
    const old = await encrypted(codecWith(MAY), SECRET);
    const rotated = codecWith(NOVEMBER, MAY);
    assert.deepEqual((await rotated.decode([old])).map(valueOf), [SECRET]);
    const { metadata } = await encrypted(rotated, SECRET);
    assert.equal(textOf(metadata?.['encryption-key-id']), 'november');
  });

  it('says which key it lacks', async () => {
    const payload = await encrypted(codecWith(NOVEMBER), SECRET);
    await assert.rejects(codecWith(MAY).decode([payload]), /one of the keys may, got one under "november"/);
  });

  it('takes what is not encrypted as it is', async () => {
    const plain = payloadOf(SECRET);
    assert.deepEqual(await codecWith(NOVEMBER).decode([plain]), [plain]);
  });

  it('refuses what was changed: each byte of it, the key it names, and where it was cut', async () => {
    const [one, two] = [key('one'), key('two')];
    const codec = codecWith(one, two);
    const { metadata, data } = await encrypted(codec, SECRET);
    const bytes = Buffer.from(data ?? []);
    const changed = Array.from(bytes, (byte, index) => Buffer.from(bytes).fill(byte ^ 1, index, index + 1));
    const cut = [bytes.subarray(0, -1), bytes.subarray(1), bytes.subarray(0, 20), Buffer.alloc(0)];
    for (const wrong of [...changed, ...cut]) await assert.rejects(codec.decode([{ metadata, data: wrong }]));
    const renamed = { ...metadata, 'encryption-key-id': Buffer.from('two') };
    await assert.rejects(codec.decode([{ metadata: renamed, data }]));
    // Under the same key another id is another message.
    const alias = codecWith(`one:${one.slice(4)}`, `two:${one.slice(4)}`);
    await assert.rejects(alias.decode([{ metadata: renamed, data }]));
  });

  it('refuses keys that are no keys, without telling them', () => {
    const short = randomBytes(16).toString('base64');
    for (const keys of [undefined, '', 'may', `may:${short}`, `:${short}`, `${MAY},${MAY}`]) {
      assert.throws(
        () => readKeys(keys ?? ''),
        (error: Error) => error.message.startsWith('CODEC_KEYS: expected') && !error.message.includes(short),
      );
    }
  });
});

describe('the codec server', () => {
  const codec = codecWith(NOVEMBER, MAY);
  const open: CodecServer[] = [];
  afterEach(async () => {
    for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
  });
  const start = async (options?: CodecServerOptions) => {
    const server = await startCodecServer(codec, options);
    open.push(server);
    return server.url;
  };
  const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-namespace': 'default', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const base64 = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('base64');
  const json = ({ metadata, data }: Payload) => ({
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)])),
    data: base64(data),
  });

  it('decodes what the codec has encrypted, and encodes what it decodes', async () => {
    const url = await start();
    const plain = json(payloadOf(SECRET));
    const answer = await post(`${url}/decode`, { payloads: [json(await encrypted(codec, SECRET)), plain] });
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.deepEqual(await answer.json(), { payloads: [plain, plain] });
    const encoded = (await (await post(`${url}/encode`, { payloads: [plain] })).json()) as object;
    assert.notDeepEqual(encoded, { payloads: [plain] });
    assert.deepEqual(await (await post(`${url}/decode`, encoded)).json(), { payloads: [plain] });
  });

  it('listens on this machine alone', async () => {
    assert.match(await start(), /^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('answers nobody without the token, if it has one', async () => {
    const url = await start({ token: 'open sesame' });
    const body = { payloads: [json(await encrypted(codec, SECRET))] };
    const WRONG: Record<string, string>[] = [{}, { authorization: 'Bearer open' }, { authorization: 'open sesame' }];
    for (const headers of WRONG) {
      const answer = await post(`${url}/decode`, body, headers);
      assert.equal(answer.status, 401);
      assert.equal(await answer.text(), 'no such token');
    }
    assert.equal((await post(`${url}/decode`, body, { authorization: 'Bearer open sesame' })).status, 200);
  });

  it('lets the Web UI ask, and no other page', async () => {
    const url = await start({ token: 'token' });
    const asked = (origin: string) => fetch(`${url}/decode`, { method: 'OPTIONS', headers: { origin } });
    const { status, headers } = await asked('http://127.0.0.1:8233');
    assert.equal(status, 204);
    assert.equal(headers.get('access-control-allow-origin'), 'http://127.0.0.1:8233');
    assert.equal(headers.get('access-control-allow-methods'), 'POST');
    for (const header of ['authorization', 'content-type', 'x-namespace'])
      assert.ok(headers.get('access-control-allow-headers')?.includes(header), header);
    for (const origin of ['http://evil.example', 'null', url]) {
      const refused = await asked(origin);
      assert.deepEqual([refused.status, refused.headers.get('access-control-allow-origin')], [403, null]);
      assert.equal(
        (await post(`${url}/decode`, { payloads: [] }, { origin, authorization: 'Bearer token' })).status,
        403,
      );
    }
    const own = await start({ origins: ['https://temporal.example'] });
    const answer = await post(`${own}/decode`, { payloads: [] }, { origin: 'https://temporal.example' });
    assert.equal(answer.headers.get('access-control-allow-origin'), 'https://temporal.example');
  });

  it('says what is wrong with a request, and goes on', async () => {
    const url = await start();
    const stranger = json(await encrypted(codecWith(key('june')), SECRET));
    const WRONG: [Promise<Response>, number, RegExp][] = [
      [post(`${url}/else`, { payloads: [] }), 404, /expected \/encode or \/decode/],
      [fetch(`${url}/decode`), 405, /expected POST/],
      [post(`${url}/decode`, 'no json'), 400, /JSON/],
      [post(`${url}/decode`, { payloads: [{ data: 5 }] }), 400, /payloads/],
      [post(`${url}/decode`, { payloads: [{ data: '%' }] }), 400, /base64/],
      [post(`${url}/decode`, { payloads: [stranger] }), 400, /one of the keys november, may, got one under "june"/],
      [post(`${url}/decode`, 'x'.repeat(17 * 1024 * 1024)), 413, /at most/],
    ];
    for (const [answer, status, message] of WRONG) {
      const response = await answer;
      assert.equal(response.status, status);
      assert.match(await response.text(), message);
    }
    assert.equal((await post(`${url}/decode`, { payloads: [] })).status, 200);
  });
});
