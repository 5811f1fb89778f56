// @ts-check
import { lossSummary, lossTable, speedTable } from './report.mjs';

/** The page that holds the tables. @param {import('./report.mjs').Results} results */
export function readme({ facts, note, speed, loss }) {
  const versions = Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`);
  const { once, repeating, perMinute, every, window } = loss?.size ?? {
    once: 0,
    repeating: 0,
    perMinute: 0,
    every: 0,
    window: { short: 0, long: 0 },
  };
  const away = Math.round((window.long * 0.8) / 1_000);
  return `# Beside others

This library, Temporal's SDK by hand, BullMQ, pg-boss and graphile-worker on one machine, each set up as its documentation recommends for safety (\`systems/*.mjs\` name the pages). Made by

\`\`\`sh
npm run bench:peers                   # half an hour; installs the peers here, writes results.json and this page
npm run bench:peers -- --quick        # a look; or --only speed|loss, --systems ours,pg-boss, --faults store
\`\`\`

on ${facts.measuredAt.slice(0, 10)}: ${facts.processors}, ${facts.memory}, ${facts.system}. ${versions.join(', ')}. It needs \`redis-server\` and PostgreSQL (\`apt-get install redis-server postgresql\`), whose servers it starts for itself in a temporary folder.
${note ? `\n> ${note}\n` : ''}
## Speed

${speed ? speedTable(speed.figures) : ''}

${speed ? `Measured on ${speed.measuredAt.slice(0, 10)}. ` : ''}${busy(speed?.load)}Median of the rounds, all systems in turn in each round; client and worker are one Node.js process.

- **A plain queue is much faster.** A run of ours is a workflow of 11 events on a development server with SQLite.
- **Temporal by hand** is the least that does it: no search attributes, no summary and details for the Web UI, no memo, no priority of the workflow, and a list of one kind of jobs in one call. What ours cost beside calls by hand that give the same is in [docs/speed.md](../../docs/speed.md).
- Recurring jobs: BullMQ's schedulers and our intervals, every 2 seconds. pg-boss (which discourages seconds) and graphile-worker have crons of a minute, so one-off jobs were measured that come due at the same instants; they look for these every 2 seconds by default.
- pg-boss runs jobs that fast in batches (5 workers of 10) that end together; one at a time, 50 workers take 25 jobs a second. It was given \`LISTEN/NOTIFY\`, which is not its default.
- graphile-worker has no call that lists jobs; its view was queried.

## What is lost

${loss ? lossTable(loss.rows) : ''}

${loss ? `Measured on ${loss.measuredAt.slice(0, 10)}. ` : ''}${busy(loss?.load)}For each fault: ${once} one-off jobs, evenly over ${window.short / 1_000} or ${window.long / 1_000} seconds, and ${repeating} jobs that recur every ${every / 1_000} seconds, or ${perMinute} every minute where that is the finest. Servers and pauses were away for ${away} seconds. All systems at once, one fault at a time, so lateness here says how each recovers, not how fast it is.

The due times are computed; what ran is known from files to which the handlers append their start and end.

- **lost**: no run came to its end, and the system no longer has it. **doubled**: its handler came to its end more than once: a kill came after its end and before the system had noted it. **attempted again**: as it must be, where a worker was killed in the middle.
- pg-boss does not tell a job its due time; its runs were given the newest due time that had none.
- The servers were killed with \`-9\`, which loses nothing that was handed to the system's page cache. A power cut may lose the last second of Redis with \`everysec\`, and the last moments of our development server's SQLite (\`synchronous=NORMAL\`); PostgreSQL and \`always\` lose nothing. In production Temporal has a database of its own.
- "this" is \`overlap: 'allowAll'\` with a catch-up window of an hour and \`resume({ missed: 'latest' })\`; "this, defaults" is \`bufferOne\` and \`resume()\`, which after an outage runs each job for the two oldest due times and counts the others, and after a pause runs none, as the documentation says. \`backfillJob\` runs those of a pause. A schedule takes a pause or a resume in when its own workflow next runs: on a busy server due times of the seconds in between are skipped too, and counted nowhere.
- "Paused" is not the same for all: ours and BullMQ's pause is a call; pg-boss's workers were stopped while its cron went on, and graphile-worker was stopped and filled in.

## When to choose which

- **BullMQ**: thousands of jobs a second, milliseconds from add to handler, Redis at hand; and where a recurring job need not run for a due time that passed in an outage or a pause (it runs once). With \`appendfsync always\` a job that was added stays added.
- **pg-boss**: PostgreSQL is what you run, jobs are added in the transaction of what they are about, recurring ones every minute at the finest, and one run for all that an outage missed is enough.
- **graphile-worker**: the same, and a crontab whose \`fill\` makes up for every minute of an outage; but without its paid edition a job whose worker died waits up to 4 hours (graphile/worker#374), so call \`forceUnlockWorkers\` after a crash, and its process ends when it cannot note that a job is done, so have it restarted.
- **This library**: what matters is that each due time of an outage has its run, or is counted; jobs recur by seconds or by calendar; one job or all can be paused; and tens of runs a second on a development server are enough. **Not** if due times that pass while paused must all run by themselves: graphile-worker and pg-boss queue theirs, ours are skipped.
`;
}

/** The project's page with both tables, between their marks. @param {string} page @param {import('./report.mjs').Results} results */
export function intoReadme(page, { facts, speed, loss }) {
  const tables = `${speed ? speedTable(speed.figures) : ''}

Lost or doubled runs, of due times under four faults:

${loss ? lossSummary(loss.rows) : ''}

\`npm run bench:peers\`, everything on one machine (${facts.processors}; it needs Redis and PostgreSQL): ${[whenOf('speed', speed), whenOf('losses', loss)].filter(Boolean).join(', ')}. Doubled: the handler came to its end twice, since a kill came before the system had noted the first; no system excludes that. What came due in a pause has no run here: that is what our pause means. What each column means, how each was set up, and [when to choose which](bench/peers/README.md).
`;
  return page.replace(/(<!-- peers -->\n).*(<!-- \/peers -->)/s, (_, open, close) => `${open}\n${tables}\n${close}`);
}

/** @param {string} what @param {{ measuredAt: string, load: import('./report.mjs').Load } | undefined} part */
function whenOf(what, part) {
  if (!part) return '';
  const { before, after } = part.load;
  const isBusy = Math.max(before, after) > BUSY;
  return `${what} on ${part.measuredAt.slice(0, 10)}${isBusy ? `, at a load of ${before.toFixed(1)} to ${after.toFixed(1)}, too busy to trust the times` : ''}`;
}

/** Above this others use so much of two processors that times say little. */
const BUSY = 4;

/** @param {import('./report.mjs').Load | undefined} load */
function busy(load) {
  if (!load) return '';
  const { before, after } = load;
  const text = `Load of the machine before and after: ${before.toFixed(1)} and ${after.toFixed(1)}. `;
  if (before <= BUSY && after <= BUSY) return text;
  return `${text}**It was too busy with other work to trust the times**, and the system whose server computes most, ours, is hit hardest. `;
}
