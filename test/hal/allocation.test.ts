import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const script = join(import.meta.dirname, 'allocation-in-child.ts');
const child = spawnSync(
  process.execPath,
  ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256', '--import', 'tsx', script],
  {
    encoding: 'utf8',
  },
);

describe('heap taken by a call, in bytes', () => {
  const taken = JSON.parse(child.stdout) as Record<string, number>;

  it('is seen by the measure', () => expect(taken.view).toBeGreaterThan(50));

  // The smallest object takes 16; what is left is the engine's own, spread over all the calls.
  it.each(['read', 'readByte', 'write'])('MemoryNvm.%s: none', (call) => expect(taken[call]).toBeLessThan(8));

  // Some 270, and 440 before the engine has compiled it.
  it('KeyedHash.digest: under 450', () => expect(taken.hmac).toBeLessThan(450));
});
