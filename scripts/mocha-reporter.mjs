// Mocha's own spec reporter, and the counts in a file for scripts/test.mjs.
import { writeFileSync } from 'node:fs';
import mocha from 'mocha';

export default class extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures } = this.stats;
      writeFileSync(options.reporterOption.report, JSON.stringify({ passed: passes, failed: failures }));
    });
  }
}
