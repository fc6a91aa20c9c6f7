/**
 * Mutation tests in two parts, so that a mutant is run against the tests of its own part alone: `apdu` and `card`.
 * VITAP_MUTATION names the part; vitest.mutation.config.ts chooses its tests.
 */
const MUTATED = {
  apdu: ['src/apdu/*.ts', '!src/apdu/index.ts'],
  // What explains a decision decides nothing: its words are tested with the tools that print them.
  card: ['src/applet/access/*.ts', '!src/applet/access/explain.ts', 'src/applet/pin/*.ts'],
};
const part = process.env.VITAP_MUTATION ?? 'card';

export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.ts', related: true },
  mutate: MUTATED[part],
  // Stryker 9 asks TypeScript 7 for a function that it no longer has as soon as it finds a tsconfig.json.
  tsconfigFile: 'no-such-file.json',
  coverageAnalysis: 'perTest',
  concurrency: 1,
  ignorePatterns: ['dist', 'reports', 'docs', 'profiles', '*.img'],
  tempDirName: 'reports/stryker-tmp',
  reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: `reports/mutation/${part}.html` },
  jsonReporter: { fileName: `reports/mutation/${part}.json` },
  thresholds: { high: 90, low: 80, break: null },
};
