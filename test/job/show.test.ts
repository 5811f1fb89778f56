import assert from 'node:assert/strict';
import fc from 'fast-check';
import { show } from '../../src/job/show.ts';

describe('a value in an error message', () => {
  const cases: [unknown, string][] = [
    ['text', '"text"'],
    ['two\nlines', '"two\\nlines"'],
    ['to the right \u202e', '"to the right \\u202e"'],
    ['a line\u2028b', '"a line\\u2028b"'],
    ['x'.repeat(60), `"${'x'.repeat(60)}"`],
    ['x'.repeat(61), `"${'x'.repeat(57)}..."`],
    ['😀'.repeat(61), `"${'😀'.repeat(57)}..."`],
    ['😀'.repeat(2_000), `"${'😀'.repeat(57)}..."`],
    [5, '5'],
    [5n, '5n'],
    [NaN, 'NaN'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('key'), 'Symbol(key)'],
    [() => 1, 'a function'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date(NaN), 'an invalid Date'],
    [[1, 2], 'an array of 2'],
    [{}, 'an object'],
    [Object.create(null), 'an object'],
    [{ constructor: 5 }, 'an object'],
    [new Map(), 'an instance of Map'],
    [
      new (class Backup {
        id = 1;
      })(),
      'an instance of Backup',
    ],
    [Object.create({ constructor: { name: 'a\nb' } }), 'an object'],
    [
      Object.create({
        get constructor() {
          throw new Error('trap');
        },
      }),
      'an object',
    ],
  ];
  for (const [value, shown] of cases) {
    it(`is ${shown.slice(0, 40)}`, () => assert.equal(show(value), shown));
  }

  it('is short and on one line whatever it is', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withNullPrototype: true,
          withSparseArray: true,
        }),
        (value) => {
          assert.match(show(value), /^[^\n\r\u2028\u2029]{1,400}$/);
        },
      ),
    );
  });
});
