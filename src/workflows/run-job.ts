import { CancellationScope, isCancellation, metricMeter, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { bookkeeping } from './bookkeeping.ts';
import { callHandler } from './call-handler.ts';
import { startDependents } from './chain.ts';
import { ChainedRun } from './chained-run.ts';
import { hearOfDependents } from './dependents.ts';
import { describeFailure } from './failure.ts';
import { ancestorsOf, compact } from './follow-up.ts';
import { END_RUN, SETTLE_DEBT, type Definition, type DueRun, type EndedRun, type RunInput } from './messages.ts';
import { atDueTime } from './once.ts';

const endRun = bookkeeping(END_RUN, 30_000);
const settleDebt = bookkeeping(SETTLE_DEBT, 30_000);

/** One run of a job: waits until it is due, calls the handler through an activity, and starts the jobs that follow. */
export async function runJob(input: RunInput): Promise<unknown> {
  const { workflowId, runId } = workflowInfo();
  const jobId = input.jobId ?? scheduleId() ?? workflowId;
  const isOnce = jobId === workflowId;
  const chained = input.predecessor && new ChainedRun(jobId, input.predecessor);
  const dependents = hearOfDependents();

  let failure: unknown;
  let outcome: Pick<EndedRun, 'state' | 'result' | 'error'>;
  try {
    const due = await (chained ? chained.untilDue() : isOnce ? atDueTime(input) : atOnce(jobId, input));
    if (typeof due === 'string') return due;
    setCurrentDetails(
      `Was due ${due.scheduledAt}. Its attempts, its progress and the last failure stand under the activity.`,
    );
    outcome = { state: 'completed', result: await callHandler(jobId, due) };
  } catch (error) {
    failure = error;
    outcome = { state: isCancellation(error) ? 'cancelled' : 'failed', error: describeFailure(error) };
  }

  const { jobType = '' } = chained?.definition ?? input;
  metricMeter.createCounter('job_runs', '', 'Runs that ended').add(1, { job_type: jobType, outcome: outcome.state });
  const ancestors = ancestorsOf(chained?.ends ?? input.owed ?? []);
  const endedAt = new Date().toISOString();
  const ended = compact({ jobId, workflowId, runId, endedAt, ...outcome, ...(ancestors.length > 0 && { ancestors }) });
  await CancellationScope.nonCancellable(async () => {
    if (isOnce) {
      // A once job's dependents signal it. The server refuses its completion while a signal is unread, so that this
      // loop sees each one that was accepted.
      while (dependents.size > 0) {
        const batch = [...dependents.values()];
        dependents.clear();
        await startDependents(batch, ended);
      }
    } else {
      const definition = chained ? chained.definition : input;
      const mayBeLast = (chained !== undefined || input.owed !== undefined) && definition?.after?.repeats !== true;
      await startDependents(await endRun(ended, mayBeLast), ended);
    }
  });
  if (failure !== undefined) throw failure;
  return outcome.result;
}

async function atOnce(jobId: string, input: RunInput): Promise<DueRun> {
  if (input.owed) await settleDebt(jobId);
  const { searchAttributes, startTime } = workflowInfo();
  const nominal = searchAttributes['TemporalScheduledStartTime']?.[0];
  const scheduledAt = (nominal instanceof Date ? nominal : startTime).toISOString();
  return { definition: input as Definition, scheduledAt, predecessors: input.owed };
}

function scheduleId(): string | undefined {
  return workflowInfo().searchAttributes['TemporalScheduledById']?.[0]?.toString();
}
