import { describe, expect, it } from 'vitest';
import { DamagedCard } from '../../../../firmware/card/damaged-card.ts';
import { HostLink } from '../../../../firmware/card/host-link.ts';
import { openMemory } from '../../../../firmware/card/memory.ts';
import { SimulatedFlash } from '../../../hal/flash/simulated-flash.ts';

const built = (): Uint8Array => new Uint8Array(300).fill(0xb0);

describe('the memory of a card in a board', () => {
  it('is the image as it was built where nothing was stored, and what was kept afterwards', () => {
    const flash = new SimulatedFlash({ pageSize: 256, pages: 12, writeGranule: 8 });
    const first = openMemory(flash, built)!;
    expect([first.bytes[0], first.bytes[299]]).toEqual([0xb0, 0xb0]);
    first.write(7, Uint8Array.of(0x01), 0, 1);
    first.flush();
    const kept = openMemory(flash.poweredAgain(), () => {
      throw new Error('not asked for');
    })!;
    expect(kept.bytes[7]).toBe(0x01);
  });

  it('is none where the flash is damaged, and the flash stays as it is', () => {
    const flash = new SimulatedFlash({ pageSize: 256, pages: 12, writeGranule: 8 });
    const nvm = openMemory(flash, built)!;
    for (let i = 0; i < 3; i++) {
      nvm.write(7, Uint8Array.of(i), 0, 1);
      nvm.flush();
    }
    // In the first record of the snapshot.
    flash.bytes[40] = 0x00;
    const before = Uint8Array.from(flash.bytes);
    expect(openMemory(flash.poweredAgain(), built)).toBeNull();
    expect(flash.bytes).toEqual(before);
  });
});

it('a board without its memory answers every command by 6581, and gives an ATR', () => {
  const sent: number[] = [];
  const link = new HostLink(new DamagedCard(), (bytes, offset, length) => {
    sent.push(...bytes.subarray(offset, offset + length));
  });
  link.receive(Uint8Array.of(0x00, 0x01, 0x04), 3, 0);
  link.receive(Uint8Array.of(0x00, 0x05, 0x00, 0xa4, 0x00, 0x0c, 0x00), 7, 0);
  // TCK: 80 ^ 80 ^ 01 = 01.
  expect(sent).toEqual([0x00, 0x05, 0x3b, 0x80, 0x80, 0x01, 0x01, 0x00, 0x02, 0x65, 0x81]);
});
