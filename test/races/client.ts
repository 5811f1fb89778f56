// A client of its own, to be killed: connects, says so, makes one call and ends.
import { Scheduler } from '../../src/index.ts';

const { address, taskQueue, method, args } = JSON.parse(process.argv[2] ?? '') as {
  address: string;
  taskQueue: string;
  method: string;
  args: unknown[];
};
const scheduler = await Scheduler.connect({ address, taskQueue });
process.send?.('ready');
await (scheduler as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>)[method]!(...args);
process.disconnect();
await scheduler.close();
