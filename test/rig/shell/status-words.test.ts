import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatStatusWord, SW, statusWordMeaning } from '../../../src/apdu/status-word.ts';

const PAGE = readFileSync(new URL('../../../docs/shell.md', import.meta.url), 'utf8');
const ROWS = new Map([...PAGE.matchAll(/^\| ([0-9A-F]{4}) \| (.+) \|$/gm)].map(([, sw, words]) => [sw!, words!]));
/** 61XX, 63CX, 6CXX. */
const RANGES = /^(61..|63C.|6C..)$/;

describe('the table of status words in docs/shell.md', () => {
  it('has each one that the program knows, in the same words, and no other', () => {
    const known = Array.from({ length: 0x10000 }, (_, sw) => [formatStatusWord(sw), statusWordMeaning(sw)] as const);
    const words = known.filter(([sw, meaning]) => meaning !== 'unknown status word' && !RANGES.test(sw));
    expect(ROWS).toEqual(new Map(words));
    expect(ROWS.size).toBeGreaterThan(40);
  });

  it.each(Object.entries(SW))('has %s, which the card answers', (_, sw) => {
    const digits = formatStatusWord(sw);
    expect(ROWS.has(digits) || RANGES.test(digits)).toBe(true);
  });
});
