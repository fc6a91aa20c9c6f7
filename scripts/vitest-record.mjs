import { writeFileSync } from 'node:fs';

/**
 * A vitest reporter that leaves what happened as data, for test.mjs, in the file that VITAP_TEST_RECORD names:
 * `{ files: { [path]: { passed, failed: [title], skipped: [{ title, reason }] } }, outside: [title] }`.
 */
export default class VitestRecord {
  onTestRunEnd(modules, unhandledErrors) {
    const record = { files: {}, outside: [] };
    for (const module of modules) {
      const file = module.relativeModuleId;
      const its = { passed: 0, failed: [], skipped: [] };
      record.files[file] = its;
      for (const test of module.children.allTests()) recordTest(its, test, `${file} > ${test.fullName}`);
      // A file that cannot be loaded, or a suite whose hook failed, holds tests that never ran.
      for (const error of module.errors()) its.failed.push(`${file}: ${firstLine(error)}`);
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors()) its.failed.push(`${file} > ${suite.fullName}: ${firstLine(error)}`);
      }
    }
    for (const error of unhandledErrors) {
      const its = modules.find(({ moduleId }) => moduleId === error.VITEST_TEST_PATH);
      const failed = its === undefined ? record.outside : record.files[its.relativeModuleId].failed;
      failed.push(`outside the tests: ${firstLine(error)}`);
    }
    const path = process.env.VITAP_TEST_RECORD;
    if (path !== undefined) writeFileSync(path, JSON.stringify(record));
  }
}

function recordTest(its, test, title) {
  const result = test.result();
  if (result.state === 'passed') its.passed++;
  else if (result.state === 'failed') its.failed.push(title);
  else its.skipped.push({ title, reason: result.note ?? 'no reason given' });
}

function firstLine(error) {
  return String(error.message ?? error).split('\n')[0];
}
