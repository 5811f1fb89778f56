import { bookkeeping } from './bookkeeping.ts';
import { RESUME_JOBS } from './messages.ts';

const resumeJobs = bookkeeping(RESUME_JOBS, 600_000);

/** Ends a pause of all jobs at the time it was given; the server has done the waiting (`startDelay`). */
export async function resumeLater(token: string): Promise<void> {
  await resumeJobs(token);
}
