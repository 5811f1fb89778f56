import type { Context } from '@temporalio/activity';

/** How an attempt ended. */
type Outcome = 'completed' | 'failed' | 'cancelled';

interface Attempt {
  readonly jobType: string;
  readonly scheduledAt: string;
  /** Counted from 1, over all that the run had. */
  readonly attempt: number;
}

/**
 * Records that an attempt starts; the answer, called when it ends, that it has. They go where the SDK's own metrics go,
 * and nowhere where nobody asked for those.
 */
export function recordAttempt(activity: Context, { jobType, scheduledAt, attempt }: Attempt): (end: Outcome) => void {
  const meter = activity.metricMeter.withTags({ job_type: jobType });
  const seconds = (name: string, description: string) => meter.createHistogram(name, 'float', '', description);
  const startedAt = Date.now();
  // An attempt that is a second one is late for the first one's failure.
  if (attempt === 1) {
    seconds('job_lateness_seconds', 'From the due time of a run to the start of its handler').record(
      since(Date.parse(scheduledAt), startedAt),
    );
  }
  seconds('job_queue_wait_seconds', 'From an attempt’s place in the queue to its start').record(
    since(activity.info.currentAttemptScheduledTimestampMs, startedAt),
  );
  return (outcome) => {
    seconds('job_handler_seconds', 'How long an attempt of a handler took').record(since(startedAt, Date.now()), {
      outcome,
    });
  };
}

/** In seconds. Two machines have two clocks: what would be negative is none. */
function since(from: number, to: number): number {
  return Math.max(0, to - from) / 1_000;
}
