import { describe, expect, it } from 'vitest';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { nvmContract } from '../../contract/nvm.ts';

nvmContract('memory', 'volatile', (content) => ({ nvm: new MemoryNvm(content) }));

describe('MemoryNvm', () => {
  it.each([
    [{}, 0xff],
    [{ eraseValue: 0xff }, 0xff],
    [{ eraseValue: 0x00 }, 0x00],
  ])('is erased when made by its size: %o', (traits, value) => {
    const nvm = new MemoryNvm(3, traits);
    expect([...nvm.snapshot()]).toEqual([value, value, value]);
    expect(nvm.eraseValue).toBe(value);
  });

  it('hands out copies only', () => {
    const nvm = new MemoryNvm(Uint8Array.of(1, 2));
    nvm.snapshot().fill(9);
    expect([...nvm.snapshot()]).toEqual([1, 2]);
  });

  it.each([{ eraseValue: 1 }, { writeGranule: 0 }, { writeGranule: 1.5 }])('refuses %o', (traits) => {
    expect(() => new MemoryNvm(4, traits)).toThrow(RangeError);
  });
});
