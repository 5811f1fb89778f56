import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { DefaultLogger, Worker, bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker';
import { History, SHAPES } from '../../scripts/record-histories.ts';

const BUNDLE = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));
const CHANGED = fileURLToPath(new URL('./fixtures/changed-workflows.ts', import.meta.url));
const folder = new URL('./histories/', import.meta.url);

interface Recorded {
  readonly name: string;
  readonly workflowId: string;
  readonly type: string;
  readonly events: readonly string[];
  readonly history: ReturnType<typeof History.fromObject>;
}

/** What each release has recorded: a run that one of them began may go on in any later one. */
const recorded = readdirSync(folder).flatMap((version) =>
  readdirSync(new URL(`${version}/`, folder)).map((file): Recorded => {
    const json = JSON.parse(readFileSync(new URL(`${version}/${file}`, folder), 'utf8')) as {
      events: { eventType: string }[];
    };
    const history = History.fromObject(json);
    const { workflowId, workflowType } = history.events[0]?.workflowExecutionStartedEventAttributes ?? {};
    return {
      name: `${version}/${file.replace(/\.json$/, '')}`,
      workflowId: workflowId ?? '',
      type: workflowType?.name ?? '',
      events: json.events.map(({ eventType }) => eventType.replace('EVENT_TYPE_', '')),
      history,
    };
  }),
);

async function replay(
  workflowBundle: WorkflowBundleOption,
  histories: readonly Recorded[],
): Promise<Map<string, Error | undefined>> {
  const errors = new Map<string, Error | undefined>();
  for (const { name, workflowId, history } of histories) {
    for await (const { error } of Worker.runReplayHistories({ workflowBundle }, [{ workflowId, history }]))
      errors.set(name, error);
  }
  return errors;
}

describe('a run that an earlier release began', () => {
  it('goes on with these workflows', async () => {
    const errors = await replay({ codePath: BUNDLE }, recorded);
    assert.equal(errors.size, recorded.length);
    assert.deepEqual(
      [...errors].filter(([, error]) => error),
      [],
    );
  });

  it('has been recorded in each of its shapes', () => {
    const names = recorded.map(({ name }) => name).filter((name) => name.startsWith('v0.1/'));
    assert.deepEqual(names.toSorted(), SHAPES.map((shape) => `v0.1/${shape}`).toSorted());
  });

  it('is what the shapes say', () => {
    const has = (shape: string, ...types: string[]) => {
      const { events } = recorded.find(({ name }) => name === `v0.1/${shape}`)!;
      for (const type of types) assert.ok(events.includes(type), `${shape} has no ${type}: ${events.join()}`);
    };
    has('once-success', 'ACTIVITY_TASK_COMPLETED', 'WORKFLOW_EXECUTION_COMPLETED');
    has('once-failed', 'ACTIVITY_TASK_FAILED', 'WORKFLOW_EXECUTION_FAILED');
    has('once-cancelled-waiting', 'WORKFLOW_EXECUTION_CANCEL_REQUESTED', 'WORKFLOW_EXECUTION_CANCELED');
    has('once-cancelled-running', 'ACTIVITY_TASK_CANCELED', 'WORKFLOW_EXECUTION_CANCELED');
    has(
      'once-paused-resumed-changed',
      'WORKFLOW_EXECUTION_UPDATE_COMPLETED',
      'WORKFLOW_PROPERTIES_MODIFIED',
      'TIMER_STARTED',
    );
    has('once-with-dependents', 'WORKFLOW_EXECUTION_SIGNALED', 'CHILD_WORKFLOW_EXECUTION_STARTED');
    has('once-failed-with-dependents', 'MARKER_RECORDED', 'WORKFLOW_EXECUTION_FAILED');
    has('interval', 'ACTIVITY_TASK_COMPLETED', 'MARKER_RECORDED');
    has('interval-with-dependent', 'CHILD_WORKFLOW_EXECUTION_STARTED', 'MARKER_RECORDED');
    has('chained-with-delay', 'TIMER_FIRED', 'ACTIVITY_TASK_COMPLETED');
    has('chained-paused', 'MARKER_RECORDED', 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES', 'WORKFLOW_EXECUTION_COMPLETED');
    has('chained-owed', 'MARKER_RECORDED', 'ACTIVITY_TASK_COMPLETED');
    has('chained-after-several', 'WORKFLOW_EXECUTION_SIGNALED', 'ACTIVITY_TASK_COMPLETED');
    has('held', 'ACTIVITY_TASK_FAILED', 'ACTIVITY_TASK_COMPLETED');
    has('dependents', 'WORKFLOW_EXECUTION_SIGNALED', 'WORKFLOW_EXECUTION_COMPLETED');
    has('sweep', 'MARKER_RECORDED', 'WORKFLOW_EXECUTION_COMPLETED');
    has('lost-to-cancel', 'ACTIVITY_TASK_TIMED_OUT', 'MARKER_RECORDED', 'WORKFLOW_EXECUTION_CANCELED');
    has('bookkeeping-lost', 'MARKER_RECORDED', 'TIMER_FIRED', 'WORKFLOW_EXECUTION_COMPLETED');
    has('resume-later', 'MARKER_RECORDED', 'WORKFLOW_EXECUTION_COMPLETED');
  });

  it('would be found out if it did not', async function () {
    this.timeout(60_000);
    const workflowBundle = await bundleWorkflowCode({ workflowsPath: CHANGED, logger: new DefaultLogger('WARN') });
    const runs = recorded.filter(({ type }) => type === 'runJob');
    const errors = await replay(workflowBundle, runs);
    for (const { name } of runs) {
      const error = errors.get(name);
      assert.ok(error instanceof DeterminismViolationError, `${name}: ${String(error)}`);
    }
  });
});
