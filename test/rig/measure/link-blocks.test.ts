import { describe, expect, it } from 'vitest';
import { measureBlocks } from '../../../rig/measure/link-blocks.ts';

describe('blocks of the ISO-DEP pair in memory', () => {
  it('counts the blocks that the frame sizes ask for', () => {
    const rows = measureBlocks(20);
    // 1 + 1; 5 bytes in one and 258 in five of 61; 261 in 21 and 258 in 20 of 13; 4000 in one each.
    expect(rows.map(({ frameSize, blocks }) => [frameSize, blocks])).toEqual([
      [256, 2],
      [64, 10],
      [16, 80],
      [4096, 2],
    ]);
    for (const row of rows) {
      expect(row.n).toBe(20);
      expect(row.blocksPerSecond / row.perSecond).toBeCloseTo(row.blocks, 6);
    }
  });
});
