import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const script = join(import.meta.dirname, 'allocation-in-child.ts');
const flags = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256', '--import', 'tsx', script];
const child = spawnSync(process.execPath, flags, { encoding: 'utf8' });

describe('heap taken by an exchange of the two machines, in bytes', () => {
  const taken = JSON.parse(child.stdout) as Record<string, number>;

  it('is seen by the measure', () => expect(taken.view).toBeGreaterThan(50));

  // The smallest object takes 16; what is left is the engine's own, spread over all the calls.
  it.each(['plain', 'chained', 'extended'])('%s: none', (kind) => expect(taken[kind]).toBeLessThan(8));
});
