import { defineConfig, type ViteUserConfig } from 'vitest/config';

/**
 * The tests that mutants are run against: those of the code that is mutated, in its own folders and through the card,
 * without child processes, without the tests that count allocations, and without sweeps and long properties.
 */
const TESTS: Readonly<Record<string, string[]>> = {
  apdu: ['test/apdu/**/*.test.ts'],
  card: ['test/applet/{access,pin}/**/*.test.ts', 'test/applet/{access-rules,codes,verify,channels}.test.ts'],
  'masked-nirs': ['test/rig/trace/{nir-spans,redaction,secrets-again}.test.ts'],
  'masked-bcd': ['test/rig/trace/{bcd-nir,redaction,people,secrets-again}.test.ts'],
  'masked-codes': ['test/rig/trace/{code-spans,command-layout,redaction,secrets-again}.test.ts'],
  'masked-people': [
    'test/rig/trace/{person-spans,known-people,known-fields,secret-stream}.test.ts',
    'test/rig/trace/{redaction,people,secrets-again,pseudonyms}.test.ts',
  ],
  masks: [
    'test/rig/trace/{redaction,redactor-masks,people,secrets-again,pseudonyms,masked-hex}.test.ts',
    'test/rig/trace/{signatures,signature-spans}.test.ts',
  ],
  sessions: [
    'test/rig/trace/{session-redactor,session-masks,people,secrets-again,pseudonyms}.test.ts',
    'test/rig/trace/formats/secrets.test.ts',
  ],
  pairing: ['test/rig/trace/formats/{card-exchanges,hard-cases}.test.ts'],
  comparison: ['test/rig/measure/compare/{effect,compare-results}.test.ts', 'test/rig/figures/rank-interval.test.ts'],
  replay: ['test/rig/judge/replay/{compare,to-card,terminal-judge}.test.ts'],
  conformance: ['test/rig/judge/conform/{judge-response,hex-pattern,run-case}.test.ts'],
  boards: ['test/rig/board/{run-phases,repair-words,limits,record}.test.ts'],
};

const config: ViteUserConfig = defineConfig({
  // A machine busy with other work must not fail a test; a mutant that never ends is Stryker's to stop.
  test: { include: TESTS[process.env.VITAP_MUTATION ?? 'card'] ?? [], testTimeout: 60_000 },
});

export default config;
