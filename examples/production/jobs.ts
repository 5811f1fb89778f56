// The contract: client and worker share it, and the client loads no handler's code.
import { defineJob } from 'temporal-job-scheduler';
import { z } from 'zod';

export const backup = defineJob('backup', { payload: z.object({ source: z.string() }), timeout: '1h' });
