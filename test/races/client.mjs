// A client of its own, to be killed: connects, says so, makes one call and ends. Of what is built, which starts sooner.
import { Scheduler } from 'temporal-job-scheduler';

const { address, taskQueue, method, args } = JSON.parse(process.argv[2]);
const scheduler = await Scheduler.connect({ address, taskQueue });
process.send('ready');
await scheduler[method](...args);
process.disconnect();
await scheduler.close();
