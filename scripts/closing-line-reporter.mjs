import { writeSync } from 'node:fs';
import process from 'node:process';
import { missingServers } from './test-servers.mjs';

/**
 * A Vitest reporter, beside the default one: the very last lines of a run say which servers were missing and
 * `N passed, N failed, N skipped`, alone on a line, for whoever reads only the end.
 */
export default class ClosingLineReporter {
  #lines = [];

  onInit() {
    // Other reporters still write after onTestRunEnd.
    process.on('exit', () => writeSync(1, this.#lines.map((line) => `${line}\n`).join('')));
  }

  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // Not run at all, because the run was broken off or a hook failed: that is no success.
        counts[state === 'pending' ? 'failed' : state] += 1;
      }
      counts.failed += errorsOutsideTests(module);
    }
    const missing = missingServers().map(({ name }) => name);
    this.#lines = [
      missing.length === 0
        ? 'servers missing: none'
        : `servers missing: ${missing.join(', ')} (see what was skipped)`,
      `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
    ];
  }
}

/** A file that does not load, or a hook that throws, fails the run without a failed test. */
function errorsOutsideTests(module) {
  const suites = [module, ...module.children.allSuites()];
  return suites.filter((suite) => suite.errors().length > 0).length;
}
