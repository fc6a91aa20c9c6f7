import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandApdu, encodeCommand } from '../../src/apdu/command.ts';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { loadVectors } from '../vectors/load.ts';

interface Encoded {
  readonly name: string;
  readonly apdu?: string;
  readonly parts?: { readonly prefix: string; readonly fill: string; readonly count: number; readonly suffix: string };
}
interface ValidRow extends Encoded {
  readonly expect: {
    case: string;
    nc: number;
    ne: number;
    extended: boolean;
    length: number;
    data?: string;
    dataOffset?: number;
  };
}
const vectors = loadVectors<{ valid: ValidRow[]; malformed: (Encoded & { why: string })[] }>('apdu');

function bytesOf(row: Encoded): Uint8Array {
  if (row.apdu !== undefined) return fromHex(row.apdu);
  const parts = row.parts!;
  return fromHex(parts.prefix + parts.fill.repeat(parts.count) + parts.suffix);
}

describe('command APDU', () => {
  it.each(vectors.valid)('$name', (row) => {
    const bytes = bytesOf(row);
    // At an offset, with garbage around it: the view must not look outside what it was given.
    const buffer = new Uint8Array(bytes.length + 20).fill(0xee);
    buffer.set(bytes, 10);
    const command = new CommandApdu();
    expect(command.parse(buffer, 10, bytes.length)).toBe(true);
    expect(command.encoding).toBe(row.expect.case);
    expect({ nc: command.nc, ne: command.ne, extended: command.extended }).toEqual({
      nc: row.expect.nc,
      ne: row.expect.ne,
      extended: row.expect.extended,
    });
    if (row.expect.dataOffset !== undefined) expect(command.dataOffset - 10).toBe(row.expect.dataOffset);
    if (row.expect.data !== undefined) {
      expect(toHex(buffer.subarray(command.dataOffset, command.dataOffset + command.nc))).toBe(row.expect.data);
    }
  });

  it.each(vectors.malformed)('malformed: $name ($why)', (row) => {
    const bytes = bytesOf(row);
    const command = new CommandApdu();
    const whole = command.parse(bytes, 0, bytes.length);
    expect(whole).toBe(bytes.length >= 4);
    expect(command.encoding).toBe('malformed');
  });

  it('keeps nothing of the command before', () => {
    const command = new CommandApdu();
    command.parse(fromHex('00DA0000000002AAAA0100'), 0, 11);
    command.parse(fromHex('00A40000'), 0, 4);
    expect([command.encoding, command.nc, command.ne, command.extended]).toEqual(['1', 0, 0, false]);
  });

  it('reads back what is encoded, in the shortest form that does', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const lengths = fc.oneof(fc.constantFrom(0, 1, 255, 256, 257, 65_535), fc.integer({ min: 0, max: 600 }));
    const expected = fc.oneof(fc.constantFrom(0, 1, 255, 256, 257, 65_535, 65_536), fc.integer({ min: 0, max: 600 }));
    fc.assert(
      fc.property(byte, byte, byte, byte, lengths, expected, (cla, ins, p1, p2, nc, ne) => {
        const data = new Uint8Array(nc).fill(0x5a);
        const bytes = encodeCommand({ cla, ins, p1, p2, data, ne });
        const command = new CommandApdu();
        command.parse(bytes, 0, bytes.length);
        expect([command.cla, command.ins, command.p1, command.p2, command.nc, command.ne]).toEqual([
          cla,
          ins,
          p1,
          p2,
          nc,
          ne,
        ]);
        expect(command.extended).toBe(nc > 255 || ne > 256);
      }),
    );
  });

  // By hand after ISO/IEC 7816-3.
  it.each([
    ['case 1', {}, '00A40102'],
    ['case 1, told to be extended', { extended: true }, '00A40102'],
    ['case 2', { ne: 5 }, '00A4010205'],
    ['case 2, all', { ne: 256 }, '00A4010200'],
    ['case 2 extended because of its length', { ne: 257 }, '00A40102000101'],
    ['case 2 extended because it was told', { ne: 5, extended: true }, '00A40102000005'],
    ['case 2 extended, all', { ne: 65_536 }, '00A40102000000'],
    ['case 3', { data: fromHex('AABB') }, '00A4010202AABB'],
    ['case 3 extended because it was told', { data: fromHex('AABB'), extended: true }, '00A40102000002AABB'],
    ['case 3 with data of nothing', { data: fromHex('') }, '00A40102'],
    ['case 4', { data: fromHex('AA'), ne: 256 }, '00A4010201AA00'],
    ['case 4 extended because it was told', { data: fromHex('AA'), ne: 1, extended: true }, '00A40102000001AA0001'],
    ['not told to be extended', { data: fromHex('AA'), ne: 1, extended: false }, '00A4010201AA01'],
  ])('encodes %s', (_, fields, hex) => {
    expect(toHex(encodeCommand({ cla: 0x00, ins: 0xa4, p1: 0x01, p2: 0x02, ...fields }))).toBe(hex);
  });

  it('is nothing before it has parsed', () => {
    const command = new CommandApdu();
    expect(command.encoding).toBe('malformed');
    expect(command.extended).toBe(false);
    expect(command.parse(fromHex('00A40000'), 0, 3)).toBe(false);
    expect(command.encoding).toBe('malformed');
  });

  it('takes no byte behind the command for its Le', () => {
    const command = new CommandApdu();
    const bytes = fromHex('00B00000 0000 FF');
    command.parse(bytes, 0, 6);
    expect([command.encoding, command.ne, command.extended]).toEqual(['malformed', 0, false]);
  });

  it.each([
    ['a class over a byte', { cla: 256 }, '256 is not a byte'],
    ['an instruction under 0', { ins: -1 }, '-1 is not a byte'],
    ['a P1 that is no whole number', { p1: 0.5 }, '0.5 is not a byte'],
    ['a P2 over a byte', { p2: 256 }, '256 is not a byte'],
    ['too long a data field', { data: new Uint8Array(65_536) }, 'Nc 65536 is over 65535'],
    ['an Ne over its largest', { ne: 65_537 }, 'Ne 65537 is over 65536'],
    ['an Ne under 0', { ne: -1 }, 'Ne -1 is over 65536'],
    ['an Ne that is no whole number', { ne: 1.5 }, 'Ne 1.5 is over 65536'],
  ])('refuses to encode %s', (_, fields, message) => {
    const encode = (): Uint8Array => encodeCommand({ cla: 0, ins: 0, p1: 0, p2: 0, ...fields });
    expect(encode).toThrow(RangeError);
    expect(encode).toThrow(message);
  });

  it('encodes the largest of everything', () => {
    const bytes = encodeCommand({ cla: 255, ins: 255, p1: 255, p2: 255, data: new Uint8Array(65_535), ne: 65_536 });
    expect(bytes).toHaveLength(4 + 3 + 65_535 + 2);
    expect(toHex(bytes.subarray(0, 7))).toBe('FFFFFFFF00FFFF');
  });
});
