import assert from 'node:assert/strict';
import fc from 'fast-check';
import { check } from './checker.ts';
import { cleanRecord } from './clean-record.ts';
import { corruptions } from './corruptions.ts';
import type { Line } from './line.ts';
import { RecordMaker } from './record-maker.ts';
import { HEARTBEAT_TIMEOUT } from './settings.ts';

/** That too little happened in a record of one minute is said for every one of them. */
const rulesBroken = (lines: readonly Line[]) => [
  ...new Set(
    check(lines)
      .violations.map(({ rule }) => rule)
      .filter((rule) => rule !== 'too little happened'),
  ),
];

describe('the checker', () => {
  it('passes 100 clean records', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const { violations } = check(cleanRecord(seed));
        assert.deepEqual(
          violations.filter(({ rule }) => rule !== 'too little happened'),
          [],
        );
      }),
      { numRuns: 100 },
    );
  });

  it('tells what it saw of a clean record', () => {
    const { counts, late, faults } = check(cleanRecord(7));
    assert.ok((counts['dueTimes'] ?? 0) > 100);
    assert.equal(counts['missed'], 0);
    assert.equal(counts['overlappingAttempts'], 1);
    assert.equal(faults['worker-kill'], 1);
    assert.ok(late.p50 > 0 && late.max < HEARTBEAT_TIMEOUT);
  });

  for (const [what, [rule, corrupt]] of Object.entries(corruptions)) {
    it(`finds ${what}: "${rule}"`, () => {
      for (let seed = 1; seed <= 5; seed++) {
        const corrupted = corrupt(cleanRecord(seed), new RecordMaker(seed));
        assert.ok(
          rulesBroken(corrupted).includes(rule),
          `seed ${seed}: ${rulesBroken(corrupted).join(', ') || 'nothing'}`,
        );
      }
    });
  }

  it('fails if too little happened', () => {
    const lines = cleanRecord(3).filter((line) => line.kind !== 'fault');
    assert.ok(
      check(lines).violations.some(
        ({ rule, message }) => rule === 'too little happened' && message.startsWith('faults: 0'),
      ),
    );
  });
});
