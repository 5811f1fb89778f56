// A schedule's note is what the Web UI and the CLI show of its state, and all that a list tells of how it ended. So it
// is written for people and read back by us.

export type Note =
  | { readonly kind: 'paused'; readonly by: 'scheduler' | 'person'; readonly reason: string; readonly token?: string }
  | {
      readonly kind: 'ended';
      readonly state: EndState;
      readonly at: Date;
      readonly reason: string;
      readonly run?: RunRef;
    }
  | { readonly kind: 'other'; readonly text: string };

/** The run a job ended with. */
export interface RunRef {
  readonly workflowId: string;
  readonly runId: string;
}

export type EndState = 'completed' | 'failed' | 'cancelled';

const LONGEST = 900;
const PAUSED_BY_SCHEDULER = /^Paused with all jobs: (?<reason>.*) \[(?<token>[^\]]*)\]$/s;
// The workflow id is in quotes so that whatever stands in it, or in the reason, is not taken for the other.
const ENDED =
  /^(?<state>Completed|Failed|Cancelled) at (?<at>\d{4}-[\d:.T-]+Z)(?: in (?<workflowId>"(?:[^"\\]|\\.)*") \((?<runId>[0-9a-f-]{36})\))?(?:: (?<reason>.*))?$/s;

export function pausedByScheduler(reason: string, token: string): string {
  return `Paused with all jobs: ${shorten(reason, LONGEST)} [${token}]`;
}

export function ended(state: EndState, at: Date, reason = '', run?: RunRef): string {
  const word = `${state[0]?.toUpperCase()}${state.slice(1)}`;
  const where = run ? ` in ${JSON.stringify(run.workflowId)} (${run.runId})` : '';
  return `${word} at ${at.toISOString()}${where}${reason && `: ${shorten(reason, LONGEST - where.length)}`}`;
}

/** Whether a job's record says that it was cancelled. */
export function isCancelled(note: Note): note is Extract<Note, { kind: 'ended' }> & { readonly state: 'cancelled' } {
  return note.kind === 'ended' && note.state === 'cancelled';
}

/** Whether a job ended with a run that was reset since: what counts is how its retry ends. A cancelled job stays so. */
export function isRetried(note: Note, { workflowId, runId }: RunRef): boolean {
  if (note.kind !== 'ended' || note.state === 'cancelled') return false;
  return note.run?.workflowId === workflowId && note.run.runId !== runId;
}

/** What a note says beside the open runs of the job: nothing of its end while a run that it ended with is retried. */
export function standing(note: Note, open: readonly RunRef[]): Note {
  return open.some((run) => isRetried(note, run)) ? { kind: 'other', text: '' } : note;
}

/** Half a character would not be the Unicode that the server insists on. */
function shorten(text: string, length: number): string {
  return text
    .toWellFormed()
    .slice(0, length)
    .replace(/[\uD800-\uDBFF]$/, '');
}

/** Reads a note back. Whatever is paused and not by us is paused by a person. */
export function parseNote(text: string | undefined, isPaused: boolean): Note {
  const note = text ?? '';
  if (isPaused) {
    const groups = PAUSED_BY_SCHEDULER.exec(note)?.groups;
    if (groups)
      return { kind: 'paused', by: 'scheduler', reason: groups['reason'] ?? '', token: groups['token'] ?? '' };
    return { kind: 'paused', by: 'person', reason: note };
  }
  const groups = ENDED.exec(note)?.groups;
  if (!groups || Number.isNaN(Date.parse(groups['at'] ?? ''))) return { kind: 'other', text: note };
  const { at = '', reason = '', workflowId, runId } = groups;
  return {
    kind: 'ended',
    state: groups['state']?.toLowerCase() as EndState,
    at: new Date(at),
    reason,
    ...(workflowId && runId && { run: { workflowId: JSON.parse(workflowId) as string, runId } }),
  };
}
