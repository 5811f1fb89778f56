import { proxyLocalActivities } from '@temporalio/workflow';
import { RESUME_JOBS, type ChainActivities } from './messages.ts';

const { [RESUME_JOBS]: resumeJobs } = proxyLocalActivities<ChainActivities>({ startToCloseTimeout: '10 minutes' });

/** Ends a pause of all jobs at the time it was given; the server has done the waiting (`startDelay`). */
export async function resumeLater(token: string): Promise<void> {
  await resumeJobs(token);
}
