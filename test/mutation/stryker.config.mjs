// What must be right whatever the weather: the cron compiler, the state that a job is told to be in, and what follows
// the end of a run. Their tests need no server.
export default {
  mutate: [
    'src/job/compile-cron.ts',
    'src/job/cron-days.ts',
    'src/job/cron.ts',
    'src/job/calendar.ts',
    'src/client/from-temporal.ts',
    'src/client/job-info.ts',
    'src/client/run.ts',
    'src/client/dependents.ts',
    'src/workflows/follow-up.ts',
    'src/activities/chain.ts',
  ],
  mutationTests: [
    'test/job/cron.test.ts',
    'test/job/to-schedule-spec.test.ts',
    'test/client/state.test.ts',
    'test/client/run.test.ts',
    'test/client/to-temporal.test.ts',
    'test/workflows/follow-up.test.ts',
    'test/activities/chain.test.ts',
  ],
  plugins: [new URL('./mocha-runner.mjs', import.meta.url).pathname],
  testRunner: 'mocha-12',
  coverageAnalysis: 'perTest',
  // What is changed as a module is loaded needs a process of its own for each mutant: messages and tables, by the hundred.
  ignoreStatic: true,
  thresholds: { high: 90, low: 80, break: 80 },
  concurrency: 2,
  // Of a loop without end nothing is learned by waiting longer; the tests that reach a change take milliseconds.
  timeoutMS: 2_000,
  // There is no tsconfig to rewrite, and what is large is not copied.
  ignorePatterns: ['/dist', '/docs', '/bench', '/.temporal', '/coverage', '/test/mutation', '/test/replay'],
  tsconfigFile: 'none.json',
  disableTypeChecks: false,
  tempDirName: 'test/mutation/.sandbox',
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: 'test/mutation/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
};
