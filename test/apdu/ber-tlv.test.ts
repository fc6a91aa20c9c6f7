import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TLV_DEPTH_LIMIT, TlvError, TlvReader } from '../../src/apdu/ber-tlv-reader.ts';
import { TlvWriter } from '../../src/apdu/ber-tlv-writer.ts';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { loadVectors } from '../vectors/load.ts';

const vectors = loadVectors<{
  valid: { tlv: string; note: string; tag: string; constructed: boolean; length: number; value?: string }[];
  malformed: { tlv: string; why: string; fails: string }[];
  sequences: { bytes: string; note: string; expect: string[] | string }[];
  encode: { tag: string; length: number; header: string }[];
}>('ber-tlv');

/** Objects as the vectors write them: `84:A1`, `6F:[84:A1]`. */
function walk(reader: TlvReader): string[] {
  const found: string[] = [];
  while (reader.next()) {
    const tag = reader.tag.toString(16).toUpperCase().padStart(2, '0');
    found.push(reader.constructed ? `${tag}:[${walk(reader.enter()).join(',')}]` : `${tag}:${toHex(reader.value())}`);
  }
  return found;
}

describe('BER-TLV reader', () => {
  it.each(vectors.valid)('$note ($tag)', (row) => {
    const reader = new TlvReader(fromHex(row.tlv));
    expect(reader.next()).toBe(true);
    expect(reader.tag).toBe(Number.parseInt(row.tag, 16));
    expect(reader.constructed).toBe(row.constructed);
    expect(reader.valueLength).toBe(row.length);
    if (row.value !== undefined) expect(toHex(reader.value())).toBe(row.value);
    expect(reader.next()).toBe(false);
  });

  // Nothing at all is the end of a sequence, not an error, for a reader of concatenated objects.
  it.each(vectors.malformed.filter((row) => row.tlv !== ''))('refuses $tlv: $why', (row) => {
    const read = () => new TlvReader(fromHex(row.tlv)).next();
    expect(read).toThrow(TlvError);
    expect(read).toThrow(expect.objectContaining({ fault: row.fails }));
  });

  it.each(vectors.sequences)('sequence: $note', (row) => {
    const read = () => walk(new TlvReader(fromHex(row.bytes)));
    if (Array.isArray(row.expect)) expect(read()).toEqual(row.expect);
    else if (row.expect.startsWith('error')) expect(read).toThrow(TlvError);
    else expect(read).toThrow(expect.objectContaining({ fault: 'depth' }));
  });

  it('stops at its depth limit instead of following a bomb', () => {
    let bomb = new Uint8Array(0);
    for (let level = 0; level < TLV_DEPTH_LIMIT + 5; level++) {
      bomb = Uint8Array.from([0x30, bomb.length, ...bomb]);
    }
    expect(() => walk(new TlvReader(bomb))).toThrow(expect.objectContaining({ fault: 'depth' }));
  });

  it('gives objects or a TlvError for any bytes, and never reads outside', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          walk(new TlvReader(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(TlvError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('BER-TLV writer', () => {
  it.each(vectors.encode.filter((row) => row.length < 70_000))('header $header', (row) => {
    const writer = new TlvWriter(70_016);
    writer.header(Number.parseInt(row.tag, 16), row.length);
    expect(toHex(writer.finish())).toBe(row.header);
  });

  it.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])('closes a template around %i bytes', (length) => {
    const writer = new TlvWriter(length + 16);
    writer.open(0x6f);
    writer.raw(new Uint8Array(length).fill(0xa5));
    writer.close();
    const header = vectors.encode.find((row) => row.tag === '04' && row.length === length)!.header.slice(2);
    expect(toHex(writer.finish().subarray(0, 1 + header.length / 2))).toBe(`6F${header}`);
    expect(
      writer
        .finish()
        .subarray(1 + header.length / 2)
        .every((byte) => byte === 0xa5),
    ).toBe(true);
  });

  it('writes nested templates that the reader gives back', () => {
    const writer = new TlvWriter(512);
    writer.open(0x6f);
    writer.primitive(0x84, fromHex('A0000002471001'));
    writer.open(0xa5);
    writer.primitive(0x9f65, new Uint8Array(130).fill(1));
    writer.close();
    writer.number(0x80, 0x1234, 2);
    writer.close();
    expect(walk(new TlvReader(writer.finish()))).toEqual([
      `6F:[84:A0000002471001,A5:[9F65:${'01'.repeat(130)}],80:1234]`,
    ]);
  });

  it('refuses to write past its buffer', () => {
    const writer = new TlvWriter(4);
    expect(() => writer.primitive(0x84, new Uint8Array(3))).toThrow(expect.objectContaining({ fault: 'space' }));
  });
});
