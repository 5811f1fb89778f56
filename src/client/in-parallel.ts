/** How many calls are under way at once: more does not make the server faster. */
const AT_ONCE = 50;

/** Does something with each item, a few at a time. Takes items as it goes, so that memory does not grow with them. */
export async function inParallel<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let index = 0;
  const worker = async () => {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) await work(next.value, index++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
