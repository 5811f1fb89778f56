import { InvalidArgumentError } from '../job/errors.ts';
import { show } from '../job/show.ts';

/** How many calls are under way at once: more does not make the server faster. */
const AT_ONCE = 50;

/**
 * Does something with each item, a few at a time. Takes items as it goes, so that memory does not grow with them. Where
 * an item cannot be had, or the work fails, it takes no more, waits for what is under way, and throws the first error.
 */
export async function inParallel<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  work: (item: Item, index: number) => Promise<void>,
  atOnce = AT_ONCE,
): Promise<void> {
  const iterator = iteratorOf(items);
  const errors: unknown[] = [];
  let index = 0;
  let isDone = false;
  const worker = async () => {
    while (!isDone) {
      const place = index++;
      const next = await iterator.next();
      if (next.done) isDone = true;
      else await work(next.value, place);
    }
  };
  const guarded = () =>
    worker().catch((error: unknown) => {
      isDone = true;
      errors.push(error);
    });
  await Promise.all(Array.from({ length: atOnce }, guarded));
  if (errors.length === 0) return;
  await iterator.return?.();
  throw errors[0];
}

function iteratorOf<Item>(items: Iterable<Item> | AsyncIterable<Item>): AsyncIterator<Item> | Iterator<Item> {
  const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: synchronous } = Object(items) as Partial<
    AsyncIterable<Item> & Iterable<Item>
  >;
  if (typeof items === 'object' && asynchronous) return asynchronous.call(items as AsyncIterable<Item>);
  if (typeof items === 'object' && synchronous) return synchronous.call(items as Iterable<Item>);
  throw new InvalidArgumentError(`jobs: expected an array, or anything else to iterate over, got ${show(items)}`);
}
