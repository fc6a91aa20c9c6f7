import { describe, expect, it } from 'vitest';
import { findTlv, TLV_DEPTH_LIMIT, TlvError, TlvReader } from '../../src/apdu/ber-tlv-reader.ts';
import { lengthOfLength, TlvWriter } from '../../src/apdu/ber-tlv-writer.ts';
import { fromHex, toHex } from '../../src/apdu/hex.ts';

/** Faults with their place and words, spans inside larger buffers, and limits that are just kept or just passed. */

describe('a reader says what is wrong and where', () => {
  it.each([
    ['84 02 A1', 'value', 0, '2 bytes announced, 1 there at offset 0'],
    ['8400 84 05 A1', 'value', 2, '5 bytes announced, 1 there at offset 2'],
    ['0000 84', 'length', 2, 'length missing at offset 2'],
    ['5F', 'tag', 0, 'tag cut short at offset 0'],
    ['DF8181', 'tag', 0, 'tag cut short at offset 0'],
    ['DF8181818101 00', 'tag', 0, 'tag longer than four bytes at offset 0'],
    ['5F8001 00', 'tag', 0, 'tag number with a leading zero at offset 0'],
    ['5F1E 00', 'tag', 0, 'tag number 30 not in its one-byte form at offset 0'],
    ['84 80', 'length', 0, 'indefinite length at offset 0'],
    ['84 85 0000000001 A1', 'length', 0, 'length of 5 bytes at offset 0'],
    ['84 82 01', 'length', 0, 'length cut short at offset 0'],
    ['84 84 FFFFFFFF', 'value', 0, '4294967295 bytes announced, 0 there at offset 0'],
  ])('%s', (hex, fault, offset, message) => {
    const reader = new TlvReader(fromHex(hex));
    const read = (): void => {
      while (reader.next());
    };
    try {
      read();
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TlvError);
      expect(error).toMatchObject({ name: 'TlvError', fault, offset, message });
    }
  });

  it.each([
    ['5F1F 00', 0x5f1f],
    ['DF8101 00', 0xdf8101],
    ['DF818101 00', 0xdf818101],
  ])('%s has the shortest or longest tag that there is', (hex, tag) => {
    const reader = new TlvReader(fromHex(hex));
    expect(reader.next()).toBe(true);
    expect(reader.tag).toBe(tag);
  });

  it.each([
    ['84 84 00000001 A1', 1],
    ['84 83 000001 A1', 1],
    ['84 8100', 0],
  ])('%s: a length need not be the shortest', (hex, length) => {
    const reader = new TlvReader(fromHex(hex));
    expect(reader.next()).toBe(true);
    expect(reader.valueLength).toBe(length);
  });
});

describe('a reader over a part of a buffer', () => {
  const buffer = fromHex('AAAA 8401B1 8401B2 BBBB');

  it('sees that part and nothing behind it', () => {
    const reader = new TlvReader(buffer, 2, 6);
    expect(reader.constructed).toBe(false);
    const values: string[] = [];
    while (reader.next()) values.push(`${reader.start}:${toHex(reader.value())}`);
    expect(values).toEqual(['2:B1', '5:B2']);
    expect(() => new TlvReader(buffer, 2, 2).next()).toThrow('1 bytes announced, 0 there');
  });

  it('does not look at what comes before or after it, even when that would be padding', () => {
    const padded = fromHex('8400 0000 8400');
    const reader = new TlvReader(padded, 0, 3);
    expect([reader.next(), reader.next(), reader.next()]).toEqual([true, false, false]);
  });

  it('goes to the end when no length is given', () => {
    const reader = new TlvReader(fromHex('AAAA 8401B1'), 2);
    expect([reader.next(), reader.next()]).toEqual([true, false]);
    expect(toHex(reader.value())).toBe('B1');
  });

  it.each([
    [-1, 2],
    [0, -1],
    [-2, -3],
    [0, 11],
    [10, 1],
    [11, 0],
    [-1, 0],
  ])('refuses %i, %i', (offset, length) => {
    expect(() => new TlvReader(buffer, offset, length)).toThrow(RangeError);
    expect(() => new TlvReader(buffer, offset, length)).toThrow('outside the bytes given');
  });

  it.each([
    [0, 10],
    [10, 0],
  ])('takes %i, %i', (offset, length) => expect(() => new TlvReader(buffer, offset, length)).not.toThrow());

  it('follows as many levels as its limit, and no more', () => {
    expect(() => new TlvReader(buffer, 0, 0, TLV_DEPTH_LIMIT)).not.toThrow();
    expect(() => new TlvReader(buffer, 0, 0, TLV_DEPTH_LIMIT + 1)).toThrow('nested deeper than 16 levels at offset 0');
  });
});

describe('findTlv', () => {
  const bytes = fromHex('8401A1 0000 8501A2 8502A3A4');

  it.each([
    [0x84, 'A1'],
    [0x85, 'A2'],
  ])('%i', (tag, value) => expect(toHex(findTlv(bytes, tag)!)).toBe(value));

  it('gives null for what is not there', () => expect(findTlv(bytes, 0x86)).toBeNull());
  it('does not look inside', () => expect(findTlv(fromHex('6F 03 8401A1'), 0x84)).toBeNull());
  it('finds an object before a malformed one, and throws behind it', () => {
    const damaged = fromHex('8401A1 8505');
    expect(toHex(findTlv(damaged, 0x84)!)).toBe('A1');
    expect(() => findTlv(damaged, 0x85)).toThrow(TlvError);
  });
});

describe('a writer', () => {
  it('into the buffer of its caller, from an offset, again and again', () => {
    const target = new Uint8Array(12).fill(0xee);
    const writer = new TlvWriter(target);
    expect(writer.length).toBe(0);
    writer.restart(2);
    writer.header(0x84, 2);
    writer.byte(0xa1);
    writer.byte(0xa2);
    expect(writer.length).toBe(4);
    expect(toHex(writer.finish())).toBe('8402A1A2');
    expect(toHex(target)).toBe('EEEE8402A1A2EEEEEEEEEEEE');
    writer.restart();
    writer.primitive(0x85, fromHex('B1'));
    expect(writer.length).toBe(3);
    expect(toHex(target)).toBe('8501B1 02 A1A2EEEEEEEEEEEE'.replaceAll(' ', ''));
  });

  it('forgets open templates when it starts again', () => {
    const writer = new TlvWriter(20);
    writer.open(0x6f);
    writer.restart();
    writer.primitive(0x84, fromHex('A1'));
    expect(toHex(writer.finish())).toBe('8401A1');
  });

  it('fills its buffer to the last byte, and refuses the one behind', () => {
    const writer = new TlvWriter(4);
    writer.header(0x84, 2);
    writer.raw(fromHex('A1A2'));
    expect(toHex(writer.finish())).toBe('8402A1A2');
    expect(() => writer.byte(0)).toThrow('no room left at offset 4');
    expect(() => new TlvWriter(1).open(0x6f)).toThrow(expect.objectContaining({ fault: 'space', offset: 1 }));
    expect(() => new TlvWriter(2).number(0x80, 1, 2)).toThrow(expect.objectContaining({ fault: 'space' }));
  });

  it('has no room for a template that has to be widened', () => {
    const writer = new TlvWriter(130);
    writer.open(0x6f);
    writer.raw(new Uint8Array(128));
    expect(() => writer.close()).toThrow(expect.objectContaining({ fault: 'space' }));
  });

  it('opens as many templates as a reader follows, and no more', () => {
    const writer = new TlvWriter(100);
    for (let level = 0; level < TLV_DEPTH_LIMIT; level++) writer.open(0x30);
    expect(() => writer.open(0x30)).toThrow(`nested too deep at offset ${2 * TLV_DEPTH_LIMIT}`);
    expect(() => writer.open(0x30)).toThrow(expect.objectContaining({ fault: 'depth' }));
    for (let level = 0; level < TLV_DEPTH_LIMIT; level++) writer.close();
    expect(toHex(writer.finish()).startsWith('301E301C')).toBe(true);
  });

  it('wants a close for every open', () => {
    const writer = new TlvWriter(10);
    expect(() => writer.close()).toThrow('no template is open');
    writer.open(0x6f);
    expect(() => writer.finish()).toThrow('a template is still open');
  });

  it.each([
    [0x00, '00'],
    [0xff, 'FF'],
    [0x7f49, '7F49'],
    [0xffff, 'FFFF'],
    [0x0100, '0100'],
    [0xdf8101, 'DF8101'],
    [0xffffff, 'FFFFFF'],
    [0x010000, '010000'],
    [0xdf818101, 'DF818101'],
    [0x01000000, '01000000'],
  ])('tag %i in as many bytes as it has', (tag, hex) => {
    const writer = new TlvWriter(10);
    writer.header(tag, 0);
    expect(toHex(writer.finish())).toBe(`${hex}00`);
  });

  it.each([
    [1, 1, '01'],
    [0x1234, 2, '1234'],
    [0x123456, 3, '123456'],
    [0xfedcba98, 4, 'FEDCBA98'],
    [5, 4, '00000005'],
  ])('the number %i in %i bytes', (value, size, hex) => {
    const writer = new TlvWriter(10);
    writer.number(0x80, value, size);
    expect(toHex(writer.finish())).toBe(`800${size}${hex}`);
  });

  it.each([
    [0, 1],
    [127, 1],
    [128, 2],
    [255, 2],
    [256, 3],
    [65_535, 3],
    [65_536, 4],
    [0xffffff, 4],
    [0x1000000, 5],
  ])('length %i takes %i bytes', (length, bytes) => expect(lengthOfLength(length)).toBe(bytes));

  it('a length of four bytes', () => {
    const writer = new TlvWriter(10);
    writer.header(0x84, 0x12345678);
    expect(toHex(writer.finish())).toBe('848412345678');
  });
});
