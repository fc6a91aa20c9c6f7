import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const script = join(import.meta.dirname, 'allocation-in-child.ts');
const flags = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256', '--import', 'tsx', script];
const child = spawnSync(process.execPath, flags, { encoding: 'utf8' });

describe('heap taken by a protected command and its answer on the card, in bytes', () => {
  const taken = JSON.parse(child.stdout) as Record<string, number>;

  it('is seen by the measure', () => expect(taken.view).toBeGreaterThan(50));

  // The smallest object takes 16; what is left is the engine's own, spread over all the calls.
  it.each(['read', 'verify', 'update'])('%s: none', (kind) => expect(taken[kind]).toBeLessThan(8));

  // 8 blocks of data and IV, 3 and 9 of the two MACs, and the last of each: one object of at most 64 bytes a block.
  it('with noble: one small object a block', () => expect(taken.noble).toBeLessThan(26 * 64));
});
