import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/**
 * Each figure comes from a process of its own, started with --expose-gc: the test runner's own garbage would hide
 * what is looked for. The script prints JSON.
 */
function measure(command: string, count: number): { bytesPerCommand: number; collections: number; status: string } {
  const script = new URL('allocation.ts', import.meta.url).pathname;
  const run = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', script, command, String(count)], {
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout);
}

describe('allocation in a million commands', { timeout: 120_000 }, () => {
  it.each([
    ['SELECT by name', '9000'],
    ['SELECT an EF', '9000'],
    ['READ RECORD', '9000'],
    ['READ BINARY', '9000'],
    ['refused READ RECORD', '6982'],
  ])('%s: no collection, under a byte a command', (command, status) => {
    const figures = measure(command, 1_000_000);
    expect(figures.status).toBe(status);
    expect(figures.collections).toBe(0);
    expect(figures.bytesPerCommand).toBeLessThan(1);
  });

  it('VERIFY: under 1 KB a command', () => {
    // Few enough that nothing is collected in between, which would hide what was allocated.
    const figures = measure('VERIFY', 2000);
    expect(figures.status).toBe('9000');
    expect(figures.collections).toBe(0);
    expect(figures.bytesPerCommand).toBeLessThan(1024);
  });

  it('would notice 16 bytes a command', () => {
    const figures = measure('a leak of 16 bytes', 1_000_000);
    expect(figures.bytesPerCommand).toBeGreaterThan(8);
  });
});
