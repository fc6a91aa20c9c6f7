import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    // By default one core is left to whoever sits before the machine: on two cores that is half of them.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: ['test/seed.ts'],
          include: ['test/**/*.test.ts'],
          exclude: ['test/interop/**'],
          // A machine at work is slow, and a limit is there to end what hangs, not to measure.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          // The binding under nfc-pcsc is not made for worker threads, and there is one PC/SC service for all files.
          pool: 'forks',
          fileParallelism: false,
          // Real daemons start, die and look for cards every 400 ms.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});

export default config;
