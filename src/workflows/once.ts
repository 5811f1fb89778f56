import {
  ApplicationFailure,
  condition,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { JOB_PRIORITY, JOB_TAGS, JOB_TYPE } from './attributes.ts';
import {
  CHANGE,
  PAUSE,
  RESUME,
  type Definition,
  type DueRun,
  type OnceChange,
  type OnceMemo,
  type RunInput,
} from './messages.ts';

/**
 * Waits until a once job is due. The server has done the waiting already (`startDelay`), unless the run was woken: by a
 * pause, which it then sits out, or by a change.
 */
export async function atDueTime(first: RunInput): Promise<DueRun> {
  let input = first;
  let isPaused = false;
  let isWaiting = true;
  const validator = (..._: unknown[]) => {
    if (!isWaiting) throw ApplicationFailure.nonRetryable('the job has started already', 'Started');
  };
  setHandler(
    defineUpdate<void, [string]>(PAUSE),
    (reason) => {
      isPaused = true;
      upsertMemo({ paused: reason });
    },
    { validator },
  );
  setHandler(
    defineUpdate<void>(RESUME),
    () => {
      isPaused = false;
      upsertMemo({ paused: null });
    },
    { validator },
  );
  setHandler(
    defineUpdate<void, [OnceChange]>(CHANGE),
    (change) => {
      const retryPolicy = { ...input.retryPolicy, ...change.input.retryPolicy };
      input = { ...input, ...change.input, retryPolicy };
      upsertMemo({ job: { ...(workflowInfo().memo?.['job'] as OnceMemo), ...change.memo, retryPolicy } });
      upsertSearchAttributes([
        { key: JOB_TYPE, value: input.jobType ?? null },
        { key: JOB_PRIORITY, value: input.priority ?? 'normal' },
        { key: JOB_TAGS, value: input.tags?.length ? [...input.tags] : null },
      ]);
    },
    { validator },
  );

  const dueAt = () => (input.at === undefined ? workflowInfo().startTime.getTime() : Date.parse(input.at));
  try {
    for (;;) {
      if (isPaused) setCurrentDetails(`Paused: ${String(workflowInfo().memo?.['paused'])}`);
      await condition(() => !isPaused);
      const at = dueAt();
      const left = at - Date.now();
      if (left <= 0) return { definition: input as Definition, scheduledAt: new Date(at).toISOString() };
      setCurrentDetails(`Waits until ${new Date(at).toISOString()}.`);
      await condition(() => isPaused || dueAt() !== at, left);
    }
  } finally {
    isWaiting = false;
  }
}
