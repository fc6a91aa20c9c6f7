import { defineConfig, type ViteUserConfig } from 'vitest/config';

/**
 * The tests that mutants are run against: those of the code that is mutated, without child processes, without the
 * tests that count allocations, and without the long properties over the whole card.
 */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/apdu/**/*.test.ts', 'test/applet/*.test.ts', 'test/applet/{access,pin}/**/*.test.ts'],
  },
});

export default config;
