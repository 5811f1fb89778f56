// Stryker's own runner for mocha does not know mocha 12. This one loads the tests once and runs, for each mutant, the
// tests that reach it, until one fails.
import {
  DryRunStatus,
  TestStatus,
  determineHitLimitReached,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { PluginKind, declareClassPlugin } from '@stryker-mutator/api/plugin';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// The tests' own mocha: they import it from where they are.
const { default: Mocha } = createRequire(join(process.cwd(), 'package.json'))('mocha');

/** What the mutated code reads and writes. */
const shared = (globalThis.__stryker__ ??= {});

class MochaRunner {
  #files;
  #mocha;

  /** @param {{ mutationTests: string[] }} options */
  constructor(options) {
    this.#files = options.mutationTests;
  }

  capabilities() {
    // A module is loaded once in a process: what a mutant changes while it is loaded needs a new one.
    return { reloadEnvironment: false };
  }

  async dryRun() {
    await this.#load();
    const tests = await this.#run({ bail: false });
    return { status: DryRunStatus.Complete, tests, mutantCoverage: shared.mutantCoverage };
  }

  async mutantRun({ activeMutant, mutantActivation, testFilter, hitLimit, disableBail }) {
    if (mutantActivation === 'static') shared.activeMutant = activeMutant.id;
    try {
      await this.#load();
    } catch (error) {
      const failure = {
        id: 'load',
        name: 'load',
        status: TestStatus.Failed,
        timeSpentMs: 0,
        failureMessage: String(error),
      };
      return toMutantRunResult({ status: DryRunStatus.Complete, tests: [failure] });
    }
    shared.activeMutant = activeMutant.id;
    shared.hitCount = hitLimit === undefined ? undefined : 0;
    shared.hitLimit = hitLimit;
    const tests = await this.#run({ bail: !disableBail, testFilter });
    return (
      determineHitLimitReached(shared.hitCount, hitLimit) ?? toMutantRunResult({ status: DryRunStatus.Complete, tests })
    );
  }

  async #load() {
    if (this.#mocha) return;
    const mocha = new Mocha({ timeout: 60_000, reporter: Mocha.reporters.Base });
    for (const file of this.#files) mocha.addFile(file);
    mocha.rootHooks({
      beforeEach() {
        shared.currentTestId = this.currentTest.fullTitle();
      },
      afterEach() {
        shared.currentTestId = undefined;
      },
    });
    await mocha.loadFilesAsync();
    mocha.cleanReferencesAfterRun(false);
    this.#mocha = mocha;
  }

  /** @returns {Promise<import('@stryker-mutator/api/test-runner').TestResult[]>} */
  #run({ bail, testFilter }) {
    const mocha = this.#mocha;
    const names = testFilter?.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&'));
    mocha.grep(names ? new RegExp(`^(${names.join('|')})$`) : /^/);
    mocha.bail(bail);
    const tests = [];
    const add = (test, status, rest = {}) => {
      const name = test.fullTitle();
      tests.push({ id: name, name, status, timeSpentMs: test.duration ?? 0, fileName: test.file, ...rest });
    };
    return new Promise((resolve) => {
      mocha
        .run(() => resolve(tests))
        .on('pass', (test) => add(test, TestStatus.Success))
        .on('pending', (test) => add(test, TestStatus.Skipped))
        .on('fail', (test, error) => add(test, TestStatus.Failed, { failureMessage: String(error?.message ?? error) }));
    });
  }
}
MochaRunner.inject = ['options'];

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'mocha-12', MochaRunner)];

/** The files whose tests these are: an option of ours. */
export const strykerValidationSchema = {
  properties: { mutationTests: { type: 'array', items: { type: 'string' } } },
};
