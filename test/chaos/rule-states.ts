import type { History, Seen } from './history.ts';
import { knownJobs, type Known } from './jobs-known.ts';
import { pausesOf, pausesOfJob } from './pause-windows.ts';
import { iso } from './rule-coverage.ts';
import { IS_STRICT } from './settings.ts';
import type { Rule, Violation } from './violation.ts';

type State = Seen['state'];

const TERMINAL: readonly State[] = ['completed', 'failed', 'cancelled'];
/** Where a once job, or a job after one, may stand next. A pause sends an attempt back to the queue. */
const NEXT: Readonly<Partial<Record<State, readonly State[]>>> = {
  scheduled: ['paused', 'queued', 'running', ...TERMINAL],
  waiting: ['paused', 'queued', 'running', ...TERMINAL],
  queued: ['paused', 'running', ...TERMINAL],
  running: ['paused', ...TERMINAL],
  paused: ['scheduled', 'waiting', 'queued', 'running', ...TERMINAL],
};

/** What is seen of a job moves only forward, and agrees with what was acknowledged before. */
export const states: Rule = (history) => {
  const violations: Violation[] = [];
  let looks = 0;
  for (const known of knownJobs(history)) {
    const { plan } = known;
    const seen = (history.seen.get(plan.id) ?? []).toSorted((a, b) => a.askedAt - b.askedAt);
    looks += seen.length;
    const complain = (rule: string, at: number, message: string) =>
      violations.push({ rule, job: plan.id, at, message: `${message}, asked ${iso(at)}` });
    for (const [index, now] of seen.entries()) {
      checkPresence(known, now, complain);
      const before = seen[index - 1];
      // Of two looks at once the order is not known.
      if (!before || before.answeredAt > now.askedAt) continue;
      if (hasOneRun(known)) checkEdge(before, now, complain);
      // A recurring job past its end counts as completed, though its last due times may not have been come to yet.
      else if (IS_STRICT && before.state === 'completed' && now.state !== 'completed')
        complain('terminal state left', now.askedAt, `from completed to ${now.state}`);
      if ((now.skipped?.overlap ?? 0) < (before.skipped?.overlap ?? 0))
        complain('count went back', now.askedAt, `${before.skipped?.overlap} to ${now.skipped?.overlap}`);
    }
    checkResumes(history, known, seen, complain);
    const last = seen.at(-1);
    const isOver = hasOneRun(known) && known.isAcknowledged && last && last.askedAt > history.overAt - 60_000;
    if (isOver && last.askedAt > (known.cancels[0]?.returnedAt ?? 0) && !isRightEnd(known, last.state))
      complain('wrong end', last.askedAt, `it is ${last.state}, and was to be ${plan.comesTo}`);
  }
  return { violations, counts: { looks } };
};

type Complain = (rule: string, at: number, message: string) => void;

function hasOneRun({ plan }: Known): boolean {
  return plan.when.kind === 'once' || (plan.when.kind === 'after' && !plan.id.endsWith('-child'));
}

function checkPresence({ thereFrom, isAcknowledged, cancels }: Known, now: Seen, complain: Complain): void {
  if (now.state === 'not found' && isAcknowledged && now.askedAt > thereFrom)
    complain('acknowledged job lost', now.askedAt, 'not found');
  const cancel = cancels.find(({ outcome }) => outcome === 'ok');
  if (cancel && now.askedAt > cancel.returnedAt && !TERMINAL.includes(now.state))
    complain('cancel without effect', now.askedAt, `${now.state} after its cancel was answered`);
}

/** From the answer of a resume to the next pause nobody may see the job paused. */
function checkResumes(history: History, { plan }: Known, seen: readonly Seen[], complain: Complain): void {
  const pauses = [...pausesOf(history, plan.queue), ...pausesOfJob(history, plan.id)];
  for (const { state, askedAt, answeredAt } of seen) {
    if (state !== 'paused' || pauses.some(({ from, answered }) => from < answeredAt && answered > askedAt)) continue;
    complain('resume without effect', askedAt, 'paused after its resume was answered');
  }
}

function checkEdge(before: Seen, now: Seen, complain: Complain): void {
  if (before.state === now.state || before.state === 'not found' || now.state === 'not found') return;
  if (TERMINAL.includes(before.state))
    complain('terminal state left', now.askedAt, `from ${before.state} to ${now.state}`);
  else if (!NEXT[before.state]?.includes(now.state))
    complain('state went back', now.askedAt, `from ${before.state} to ${now.state}`);
}

function isRightEnd({ plan, cancels }: Known, state: State): boolean {
  if (cancels.length > 0) return TERMINAL.includes(state);
  // Whether a dependent runs or is cancelled hangs on its predecessor; the rule of chains looks at that.
  if (plan.when.kind === 'after') return TERMINAL.includes(state);
  return state === plan.comesTo;
}
