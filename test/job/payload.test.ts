import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { MAX_PAYLOAD_BYTES, assertJson } from '../../src/job/payload.ts';

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
const refused = (payload: unknown, field: string) =>
  assert.throws(() => assertJson(payload), { name: 'InvalidJobError', code: 'INVALID_JOB', field });

describe('a payload', () => {
  it('is any JSON value', () => {
    const json = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"__proto__"'));
    fc.assert(fc.property(json, (value) => assertJson(value)));
  });

  it('that is taken comes out of JSON as it went in', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    let taken = 0;
    fc.assert(
      fc.property(anything, (value) => {
        try {
          assertJson(value);
        } catch (error) {
          assert.equal((error as Error).name, 'InvalidJobError');
          return;
        }
        taken++;
        const json = JSON.stringify(value);
        assert.equal(JSON.stringify(JSON.parse(json)), json);
        assert.deepEqual(JSON.parse(json), withoutUndefined(value));
      }),
      { numRuns: 500 },
    );
    assert.ok(taken > 20, `${taken} taken`);
  });

  it('may hold the same object twice, but not itself', () => {
    const shared = { a: 1 };
    assertJson([shared, { shared }]);
    const loop: { inner?: unknown } = {};
    loop.inner = [loop];
    refused(loop, 'payload.inner[0]');
  });

  it('may leave properties undefined, as JSON leaves them out', () =>
    assertJson({ a: undefined, b: [{ c: undefined }] }));

  it('may be of another realm, as in a test runner', () => {
    assertJson(runInNewContext('({ a: [1, { b: null }] })'));
    refused(runInNewContext('new Date(0)'), 'payload');
    refused(runInNewContext('({ m: new Map() })'), 'payload.m');
  });

  it('may be an object without a prototype', () => assertJson(Object.assign(Object.create(null) as object, { a: 1 })));

  it('has at most 200 levels', () => {
    assertJson(nested(200));
    refused(nested(201), 'payload');
  });

  it('has at most 1.9 MB, quotes included', () => {
    assertJson('x'.repeat(MAX_PAYLOAD_BYTES - 2));
    refused('x'.repeat(MAX_PAYLOAD_BYTES - 1), 'payload');
    refused('"'.repeat(MAX_PAYLOAD_BYTES / 2), 'payload');
  });

  it('has no key that could reach a prototype, at any level', () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const inner = JSON.parse(`{"${key}":1}`) as unknown;
      refused(inner, `payload.${key}`);
      refused({ list: [0, { inner }] }, `payload.list[1].inner.${key}`);
    }
    assertJson({ proto: 1, constructors: 2, __proto: 3, toString: 'x', hasOwnProperty: false });
  });

  it('is named by the way to what is wrong with it, on one line, however long its keys', () => {
    refused({ a: [{ 'b c': NaN }] }, 'payload.a[0]["b c"]');
    refused({ 'two\nlines': NaN }, 'payload["two\\nlines"]');
    refused({ ['k'.repeat(100_000)]: NaN }, `payload["${'k'.repeat(57)}..."]`);
  });
});

function withoutUndefined(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutUndefined(item)]));
}
