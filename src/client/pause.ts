import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScheduleDescription, ScheduleSummary } from '@temporalio/client';
import { optionalDateToTs } from '@temporalio/common/lib/time.js';
import { SchedulerUnavailableError } from '../job/errors.ts';
import { dueTimes } from '../job/evaluate-spec.ts';
import { INTERNAL_PREFIX } from '../job/parse-job.ts';
import { RESUME_LATER, RUN_JOB } from '../workflows/messages.ts';
import { takeRuns } from './first-runs.ts';
import { LOOK_AT_HOLD_EVERY } from './hold-look.ts';
import type { Hold, QueueHold } from './hold.ts';
import { inParallel } from './in-parallel.ts';
import { quote } from './list-query.ts';
import { ifFound } from './map-error.ts';
import { parseNote, pausedByScheduler, type Note } from './notes.ts';
import type { OnProgress } from './progress.ts';
import { readRecord, type Scope } from './record.ts';
import { startDelay } from './to-temporal.ts';

/** The server's lists are behind by less than a second; so long nothing new must turn up in them. */
const LISTS_SETTLE = 1_000;
/** A server gives few lists a second (`frontend.namespaceRPS.visibility`, 10), so they are not looked at more often. */
const LOOKS = 2;
const IN_FORCE_WITHIN = 30_000;
const NOTE_OF_RESUME = 'Resumed with all jobs';

/**
 * Pauses all jobs. First the hold: once it is in force no attempt is handed out, whatever else happens. Then the
 * schedules, so that the Web UI and the CLI show it, and due times that pass do not pile up.
 */
export async function pauseAll(
  scope: Scope,
  hold: QueueHold,
  reason: string,
  until: Date | undefined,
  report: OnProgress,
): Promise<void> {
  // A pause that is in force is only completed, unless it is to end at another time, or not by itself as it would.
  const before = await hold.read();
  if (until || !before || before.until) {
    const token = newToken();
    // First the end, then the pause: a pause without its end would last.
    if (until) await resumeAt(scope, token, until);
    await hold.set(token, reason, until);
  }
  await inForce(hold);
  // Meanwhile a worker may still go by the look it took before.
  await Promise.all([sleep(LOOK_AT_HOLD_EVERY), settle(scope, hold, 'skip', report)]);
}

export async function resumeAll(
  scope: Scope,
  hold: QueueHold,
  missed: 'skip' | 'latest',
  report: OnProgress = () => {},
): Promise<void> {
  const held = await hold.read();
  if (held) await hold.clear(held);
  const unpaused = await settle(scope, hold, missed, report);
  if (held) await unpauseLate(scope, hold, missed, unpaused);
}

/**
 * A V1 schedule that is behind, as all are when their server has just come back, may not have come to the pause yet when
 * it is resumed: the lists show it as not paused, and it would be, for good. Its description waits for what was asked.
 */
async function unpauseLate(
  scope: Scope,
  hold: QueueHold,
  missed: 'skip' | 'latest',
  unpaused: ReadonlySet<string>,
): Promise<void> {
  // As a rule none: nearly every schedule was paused, and has just been resumed.
  await inParallel(recurring(scope), async ({ scheduleId }) => {
    if (unpaused.has(scheduleId)) return;
    const record = await readRecord(scope, scheduleId);
    if (!record || !isHeld(record.note) || (await hold.read())) return;
    await patch(scope, scheduleId, undefined, missed);
  });
}

async function resumeAt({ client, queue }: Scope, token: string, until: Date): Promise<void> {
  await client.workflow.start(RESUME_LATER, {
    workflowId: `${INTERNAL_PREFIX}resume/${queue}/${token}`,
    taskQueue: queue,
    args: [token],
    ...startDelay(until),
    staticSummary: `ends the pause of all jobs on ${queue}`,
  });
}

async function inForce(hold: QueueHold): Promise<void> {
  for (const deadline = Date.now() + IN_FORCE_WITHIN; !(await hold.isInForce()); await sleep(20)) {
    // Resumed by another client meanwhile.
    if (!(await hold.read())) return;
    if (Date.now() > deadline) {
      throw new SchedulerUnavailableError(
        'the hold of the task queue was set, but is not in force everywhere: call pause() again',
      );
    }
  }
}

/**
 * Makes every schedule agree with the hold, as it is now: whoever changes the hold does this until the two agree, so
 * that of a pause and a resume at once the last one has its way with all of them. Answers which it has changed for that.
 */
async function settle(
  scope: Scope,
  hold: QueueHold,
  missed: 'skip' | 'latest',
  report: OnProgress,
): Promise<ReadonlySet<string>> {
  const patched = new Set<string>();
  let held = await hold.read();
  let changedAt = Date.now();
  let fewest = Infinity;
  for (let quietSince = changedAt; ;) {
    const wrong: ScheduleSummary[] = [];
    for await (const summary of disagreeing(scope, held)) wrong.push(summary);
    // What is asked of a schedule it does in its own time, milliseconds as a rule: then the lists show it.
    const unasked = wrong.filter(({ scheduleId }) => !patched.has(scheduleId));
    const total = patched.size + unasked.length;
    await inParallel(unasked, async ({ scheduleId }) => {
      await patch(scope, scheduleId, held, missed);
      patched.add(scheduleId);
      if (patched.size < total) report({ done: patched.size, total });
    });
    // Of thousands it does some hundred a second: that is slow, but no standstill.
    if (unasked.length > 0 || wrong.length < fewest) changedAt = Date.now();
    fewest = wrong.length;
    const now = await hold.read();
    if (now?.token !== held?.token) {
      held = now;
      fewest = Infinity;
      patched.clear();
    } else if (wrong.length === 0 && Date.now() - quietSince >= LISTS_SETTLE) {
      report({ done: patched.size, total: patched.size });
      return patched;
    }
    if (wrong.length > 0) quietSince = Date.now();
    if (quietSince - changedAt > IN_FORCE_WITHIN) {
      throw new SchedulerUnavailableError(
        `${wrong.length} jobs have been ${held ? 'paused' : 'resumed'}, but for ${IN_FORCE_WITHIN / 1_000} s the server has not come to any of them: call again`,
      );
    }
    await sleep(LISTS_SETTLE / LOOKS);
  }
}

/**
 * The schedules that are not as the hold wants them: without its pause, or still under one that is gone. Another pause of
 * ours than this one may be about to end, where the schedule is behind.
 */
async function* disagreeing(scope: Scope, held: Hold | undefined): AsyncGenerator<ScheduleSummary> {
  for await (const summary of recurring(scope)) {
    const note = parseNote(summary.state.note, summary.state.paused);
    const token = note.kind === 'paused' ? note.token : undefined;
    const isDue = held ? note.kind === 'other' || (isHeld(note) && token !== held.token) : isHeld(note);
    if (isDue) yield summary;
  }
}

async function* recurring({ client, queue }: Scope): AsyncGenerator<ScheduleSummary> {
  const query = `JobQueue = ${quote(queue)} AND JobKind IN ('interval', 'cron')`;
  for await (const summary of client.schedule.list({ query, pageSize: 1_000 })) {
    if (summary.action?.workflowType === RUN_JOB) yield summary;
  }
}

/** Paused with all jobs, and not by a person. */
function isHeld(note: Note): boolean {
  return note.kind === 'paused' && note.by === 'scheduler';
}

async function patch(
  scope: Scope,
  scheduleId: string,
  held: Hold | undefined,
  missed: 'skip' | 'latest',
): Promise<void> {
  const { client } = scope;
  const { namespace, identity } = client.options;
  const wanted = held
    ? { pause: pausedByScheduler(held.reason, held.token) }
    : {
        unpause: NOTE_OF_RESUME,
        ...(missed === 'latest' && { backfillRequest: await latestMissed(scope, scheduleId) }),
      };
  const requestId = randomUUID();
  // It may have been deleted meanwhile.
  await ifFound(client.workflowService.patchSchedule({ namespace, identity, scheduleId, requestId, patch: wanted }));
}

/** A pause's token says when it began: due times since then have been missed. */
function newToken(): string {
  return `${new Date().toISOString()} ${randomUUID().slice(0, 8)}`;
}

/** The latest due time that passed while the schedule was paused, as a back-fill of that one. */
async function latestMissed(scope: Scope, id: string) {
  // A list has only the first ten of its times and exceptions.
  const { note, description } = (await readRecord(scope, id)) ?? {};
  const since = Date.parse((note?.kind === 'paused' && note.token?.split(' ')[0]) || '');
  const time = description && !Number.isNaN(since) ? latestDue(description.spec, since) : undefined;
  if (time === undefined) return undefined;
  const isLimited = description?.state.remainingActions !== undefined;
  if (isLimited && (await takeRuns(scope, id, 1)) === 0) return undefined;
  const startTime = optionalDateToTs(new Date(time));
  return [{ startTime, endTime: startTime }];
}

function latestDue(spec: ScheduleDescription['spec'], since: number): number | undefined {
  const now = Date.now();
  // Looks back further and further, so that a job of every second is not stepped through from the pause on.
  for (let back = 60_000; ; back *= 10) {
    let latest: number | undefined;
    for (const time of dueTimes(spec, Math.max(since, now - back))) {
      if (time > now) break;
      latest = time;
    }
    if (latest !== undefined) return latest;
    if (now - back <= since) return undefined;
  }
}
