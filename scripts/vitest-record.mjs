import { writeFileSync } from 'node:fs';

/**
 * A vitest reporter that leaves what happened as data, for test.mjs, in the file that VITAP_TEST_RECORD names:
 * `{ passed, failed: [title], skipped: [{ title, reason }] }`.
 */
export default class VitestRecord {
  onTestRunEnd(modules, unhandledErrors) {
    const record = { passed: 0, failed: [], skipped: [] };
    for (const module of modules) {
      const file = module.relativeModuleId;
      for (const test of module.children.allTests()) recordTest(record, test, `${file} > ${test.fullName}`);
      // A file that cannot be loaded, or a suite whose hook failed, holds tests that never ran.
      for (const error of module.errors()) record.failed.push(`${file}: ${firstLine(error)}`);
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors()) record.failed.push(`${file} > ${suite.fullName}: ${firstLine(error)}`);
      }
    }
    for (const error of unhandledErrors) record.failed.push(`outside the tests: ${firstLine(error)}`);
    const path = process.env.VITAP_TEST_RECORD;
    if (path !== undefined) writeFileSync(path, JSON.stringify(record));
  }
}

function recordTest(record, test, title) {
  const result = test.result();
  if (result.state === 'passed') record.passed++;
  else if (result.state === 'failed') record.failed.push(title);
  else record.skipped.push({ title, reason: result.note ?? 'no reason given' });
}

function firstLine(error) {
  return String(error.message ?? error).split('\n')[0];
}
