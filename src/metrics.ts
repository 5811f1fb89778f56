import { Runtime, makeTelemetryFilterString, type RuntimeOptions } from '@temporalio/worker';
import { InvalidArgumentError } from './job/errors.ts';
import { show } from './job/show.ts';

export interface MetricsOptions {
  /** Where Prometheus finds them, under `/metrics`: a host and a port, such as `0.0.0.0:9464`. */
  readonly prometheus: string;
}

const NAME = /^(?:[^\s:]+|\[[\da-f:.]+\]):\d{1,5}$/i;
/** In seconds: a queue is quick or hours behind, and handlers take anything. */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400];
const HISTOGRAMS = ['job_lateness_seconds', 'job_queue_wait_seconds', 'job_handler_seconds'];
let exposed: string | undefined;

export function checkMetrics(metrics: unknown): MetricsOptions | undefined {
  if (metrics === undefined) return undefined;
  const { prometheus } = (metrics ?? {}) as { prometheus?: unknown };
  if (typeof prometheus === 'string' && NAME.test(prometheus)) return { prometheus };
  throw new InvalidArgumentError(
    `metrics: expected { prometheus: 'host:port' } such as '0.0.0.0:9464', got ${show(prometheus ?? metrics)}`,
  );
}

/**
 * Makes the SDK tell its metrics, and ours with them. That is for the whole process, before anything else of the SDK is
 * used: so the first worker decides, and others of the process may ask for the same.
 */
export function exposeMetrics({ prometheus }: MetricsOptions): void {
  if (exposed === prometheus) return;
  try {
    Runtime.install({ telemetryOptions: telemetry(prometheus) });
    exposed = prometheus;
  } catch (error) {
    throw new InvalidArgumentError(
      `metrics: expected a process in which nothing of Temporal’s runtime is in use yet, got ${exposed ? `one that tells its metrics at ${exposed}` : String(error)}: create this worker first, or call Runtime.install() yourself`,
      { cause: error },
    );
  }
}

function telemetry(bindAddress: string): NonNullable<RuntimeOptions['telemetryOptions']> {
  return {
    logging: { filter: makeTelemetryFilterString({ core: 'WARN' }) },
    metrics: {
      prometheus: {
        bindAddress,
        countersTotalSuffix: true,
        unitSuffix: true,
        useSecondsForDurations: true,
        histogramBucketOverrides: Object.fromEntries(HISTOGRAMS.map((name) => [name, BUCKETS])),
      },
    },
  };
}
