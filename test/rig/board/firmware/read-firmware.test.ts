import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readIntelHex } from '../../../../rig/board/firmware/intel-hex.ts';
import { readFirmware } from '../../../../rig/board/firmware/read-firmware.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const segmentsOf = (path: string, address: number | null = null) =>
  readFirmware(path, address).segments.map(({ address: at, bytes }) => [at, Buffer.from(bytes).toString('hex')]);

/** A record with its checksum, by hand: the complement to 256 of the sum of all bytes. */
function record(...bytes: readonly number[]): string {
  const sum = bytes.reduce((all, byte) => all + byte, 0);
  return `:${Buffer.from([...bytes, (256 - (sum % 256)) % 256])
    .toString('hex')
    .toUpperCase()}\n`;
}

const END = ':00000001FF\n';

describe('Intel HEX', () => {
  it('is read: the example that every description of the format has', () => {
    const text = [
      ':10010000214601360121470136007EFE09D2190140',
      ':100110002146017E17C20001FF5F16002148011928',
      ':10012000194E79234623965778239EDA3F01B2CAA7',
      ':100130003F0156702B5E712B722B732146013421C7',
      ':00000001FF',
    ].join('\r\n');
    const [segment, ...others] = readIntelHex(text, 'x');
    expect([segment!.address, segment!.bytes.length, others]).toEqual([0x100, 64, []]);
    expect(Buffer.from(segment!.bytes.subarray(0, 4)).toString('hex')).toBe('21460136');
    expect(Buffer.from(segment!.bytes.subarray(60)).toString('hex')).toBe('46013421');
  });

  it('knows both ways to a large address, leaves start records alone, and sorts', () => {
    const text =
      record(2, 0, 0, 4, 0x08, 0x00) +
      record(2, 0, 4, 0, 0xcc, 0xdd) +
      record(2, 0, 0, 0, 0xaa, 0xbb) +
      record(2, 0, 0, 2, 0x12, 0x34) +
      record(1, 0, 5, 0, 0x77) +
      record(4, 0, 0, 5, 0x08, 0, 1, 1) +
      END;
    expect(readIntelHex(text, 'x').map(({ address, bytes }) => [address, ...bytes])).toEqual([
      [0x12345, 0x77],
      [0x08000000, 0xaa, 0xbb],
      [0x08000004, 0xcc, 0xdd],
    ]);
  });

  it.each([
    ['a wrong checksum', ':0100000041BF\n', 'x, line 1: the checksum is wrong'],
    ['a record without its colon', `${record(1, 0, 0, 0, 1)}0100\n`, 'x, line 2: a record begins with a colon'],
    ['other letters', ':0100000G41BE\n', 'x, line 1: a record has hexadecimal digits only'],
    [
      'an odd number of digits',
      ':0100000041B\n',
      'x, line 1: a hexadecimal digit is missing: the number of digits is odd',
    ],
    ['too few bytes', ':00\n', 'x, line 1: a record has length, address, type and checksum'],
    [
      'another length than it says',
      ':0200000041BE\n',
      'x, line 1: the record says that it has 2 bytes of data, and has 1',
    ],
    ['an unknown type', record(0, 0, 0, 6), 'x, line 1: there is no record type 06'],
    [
      'an address of three bytes',
      record(3, 0, 0, 4, 1, 2, 3),
      'x, line 1: a record of this type has 2 bytes of data, not 3',
    ],
    [
      'data over the end of 64 KiB',
      record(2, 0xff, 0xff, 0, 1, 2),
      'x, line 1: its data run over the end of their 64 KiB',
    ],
    [
      'something after the end',
      `${END}${record(1, 0, 0, 0, 1)}`,
      'x, line 2: the end record stands in line 1, and something follows it',
    ],
    ['no end', record(1, 0, 0, 0, 1), 'x: the end record (:00000001FF) is missing: the file is cut off'],
    [
      'a byte twice',
      `${record(2, 0, 0, 0, 1, 2)}${record(1, 0, 1, 0, 3)}${END}`,
      'x: the byte at 0x00000001 is given twice',
    ],
    ['nothing', END, 'x: the file has nothing to write'],
  ])('refuses %s', (_, text, sentence) => {
    expect(() => readIntelHex(text, 'x')).toThrow(new RegExp(`^${sentence.replace(/[()]/g, '\\$&')}$`));
  });
});

/** An ELF file by the System V ABI: header of 52 bytes, program headers of 32, then what they load. */
function elf(more: { type?: number; machine?: number; bits?: number; size?: number; count?: number } = {}): Uint8Array {
  const { type = 2, machine = 40, bits = 1, size = 4, count = 3 } = more;
  const bytes = new Uint8Array(52 + 3 * 32 + 6);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits, 1, 1]);
  view.setUint16(16, type, true);
  view.setUint16(18, machine, true);
  view.setUint32(28, 52, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, count, true);
  const segments = [
    // Loadable: runs at 0x20000000, lies in flash at 0x08000004.
    [1, 148 + 4, 0x20000000, 0x08000004, 2],
    // A note.
    [4, 148, 0, 0, 4],
    [1, 148, 0x08000000, 0x08000000, size],
  ];
  for (const [i, fields] of segments.entries()) {
    for (const [j, field] of fields.entries()) view.setUint32(52 + i * 32 + 4 * j, field, true);
  }
  bytes.set([1, 2, 3, 4, 5, 6], 148);
  return bytes;
}

describe('ELF', () => {
  it('is read by its loadable segments, at their physical addresses', () => {
    expect(segmentsOf(file('good.elf', elf()))).toEqual([[0x08000000, '010203040506']]);
  });

  it.each([
    ['an object file', { type: 1 }, 'this ELF file is not a linked program (an object file or a library?)'],
    ['another machine', { machine: 62 }, 'this ELF file is for machine 62, not for ARM (40)'],
    ['64 bits', { bits: 2 }, 'this ELF file is not for a 32-bit processor with the least significant byte first'],
    [
      'a segment that is larger than the file',
      { size: 0xfffffff0 },
      'segment 2 lies beyond the end of the file: it is cut off',
    ],
    [
      'headers that lie behind it',
      { count: 9000 },
      'its program headers lie beyond the end of the file: it is cut off',
    ],
    ['no program headers', { count: 0 }, 'this ELF file has no program headers: nothing is to be loaded'],
  ])('refuses %s', (_, more, sentence) => {
    expect(() => readFirmware(file('bad.elf', elf(more)), null)).toThrow(`bad.elf: ${sentence}`);
  });

  it('refuses each file that is cut off anywhere', () => {
    const whole = elf();
    for (let length = 4; length < whole.length; length++) {
      expect(() => readFirmware(file('cut.elf', whole.subarray(0, length)), null), `${length}`).toThrow(/cut off/);
    }
  });
});

describe('a firmware file', () => {
  it('of plain bytes goes where it is said', () => {
    expect(segmentsOf(file('plain.bin', Uint8Array.of(0, 0x20, 0, 0x20)), 0x08001000)).toEqual([
      [0x08001000, '00200020'],
    ]);
    expect(readFirmware(file('plain.bin', Uint8Array.of(9)), null, 0x08000000).segments[0]!.address).toBe(0x08000000);
  });

  it.each<[string, string | Uint8Array, number | null, string]>([
    ['empty', '', null, 'the firmware file is empty'],
    ['plain without an address', Uint8Array.of(1), null, 'these are plain bytes: say with --address where they go'],
    [
      'with an address of its own and one that is said',
      `${record(1, 0, 0, 0, 1)}${END}`,
      1,
      'a HEX file says itself where it goes: leave --address out',
    ],
    [
      'at the end of all addresses',
      Uint8Array.of(1, 2),
      0xffffffff,
      '2 bytes at 0xFFFFFFFF end beyond the address space',
    ],
  ])('is refused: %s', (_, content, address, sentence) => {
    expect(() => readFirmware(file('bad', content), address)).toThrow(sentence);
  });
});
