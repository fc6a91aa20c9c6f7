import { RP2040 } from 'rp2040js';
import { decodeBlock } from 'uf2';
import { describe, expect, it } from 'vitest';
import { readUf2, UF2_FAMILY, writeUf2 } from '../../../../rig/board/firmware/uf2.ts';

const XIP = 0x10000000;

describe('a UF2 file that we write', () => {
  const segments = [
    { address: XIP + 3, bytes: Uint8Array.from({ length: 300 }, (_, i) => i & 0xff) },
    { address: XIP + 0x4000, bytes: Uint8Array.of(0xaa) },
  ];

  it('is read by the package uf2: every field of every block', () => {
    const file = writeUf2(segments, UF2_FAMILY.RP2040);
    expect(file.length).toBe(3 * 512);
    const blocks = [0, 1, 2].map((i) => decodeBlock(Uint8Array.from(file.subarray(i * 512, (i + 1) * 512))));
    expect(blocks.map(({ payload, ...fields }) => ({ ...fields, size: payload.length }))).toEqual(
      [XIP, XIP + 256, XIP + 0x4000].map((flashAddress, blockNumber) => ({
        flags: 0x2000,
        flashAddress,
        blockNumber,
        totalBlocks: 3,
        boardFamily: 0xe48bff56,
        size: 256,
      })),
    );
    expect([...blocks[0]!.payload.subarray(0, 5)]).toEqual([0xff, 0xff, 0xff, 0, 1]);
    expect([...blocks[1]!.payload.subarray(45, 49)]).toEqual([42, 43, 0xff, 0xff]);
    expect([...blocks[2]!.payload.subarray(0, 2)]).toEqual([0xaa, 0xff]);
  });

  it('runs: rp2040js executes what it put into flash', () => {
    // movs r0, #'O'; ldr r1, =0x40034000 (UART0 data); str; movs r0, #'K'; str; b .
    const code = [
      0x4f, 0x20, 0x03, 0x49, 0x08, 0x60, 0x4b, 0x20, 0x08, 0x60, 0xfe, 0xe7, 0, 0, 0, 0, 0x00, 0x40, 0x03, 0x40,
    ];
    const program = new Uint8Array(8 + code.length);
    // Stack at the end of the RAM; start behind the table, in Thumb state.
    program.set([0x00, 0x20, 0x04, 0x20, 0x09, 0x00, 0x00, 0x10]);
    program.set(code, 8);
    const file = writeUf2([{ address: XIP, bytes: program }], UF2_FAMILY.RP2040);
    const chip = new RP2040();
    for (let at = 0; at < file.length; at += 512) {
      const { flashAddress, payload } = decodeBlock(Uint8Array.from(file.subarray(at, at + 512)));
      chip.flash.set(payload, flashAddress - XIP);
    }
    let said = '';
    chip.uart[0]!.onByte = (byte) => {
      said += String.fromCharCode(byte);
    };
    chip.core.SP = chip.readUint32(XIP);
    chip.core.PC = chip.readUint32(XIP + 4) & ~1;
    for (let i = 0; i < 20; i++) chip.core.executeInstruction();
    expect(said).toBe('OK');
  });

  it('comes back from our reader as it was, filled up to pages', () => {
    const { segments: read, families } = readUf2(writeUf2(segments, UF2_FAMILY.STM32F4), 'x');
    expect(families).toEqual([0x57755a57]);
    expect(read.map(({ address, bytes }) => [address, bytes.length])).toEqual([
      [XIP, 512],
      [XIP + 0x4000, 256],
    ]);
    expect(read[0]!.bytes.subarray(3, 303)).toEqual(segments[0]!.bytes);
  });
});

describe('a UF2 file that somebody gives', () => {
  const good = writeUf2([{ address: XIP, bytes: new Uint8Array(512).fill(1) }], UF2_FAMILY.RP2040);
  const changed = (at: number, value: number, bytes: Uint8Array = good): Uint8Array => {
    const own = Uint8Array.from(bytes);
    new DataView(own.buffer).setUint32(at, value, true);
    return own;
  };

  it('may have blocks that are not for the main flash: they are left out', () => {
    expect(readUf2(changed(8, 0x2001), 'x').segments.map(({ address }) => address)).toEqual([XIP + 256]);
  });

  it.each<[string, Uint8Array, string]>([
    [
      'cut off in a block',
      good.subarray(0, 700),
      'x: a UF2 file has blocks of 512 bytes, and this has 700 bytes: it is cut off',
    ],
    ['cut off between blocks', good.subarray(0, 512), 'x: 1 of 2 blocks are there: the file is cut off'],
    ['without its second magic number', changed(4, 7), 'x, block 0: this is no UF2 block: its magic numbers are wrong'],
    [
      'without its last magic number',
      changed(1020, 7),
      'x, block 1: this is no UF2 block: its magic numbers are wrong',
    ],
    [
      'with flags that nobody knows',
      changed(8, 0x42000),
      'x, block 0: it has flags that the specification does not have: 0x40000',
    ],
    ['that holds a file', changed(8, 0x1000), 'x, block 0: it holds a part of a file, not of a program'],
    ['with a payload of nothing', changed(16, 0), 'x, block 0: a payload has 1 to 476 bytes, not 0'],
    ['with a payload beyond its block', changed(16, 477), 'x, block 0: a payload has 1 to 476 bytes, not 477'],
    ['with a block missing', changed(512 + 20, 5), 'x, block 1: it has number 5, and 1 was to come'],
    [
      'with two opinions on its length',
      changed(512 + 24, 3),
      'x, block 1: it says that there are 3 blocks, those before it 2',
    ],
    ['with a byte twice', changed(512 + 12, XIP + 8), 'x: the byte at 0x10000008 is given twice'],
  ])('is refused: %s', (_, bytes, sentence) => {
    expect(() => readUf2(bytes, 'x')).toThrow(sentence);
  });
});
