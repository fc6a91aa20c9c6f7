import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** A second, which Vitest waits by default, is nothing on a busy machine. */
const POLLS = { poll: { timeout: 20_000 } };

const config: ViteUserConfig = defineConfig({
  test: {
    // By default one core is left to whoever sits before the machine: on two cores that is half of them.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          expect: POLLS,
          setupFiles: ['test/seed.ts'],
          include: ['test/**/*.test.ts'],
          exclude: ['test/interop/**'],
          // No test judges by the clock: this only ends what hangs. On a busy machine the first test of a file waits
          // seconds for what it imports; what takes long by itself has a limit of its own.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'interop',
          expect: POLLS,
          include: ['test/interop/**/*.test.ts'],
          // The binding under nfc-pcsc is not made for worker threads, and there is one PC/SC service for all files.
          pool: 'forks',
          fileParallelism: false,
          // Real daemons start, die and look for cards every 400 ms.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

export default config;
