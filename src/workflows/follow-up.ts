import { code } from './markdown.ts';
import { runAttributes } from './attributes.ts';
import {
  ADD_DEPENDENT,
  PRIORITY_KEYS,
  REMOVE_DEPENDENT,
  type After,
  type Dependent,
  type EndedRun,
  type RunInput,
} from './messages.ts';

// What follows the end of a run, decided without a call: for the run itself, and for whoever must do it in its place.

// A run may follow a hundred others, and be followed by a thousand: only small results travel with the message.
const LARGEST_RESULT = 1_000;
const LONGEST_ERROR = 1_000;

/** How a run ended, small enough for every message it stands in. */
export function compact({ result, error, ...ended }: EndedRun): EndedRun {
  const isSmall = (JSON.stringify(result)?.length ?? 0) <= LARGEST_RESULT;
  return {
    ...ended,
    ...(result !== undefined && (isSmall ? { result } : { resultOmitted: true })),
    ...(error !== undefined && { error: error.slice(0, LONGEST_ERROR) }),
  };
}

/** Takes in a signal to whoever keeps the jobs that follow one. */
export function hear(byId: Map<string, Dependent>, signal: string, argument: unknown): void {
  if (signal === ADD_DEPENDENT) byId.set((argument as Dependent).jobId, argument as Dependent);
  if (signal === REMOVE_DEPENDENT) byId.delete(argument as string);
}

/** Which of those that follow have a run now, and which will never have one, since their one end was another. */
export function followUps(followers: readonly Dependent[], ended: EndedRun) {
  // A circle is refused when a job is scheduled. Should two clients have closed one together, it is not run through twice.
  const dependents = followers.filter(({ jobId }) => jobId !== ended.jobId && !ended.ancestors?.includes(jobId));
  return {
    toStart: dependents.filter((dependent) => isMatch(dependent, ended)),
    toCancel: dependents.filter((dependent) => !dependent.repeats && !isMatch(dependent, ended)),
  };
}

/** A cancelled run matches nothing. */
function isMatch({ on }: Dependent, { state }: EndedRun): boolean {
  if (state === 'cancelled') return false;
  return on === 'completion' || (on === 'success') === (state === 'completed');
}

function inWords(state: EndedRun['state']): string {
  return state === 'completed' ? 'succeeded' : state;
}

/** Why those are cancelled that do not follow such an end. */
export function reasonOf({ jobId, state }: EndedRun): string {
  return `its predecessor ${jobId} ${inWords(state)}`;
}

interface Place {
  readonly queue: string;
  readonly namespace: string;
}

/** How the run that follows this end is started. Its id says which end that is, so that none is followed twice. */
export function chainedStart(dependent: Dependent, ended: EndedRun, { queue, namespace }: Place) {
  const { jobId, jobType, delay, priority, workflowId, suffix = '' } = dependent;
  const { state } = ended;
  const input: RunInput = { jobId, predecessor: ended };
  return {
    workflowId: workflowId ?? `${jobId}/after/${ended.runId}${suffix}`,
    workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
    args: [input],
    typedSearchAttributes: runAttributes({ ...dependent, kind: 'afterJob', queue }),
    memo: {
      scheduledAt: new Date(dueAfter([ended], delay)).toISOString(),
      predecessor: { jobId: ended.jobId, workflowId: ended.workflowId, runId: ended.runId },
    },
    staticSummary: `${jobType}: ${jobId}, after ${ended.jobId}`,
    staticDetails: [
      `**${jobType}**, job ${code(jobId)}, ${priority} priority`,
      '',
      `- Follows [a run](${pageOf(ended, namespace)}) of job ${code(ended.jobId)} that ${inWords(state)}`,
    ].join('\n'),
    priority: { priorityKey: PRIORITY_KEYS[priority] },
  };
}

/** The page of a run in the Web UI. */
function pageOf({ workflowId, runId }: EndedRun, namespace: string): string {
  return `/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}/${runId}`;
}

/** Whether all has ended that a job follows. */
export function isComplete({ jobIds }: Pick<After, 'jobIds'>, ends: readonly EndedRun[]): boolean {
  return jobIds.every((id) => ends.some(({ jobId }) => jobId === id));
}

/** When a run is due that follows these ends: so long after the last of them. */
export function dueAfter(ends: readonly EndedRun[], delay: number): number {
  return Math.max(...ends.map(({ endedAt }) => Date.parse(endedAt))) + delay;
}

/** In the order in which they ended. */
export function inOrder(ends: Iterable<EndedRun>): EndedRun[] {
  return [...ends].toSorted((a, b) => Date.parse(a.endedAt) - Date.parse(b.endedAt));
}

/** Every job whose run led to a run that follows these ends. */
export function ancestorsOf(ends: readonly EndedRun[]): string[] {
  return [...new Set(ends.flatMap(({ jobId, ancestors = [] }) => [...ancestors, jobId]))];
}
