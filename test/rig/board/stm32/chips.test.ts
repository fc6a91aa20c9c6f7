import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHIPS, chipIdInWords, largestFlash, pagesOf, usableFlash } from '../../../../rig/board/stm32/chips.ts';
import { SIMULATED_CHIPS } from '../../../../rig/sim/stm32/chips.ts';

const DOCUMENT = readFileSync(new URL('../../../../docs/flashing.md', import.meta.url), 'utf8');
const KIB = 1024;

describe.each(CHIPS)('chip $name', (chip) => {
  it('is in the documentation, and has an identifier of its own', () => {
    expect(DOCUMENT).toContain(`| \`${chipIdInWords(chip.id)}\` | ${chip.name} |`);
    expect(CHIPS.filter(({ id }) => id === chip.id)).toHaveLength(1);
  });

  it('has pages that follow each other, and blocks that fit its granule', () => {
    const pages = pagesOf(chip, largestFlash(chip));
    for (const [i, page] of pages.entries()) {
      expect(page.number).toBe(i);
      expect(page.address).toBe(i === 0 ? 0x08000000 : pages[i - 1]!.address + pages[i - 1]!.size);
    }
    expect(256 % chip.flash.writeGranule).toBe(0);
  });

  it('agrees with the simulated one, which was written apart', () => {
    const other = SIMULATED_CHIPS.find(({ id }) => id === chip.id);
    if (other === undefined) return;
    expect(pagesOf(chip, largestFlash(chip)).map(({ size }) => size)).toEqual(other.pages);
    const { address, uid, flashSize } = chip.identity;
    expect([address + uid, address + flashSize]).toEqual([other.uidAt, other.flashSizeAt]);
    expect([chip.flash.writeGranule, chip.writeProtection]).toEqual([other.word, other.protectionAt]);
  });
});

it.each([
  ['as large as its line', 0x413, 1024, 1024],
  ['smaller, with one bank', 0x413, 512, 512],
  ['smaller, with a second bank behind a gap', 0x450, 1024, 512],
  ['that does not say', 0x482, null, 2048],
])('a chip %s has the flash that is there without a gap', (_, id, said, usable) => {
  const chip = CHIPS.find((each) => each.id === id)!;
  expect(usableFlash(chip, said === null ? null : said * KIB) / KIB).toBe(usable);
});
