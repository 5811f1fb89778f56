import { parseJob, parseJobId } from '../src/job/parse-job.ts';
import { parseFilter } from '../src/job/filter.ts';
import { show } from '../src/job/show.ts';
import { parseDuration } from '../src/job/duration.ts';
import { defineJob, once, interval, cron, afterJob } from '../src/index.ts';
import { z } from 'zod';
import { Catalogue } from '../src/job/catalogue.ts';
const ok = { jobType: 't', schedule: once({ in: 5 }), payload: {} };
const cases: [string, () => unknown][] = [
  ...[undefined, null, 5, 'x', [], () => 1, new Map(), Symbol('s')].map((j): [string, () => unknown] => ['job ' + String(show(j)), () => parseJob(j)]),
  ...['', 'a'.repeat(201), '😀'.repeat(200), '😀'.repeat(201), 'a\nb', 'a\0', '\u0085', '\u2028', '__proto__', 'constructor', 'prototype', 'toString', 'a"b', 'a\\b', "a'b", '\ud800', 5, {}, null, 'temporal-sys-x', 'temporal-job-scheduler/x', 'a/after/b', 'a/run/b', 'a-2026-01-01T00:00:00Z'].map((id): [string, () => unknown] => ['id ' + show(id), () => parseJob({ ...ok, id }).id]),
  ...['', 'a'.repeat(101), '__proto__', 'default', 'temporal-job-scheduler/x', 5, undefined].map((jobType): [string, () => unknown] => ['jobType ' + show(jobType), () => parseJob({ ...ok, jobType }).jobType]),
  ['unknown key', () => parseJob({ ...ok, foo: 1 })],
  ['__proto__ key', () => parseJob(JSON.parse('{"jobType":"t","payload":{},"__proto__":{"a":1}}'))],
  ['__proto__ key2', () => parseJob({ ...ok, ...JSON.parse('{"__proto__":{"priority":"high"}}') })],
  ['constructor key', () => parseJob({ ...ok, constructor: 1 })],
  ['proto inherited', () => parseJob({ __proto__: { priority: 'high' }, ...ok })],
  ['retry unknown', () => parseJob({ ...ok, retryPolicy: { maxAttempts: 1 } })],
  ['retry proto', () => parseJob({ ...ok, retryPolicy: JSON.parse('{"__proto__":{"maximumAttempts":7}}') })],
  ...[0, -1, 1.5, NaN, '3', 2 ** 31].map((m): [string, () => unknown] => ['maxAttempts ' + show(m), () => parseJob({ ...ok, retryPolicy: { maximumAttempts: m } })]),
  ['maxint<initial', () => parseJob({ ...ok, retryPolicy: { initialInterval: '10s', maximumInterval: '5s' } })],
  ['coef', () => parseJob({ ...ok, retryPolicy: { backoffCoefficient: NaN } })],
  ['coef', () => parseJob({ ...ok, retryPolicy: { backoffCoefficient: 0.5 } })],
  ['retry array', () => parseJob({ ...ok, retryPolicy: [] })],
  ['retry null', () => parseJob({ ...ok, retryPolicy: null })],
  ['nonRetryable', () => parseJob({ ...ok, retryPolicy: { nonRetryableErrorTypes: 'X' } })],
  ['nonRetryable', () => parseJob({ ...ok, retryPolicy: { nonRetryableErrorTypes: ['a', ''] } })],
  ...['timeout', 'totalTimeout', 'heartbeatTimeout', 'catchupWindow'].flatMap((f) => [0, -1, NaN, Infinity, 'abc', '', '5 parsecs', null, {}, '11 years', '1e3', '0.4ms', '-5s', 0.4, 1n].map((v): [string, () => unknown] => [f + ' ' + show(v), () => (parseJob({ ...ok, [f]: v }) as never)[f]])),
  ...['urgent', '', 5, null, '__proto__', 'High'].map((p): [string, () => unknown] => ['priority ' + show(p), () => parseJob({ ...ok, priority: p }).priority]),
  ...['never', 5, null, '__proto__'].map((p): [string, () => unknown] => ['overlap ' + show(p), () => parseJob({ ...ok, overlap: p }).overlap]),
  ...['x', [1], [''], ['a\nb'], Array(21).fill('a'), ['a', 'a'], ['__proto__'], null].map((p): [string, () => unknown] => ['tags ' + show(p), () => parseJob({ ...ok, tags: p }).tags]),
  ...[undefined, null, 'x', {}, { kind: 'x' }, { kind: '__proto__' }, { kind: 'once' }, { kind: 'once', at: 'tomorrow' }, { kind: 'once', at: new Date(NaN) }, { kind: 'interval', every: 500 }, { kind: 'afterJob', jobIds: [] }, JSON.parse('{"kind":"once","in":5,"__proto__":{"a":1}}'), { kind: 'afterJob', jobIds: ['__proto__'], delay: 0, on: 'success' }, { kind: 'afterJob', jobIds: ['a"b'], delay: 0, on: 'success' }, { kind: 'afterJob', jobIds: ['a\nb'], delay: 0, on: 'success' }, { kind: 'once', in: 99 * 365 * 86_400_000 }].map((s): [string, () => unknown] => ['schedule ' + JSON.stringify(s), () => parseJob({ ...ok, schedule: s }).schedule]),
  ['self', () => parseJob({ ...ok, id: 'a', schedule: afterJob('a') })],
  ...[undefined, null, NaN, -0, Infinity, 1n, Symbol('x'), () => 1, new Date(), new Map(), new Set(), new Uint8Array(2), /x/, new Error('e'), new (class A { x = 1 })(), { a: undefined }, { a: { b: [1, NaN] } }, { a: { 'b c\nd': new Date() } }, [undefined], [,1], { [Symbol('s')]: 1 }, Object.assign([1], { x: 1 }), JSON.parse('{"a":{"__proto__":1}}'), { constructor: 1 }, { a: [{ prototype: 1 }] }, { toJSON: () => 1 }, Promise.resolve(1), new Proxy({}, {}), Object.create({ a: 1 }), '\ud800', { get a() { throw new Error('boo'); } }].map((p): [string, () => unknown] => ['payload ' + String(show(p)), () => parseJob({ ...ok, payload: p }).payload]),
  ['cyclic', () => { const a: Record<string, unknown> = {}; a['b'] = [a]; return parseJob({ ...ok, payload: a }); }],
  ['deep', () => { let a: unknown = 1; for (let i = 0; i < 10000; i++) a = { a }; return parseJob({ ...ok, payload: a }); }],
  ['deep200', () => { let a: unknown = 1; for (let i = 0; i < 200; i++) a = { a }; parseJob({ ...ok, payload: a }); }],
  ['deep201', () => { let a: unknown = 1; for (let i = 0; i < 201; i++) a = { a }; return parseJob({ ...ok, payload: a }); }],
  ['large', () => parseJob({ ...ok, payload: 'x'.repeat(1_900_000) })],
  ['long key', () => parseJob({ ...ok, payload: { ['k'.repeat(100000)]: new Date() } })],
  ['shared', () => { const s = { a: 1 }; return parseJob({ ...ok, payload: [s, s] }).payload; }],
  ...[null, 5, 'x', [], { foo: 1 }, { state: 'x' }, { kind: 'x' }, { limit: 0 }, { limit: 1.5 }, { limit: '5' }, { limit: Infinity }, { limit: 2 ** 60 }, { idPrefix: '' }, { jobType: 5 }, { jobType: 'a"b' }, { tag: 'a\nb' }, { priority: 'urgent' }, JSON.parse('{"__proto__":{"limit":1}}'), {state: undefined}, new Map()].map((f): [string, () => unknown] => ['filter ' + JSON.stringify(f), () => parseFilter(f)]),
  ['defineJob', () => defineJob('t', { payload: {} as never })],
  ['defineJob', () => defineJob('t', undefined as never)],
  ['defineJob', () => defineJob('t', { payload: z.any(), timout: 1 } as never)],
  ['defineJob', () => defineJob('t', { payload: z.any(), timeout: '1 parsec' as never })],
  ['defineJob', () => defineJob('t', { payload: z.any(), tags: ['a\0'] })],
  ['defineJob', () => defineJob('__proto__', { payload: z.any() })],
  ['defineJob', () => defineJob('t', { payload: z.any() }).handler('x' as never)],
  ['show', () => show(Object.create({ get constructor() { throw new Error('x'); } }))],
  ['show', () => show(Object.create({ constructor: { name: Symbol('x') } }))],
  ['show', () => show(new (class { static override name = 'a\nb'; })())],
  ['show', () => show({ constructor: 5 })],
  ['show', () => show('x'.repeat(56) + '😀😀😀')],
  ['show', () => show('\u2028\u202e')],
  ...['90s', '1.5h', '1 day', '-1s', '', ' ', '1', '.5h', '1e3', '1 fortnight', 'Infinity', 'NaN', '1h 30m', '1H', 5, -0, '0', true, [], '5 Minutes'].map((d): [string, () => unknown] => ['dur ' + show(d), () => parseDuration(d)]),
];
for (const [n, f] of cases) {
  try { const r = f(); let j; try { j = JSON.stringify(r)?.slice(0, 200); } catch { j = String(r); } console.log('OK  ', n.slice(0,80), '=>', j); }
  catch (e) { const x = e as Error & { code?: string; field?: string }; console.log('ERR ', n.slice(0,80), '=>', x.name, x.code, '[' + String(x.field).slice(0, 80) + ']', x.message.slice(0, 260)); }
}
const c = new Catalogue([defineJob('n', { payload: z.object({ n: z.number().min(1), e: z.enum(['a', 'b']) }), retryPolicy: { maximumAttempts: 9 } })]);
for (const p of [{ n: 'x', e: 'a' }, { n: 0, e: 'a' }, { n: 1, e: 'c' }, 5]) await c.parse({ ...ok, jobType: 'n', payload: p }).then(console.log, (e) => console.log(e.name, e.field, e.message));
await c.parse({ ...ok, jobType: 'zz', payload: 1 }).catch((e) => console.log(e.name, e.field, e.message));
