/**
 * Mutation tests in parts, so that a mutant is run against the tests of its own part alone, and a run ends within half
 * an hour. VITAP_MUTATION names the part; vitest.mutation.config.ts chooses its tests.
 */
const files = (folder, ...names) => names.map((name) => `${folder}/${name}.ts`);
const MUTATED = {
  apdu: ['src/apdu/*.ts', '!src/apdu/index.ts'],
  // What explains a decision decides nothing: its words are tested with the tools that print them.
  card: ['src/applet/access/*.ts', '!src/applet/access/explain.ts', 'src/applet/pin/*.ts'],
  // What is masked: numbers of people, codes, people themselves, and the masks over an exchange and a session.
  'masked-nirs': files('rig/trace', 'nir-spans', 'joined-bytes'),
  'masked-bcd': files('rig/trace', 'bcd-nir'),
  'masked-codes': files('rig/trace', 'code-spans', 'known-codes', 'command-layout', 'secret-note'),
  'masked-people': files('rig/trace', 'person-spans', 'known-people', 'known-fields', 'secret-stream'),
  masks: files('rig/trace', 'redaction', 'signature-spans', 'pseudonyms', 'masked-hex'),
  sessions: files('rig/trace', 'session-redactor'),
  // Which answer of a log belongs to which command, and to which card.
  pairing: files('rig/trace/formats', 'card-choice', 'card-exchanges'),
  // Verdicts.
  comparison: [...files('rig/measure/compare', 'effect', 'compare-results'), 'rig/figures/rank-interval.ts'],
  replay: files('rig/judge/replay', 'compare'),
  conformance: files('rig/judge/conform', 'judge-response', 'hex-pattern'),
  boards: files('rig/board', 'measurement', 'run-phases', 'repairs', 'lateness'),
};
const part = process.env.VITAP_MUTATION ?? 'card';
if (!Object.hasOwn(MUTATED, part)) throw new Error(`VITAP_MUTATION is one of ${Object.keys(MUTATED).join(', ')}`);

export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.ts', related: true },
  mutate: MUTATED[part],
  // Stryker 9 asks TypeScript 7 for a function that it no longer has as soon as it finds a tsconfig.json.
  tsconfigFile: 'no-such-file.json',
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // A machine busy with other work must not kill a mutant.
  timeoutMS: 60_000,
  ignorePatterns: ['dist', 'reports', 'docs', '*.img'],
  tempDirName: 'reports/stryker-tmp',
  reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: `reports/mutation/${part}.html` },
  jsonReporter: { fileName: `reports/mutation/${part}.json` },
  thresholds: { high: 90, low: 85, break: null },
};
