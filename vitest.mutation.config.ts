import { defineConfig, type ViteUserConfig } from 'vitest/config';

/**
 * The tests that mutants are run against: those of the code that is mutated, in its own folders and through the card,
 * without child processes, without the tests that count allocations, and without sweeps and long properties.
 */
const TESTS: Readonly<Record<string, string[]>> = {
  apdu: ['test/apdu/**/*.test.ts'],
  card: ['test/applet/{access,pin}/**/*.test.ts', 'test/applet/{access-rules,codes,verify,channels}.test.ts'],
};

const config: ViteUserConfig = defineConfig({ test: { include: TESTS[process.env.VITAP_MUTATION ?? 'card'] ?? [] } });

export default config;
