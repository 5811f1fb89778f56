import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { inParallel } from '../../src/client/in-parallel.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

async function* slowly<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  for (const item of items) {
    await turn();
    yield item;
  }
}

describe('work done in parallel', () => {
  it('is done once with each item, and its place', async () => {
    for (const items of [numbers(0), numbers(1), numbers(230), new Set(numbers(60)), slowly(numbers(120))]) {
      const seen: [number, number][] = [];
      await inParallel<number>(items, async (item, index) => {
        await turn();
        seen.push([item, index]);
      });
      assert.ok(seen.every(([item, index]) => item === index));
      assert.equal(new Set(seen.map(([item]) => item)).size, seen.length);
    }
  });

  it('is done with 50 items at once, and never more', async () => {
    let [running, most] = [0, 0];
    await inParallel(numbers(500), async () => {
      most = Math.max(most, ++running);
      await turn();
      running--;
    });
    assert.equal(most, 50);
  });

  it('takes items only as it goes', async () => {
    let taken = 0;
    let ahead = 0;
    let done = 0;
    function* endless() {
      for (; taken < 10_000; taken++) yield taken;
    }
    await inParallel(endless(), async () => {
      ahead = Math.max(ahead, taken - done);
      await turn();
      done++;
    });
    assert.equal(done, 10_000);
    assert.ok(ahead <= 51, `${ahead} ahead`);
  });

  it('knows the place of an item that an iterator without order gives late', async () => {
    const open: (() => void)[] = [];
    const gates = numbers(3).map((place) => new Promise<void>((resolve) => (open[place] = resolve)));
    let next = 0;
    const iterator = {
      async next(): Promise<IteratorResult<string>> {
        const place = next++;
        if (place >= 3) return { done: true, value: undefined };
        await gates[place];
        return { value: `item ${place}` };
      },
    };
    const seen: string[] = [];
    const work = inParallel<string>({ [Symbol.asyncIterator]: () => iterator }, async (item, index) => {
      seen.push(`${item} at ${index}`);
    });
    for (const place of [2, 0, 1]) {
      open[place]!();
      await turn();
    }
    await work;
    assert.deepEqual(seen, ['item 2 at 2', 'item 0 at 0', 'item 1 at 1']);
  });

  it('that fails takes no more items, ends what is under way, closes the iterator, and throws the first error', async () => {
    let [started, ended, isClosed] = [0, 0, false];
    function* items() {
      try {
        yield* numbers(1_000);
      } finally {
        isClosed = true;
      }
    }
    const work = inParallel(items(), async (item) => {
      started++;
      await turn();
      if (item === 3) throw new Error('third');
      if (item === 4) throw new Error('fourth');
      await turn();
      ended++;
    });
    await assert.rejects(work, /third/);
    assert.equal(ended, started - 2, 'nothing goes on behind the back of the caller');
    assert.ok(started < 200, `${started} started`);
    assert.ok(isClosed);
  });

  it('throws what an iterator throws, after the work under way', async () => {
    const done: number[] = [];
    async function* items() {
      yield 1;
      yield 2;
      throw new Error('file is broken');
    }
    await assert.rejects(
      inParallel(items(), async (item) => {
        await turn();
        done.push(item);
      }),
      /file is broken/,
    );
    assert.deepEqual(done, [1, 2]);
  });
});
