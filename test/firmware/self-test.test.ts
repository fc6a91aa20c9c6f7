import { describe, expect, it } from 'vitest';
import { selfTest, type TestedParts } from '../../firmware/card/self-test.ts';

const parts = (more: Partial<TestedParts> = {}): TestedParts => ({
  microseconds: () => 1_000_000,
  block: (length) => new Uint8Array(length),
  flash: { pages: 16, badPages: [] },
  chipAnswers: () => true,
  ...more,
});

/** Memory in which writing goes wrong: what is kept at an address instead of what was written. */
function spoilt(keeps: (at: number, value: number) => readonly [at: number, value: number]): TestedParts['block'] {
  return (length) =>
    new Proxy(new Uint8Array(length), {
      get: (block, name) => Reflect.get(block, name, block),
      set: (block, name, value) => {
        const [at, kept] = keeps(Number(name), value);
        block[at] = kept;
        return true;
      },
    });
}

const numbers = (bytes: Uint8Array | null): number[] => {
  const view = new DataView(bytes!.buffer, bytes!.byteOffset);
  return Array.from({ length: bytes!.length / 4 }, (_, i) => view.getUint32(4 * i));
};

describe('the self-test of a board', { timeout: 30_000 }, () => {
  it('tells its time in 32 bits, its pages, and whether its chip answers', () => {
    const far = parts({
      microseconds: () => 2 ** 32 + 5,
      flash: { pages: 9, badPages: [4, 7] },
      chipAnswers: () => false,
    });
    expect([0, 2, 3].map((code) => numbers(selfTest(code, far)))).toEqual([[5], [9, 2, 4], [0]]);
    expect(numbers(selfTest(3, parts()))).toEqual([1]);
  });

  it('finds nothing in sound memory', () => {
    expect(numbers(selfTest(1, parts()))).toEqual([32_768, 0, 0]);
  });

  it.each<[string, TestedParts['block'], number]>([
    ['a bit that is stuck at 1', spoilt((at, value) => [at, at === 0x1234 ? value | 0x10 : value]), 0x1234],
    ['a bit that is stuck at 0', spoilt((at, value) => [at, at === 0x7fff ? value & 0xfe : value]), 0x7fff],
    ['a line of the address that is joined to ground', spoilt((at, value) => [at & ~0x0100, value]), 0],
  ])('finds %s', (_, block, first) => {
    const [bytes, wrong, at] = numbers(selfTest(1, parts({ block })));
    expect([bytes, at]).toEqual([32_768, first]);
    expect(wrong).toBeGreaterThan(0);
  });

  it.each([undefined, 4, 0xff])('there is none with the code %s', (code) => {
    expect(selfTest(code, parts())).toBeNull();
  });
});
