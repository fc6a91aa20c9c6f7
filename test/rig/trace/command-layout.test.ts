import { describe, expect, it } from 'vitest';
import { commandLayout } from '../../../rig/trace/command-layout.ts';

const command = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

describe('commandLayout', () => {
  it.each([
    // case, command, data offset, data length, most bytes of the answer
    ['1', '00A40000', 4, 0, 0],
    ['2S', '00B00000 08', 5, 0, 8],
    ['2S, Le 00', '00B00000 00', 5, 0, 256],
    ['3S', '00A40000 02 3F00', 5, 2, 0],
    ['4S', '00A40000 02 3F00 10', 5, 2, 16],
    ['4S, Le 00', '00A40000 02 3F00 00', 5, 2, 256],
    ['2E', '00B00000 00 0100', 7, 0, 256],
    ['2E, Le 0000', '00B00000 00 0000', 7, 0, 65_536],
    ['3E', '00A40000 00 0002 3F00', 7, 2, 0],
    ['4E', '00A40000 00 0002 3F00 0005', 7, 2, 5],
    ['4E, Le 0000', '00A40000 00 0002 3F00 0000', 7, 2, 65_536],
    ['malformed: nothing', '', 0, 0, null],
    ['malformed: half a header', '00A4', 2, 0, null],
    ['malformed: Lc says more than there is', '00A40000 05 3F00', 4, 3, null],
    ['malformed: Lc says less than there is', '00A40000 01 3F0000', 4, 4, null],
    ['malformed: half an extended length', '00A40000 00 00', 4, 2, null],
    ['malformed: extended Lc 0 with Le', '00A40000 00 0000 0000', 4, 5, null],
    ['malformed: extended Lc says more', '00A40000 00 0003 3F00', 4, 5, null],
  ])('case %s', (_, hex, dataOffset, dataLength, ne) => {
    expect(commandLayout(command(hex))).toEqual({ dataOffset, dataLength, ne });
  });
});
