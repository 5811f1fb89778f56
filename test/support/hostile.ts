import fc from 'fast-check';

const cyclic = () => {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
};

const ODD = [
  [undefined, null, '', '__proto__', 'constructor', NaN, -0, Infinity, -1, 2 ** 53, 1e308, 5n, Symbol('x')],
  [new Date(NaN), new Date(8.64e15), () => 1, Date, [], new Proxy({}, {}), Object.create(null), /x/, { length: 1e9 }],
  ['\ud800', '\0', '😀'.repeat(300), 'x'.repeat(100_000), '1'.repeat(400)],
].flat();

/** What no TypeScript caller can write, and a JavaScript one can. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
      withSparseArray: true,
      withObjectString: true,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(...ODD),
  },
  { weight: 1, arbitrary: fc.constant(0).map(cyclic) },
);

/** What a call answers, or what it threw, at once or later. */
export async function settle(call: () => unknown): Promise<{ value: unknown } | { error: unknown }> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error };
  }
}
