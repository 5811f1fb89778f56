// What the jobs are, without the code that does them: a client schedules with these and never loads a handler.
import { defineJob } from 'temporal-job-scheduler';
import { z } from 'zod';

export const backup = defineJob('backup', {
  payload: z.strictObject({
    source: z.string().min(1),
    destination: z.string().min(1),
    /** At most so many bytes are read in a second. */
    bytesPerSecond: z.int().positive().optional(),
  }),
  priority: 'high',
  timeout: '1 hour',
});

/** What a backup's handler returns: the job after it reads this. */
export const backupResult = z.object({
  archive: z.string(),
  /** The checksums of the files, as `sha256sum` writes them. */
  manifest: z.string(),
  files: z.int(),
  bytes: z.int(),
});

export const verify = defineJob('verify', {
  payload: z.strictObject({}),
  // Reading a broken archive again does not mend it.
  retryPolicy: { nonRetryableErrorTypes: ['VerificationFailed'] },
});

export const verifyResult = z.object({ archive: z.string(), verified: z.int() });

export const diskSpace = defineJob('disk-space', { payload: z.strictObject({ folder: z.string().min(1) }) });

export const inventory = defineJob('inventory', {
  payload: z.strictObject({ folder: z.string().min(1) }),
  priority: 'low',
});

export const inventoryResult = z.object({ archives: z.int(), bytes: z.int() });
