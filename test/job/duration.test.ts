import assert from 'node:assert/strict';
import { type Duration, parseDuration } from '../../src/job/duration.ts';
import { show } from '../../src/job/show.ts';

describe('a duration', () => {
  const good: [Duration, number][] = [
    [0, 0],
    [1.5, 1.5],
    ['90s', 90_000],
    ['90 s', 90_000],
    ['1.5h', 5_400_000],
    ['5 minutes', 300_000],
    ['1 day', 86_400_000],
    ['2 weeks', 1_209_600_000],
    ['250ms', 250],
  ];
  for (const [duration, milliseconds] of good) {
    it(`is ${milliseconds} ms for ${JSON.stringify(duration)}`, () =>
      assert.equal(parseDuration(duration), milliseconds));
  }

  const bad = [
    -1,
    NaN,
    Infinity,
    '',
    ' ',
    '-1s',
    's',
    '1 fortnight',
    '1h 30m',
    '1e3s',
    'Infinity',
    '5 s s',
    `${'9'.repeat(101)}s`,
    true,
    null,
    undefined,
    {},
    [],
    5n,
    ['1s'],
    new Date(5),
  ];
  for (const value of bad) {
    it(`is none for ${show(value)}`, () => assert.equal(parseDuration(value), undefined));
  }

  it('has a unit, and the compiler knows which', () => {
    // @ts-expect-error no such unit
    const wrong: Duration = '5 parsecs';
    // @ts-expect-error a duration, and no other words
    const other: Duration = 'soon';
    assert.deepEqual([parseDuration(wrong), parseDuration(other)], [undefined, undefined]);
  });
});
