import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contentOf,
  decodeMessage,
  encodeMessage,
  type NdefContent,
  NdefError,
  textRecord,
  uriRecord,
} from '../../../../rig/card/ndef/index.ts';
import { fromHex, toHex } from '../../../../src/apdu/hex.ts';

const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const read = (hex: string): NdefContent[] => decodeMessage(fromHex(hex)).map((record) => contentOf(record));

// By hand after the record layouts of the NFC Forum's NDEF, URI, Text and Smart Poster specifications: flags, length
// of the type, length of the payload, type, payload.
describe('a message of one record', () => {
  it.each<[string, string, NdefContent]>([
    ['URI, http://www.', 'D1 01 08 55 01 6E66632E636F6D', { kind: 'uri', uri: 'http://www.nfc.com' }],
    ['URI, tel:', `D1 01 0D 55 05 ${ascii('+35891234567')}`, { kind: 'uri', uri: 'tel:+35891234567' }],
    ['URI, whole', `D1 01 0C 55 00 ${ascii('mms://a.b/c')}`, { kind: 'uri', uri: 'mms://a.b/c' }],
    ['URI, the last code', 'D1 01 04 55 23 736E69', { kind: 'uri', uri: 'urn:nfc:sni' }],
    ['URI, a code of the future', 'D1 01 04 55 24 613A62', { kind: 'uri', uri: 'a:b' }],
    ['URI, international', 'D1 01 06 55 04 C3A92E6672', { kind: 'uri', uri: 'https://é.fr' }],
    [
      'text, UTF-8',
      `D1 01 10 54 02 656E ${ascii('Hello, world!')}`,
      { kind: 'text', language: 'en', text: 'Hello, world!' },
    ],
    ['text, UTF-8, with an accent', 'D1 01 08 54 02 6672 C3A974C3A9', { kind: 'text', language: 'fr', text: 'été' }],
    ['text, a long language', 'D1 01 07 54 05 66722D4341 41', { kind: 'text', language: 'fr-CA', text: 'A' }],
    ['text, UTF-16', 'D1 01 07 54 82 656E 00480069', { kind: 'text', language: 'en', text: 'Hi' }],
    ['text, UTF-16, big-endian mark', 'D1 01 07 54 82 656E FEFF0048', { kind: 'text', language: 'en', text: 'H' }],
    ['text, UTF-16, little-endian mark', 'D1 01 07 54 82 656E FFFE4800', { kind: 'text', language: 'en', text: 'H' }],
    ['text, none', 'D1 01 03 54 02 656E', { kind: 'text', language: 'en', text: '' }],
    ['long form', 'C1 01 00000008 55 01 6E66632E636F6D', { kind: 'uri', uri: 'http://www.nfc.com' }],
    ['with an identifier', 'D9 01 04 02 55 4142 03612E62', { kind: 'uri', uri: 'http://a.b' }],
    ['with an empty identifier', 'D9 01 04 00 55 03612E62', { kind: 'uri', uri: 'http://a.b' }],
    [
      'MIME',
      `D2 0A 03 ${ascii('text/plain')} 414243`,
      { kind: 'mime', type: 'text/plain', content: fromHex('414243') },
    ],
    [
      'external',
      `D4 0D 01 ${ascii('example.com:a')} FF`,
      { kind: 'external', type: 'example.com:a', content: fromHex('FF') },
    ],
    ['absolute URI, which is the type', `D3 0A 00 ${ascii('http://a.b')}`, { kind: 'uri', uri: 'http://a.b' }],
    ['empty', 'D0 00 00', { kind: 'empty' }],
    ['unknown', 'D5 00 01 AA', { kind: 'other', tnf: 5, type: '', content: fromHex('AA') }],
    ['handover select', 'D1 02 01 4873 15', { kind: 'other', tnf: 1, type: 'Hs', content: fromHex('15') }],
    [
      'Smart Poster: URI, two titles, save',
      `D1 02 28 5370  91 01 08 55 01 6E66632E636F6D  11 01 05 54 02 656E 4869  11 03 01 616374 01  51 01 08 54 02 6672 53616C7574`,
      {
        kind: 'smart-poster',
        uri: 'http://www.nfc.com',
        titles: [
          { language: 'en', text: 'Hi' },
          { language: 'fr', text: 'Salut' },
        ],
        action: 'save',
      },
    ],
    [
      'Smart Poster with an icon and an action of the future',
      `D1 02 1D 5370  91 01 04 55 03 612E62  12 09 02 ${ascii('image/png')} 8950  51 03 01 616374 07`,
      { kind: 'smart-poster', uri: 'http://a.b', titles: [], action: null },
    ],
  ])('%s', (_, hex, content) => expect(read(hex)).toEqual([content]));
});

describe('a message of several records', () => {
  it('in order', () => {
    expect(read('91 01 04 55 03 612E62  11 01 04 54 02 656E 41  50 00 00').map(({ kind }) => kind)).toEqual([
      'uri',
      'text',
      'empty',
    ]);
  });

  it('joins the chunks of one record', () => {
    // http://www.nfc.com in three chunks, then an empty record
    expect(read('B1 01 02 55 01 6E  36 00 02 6663  16 00 04 2E636F6D  50 00 00')).toEqual([
      { kind: 'uri', uri: 'http://www.nfc.com' },
      { kind: 'empty' },
    ]);
  });
});

describe('refuses', () => {
  it.each([
    ['nothing', '', 'an empty message'],
    ['no begin', '51 01 01 55 00', 'record 1 does not begin a message'],
    ['a second begin', '91 01 01 55 00 D1 01 01 55 00', 'record 2 begins a message'],
    ['no end', '91 01 01 55 00', 'ends without a record that says so'],
    ['bytes behind the end', 'D1 01 01 55 00 00', '1 byte after the last record'],
    ['a header cut short', 'D1 01', 'length of the payload at byte 2'],
    ['a long header cut short', 'C1 01 0000', 'length of the payload at byte 2'],
    ['a type cut short', 'D1 02 00 55', 'type at byte 3: 2 announced, 1 there'],
    ['a payload cut short', 'D1 01 05 55 01 02', 'payload at byte 4: 5 announced, 2 there'],
    ['a payload of four gigabytes', 'C1 01 FFFFFFFF 55', 'payload at byte 7: 4294967295 announced, 0 there'],
    ['an identifier cut short', 'D9 01 01 05 55 41', 'identifier at byte 5: 5 announced, 1 there'],
    ['the reserved type name format', 'D7 00 00', 'reserved'],
    ['an empty record with a payload', 'D0 00 01 AA', 'an empty record that is not empty'],
    ['an empty record with a type', 'D0 01 00 55', 'an empty record that is not empty'],
    ['an empty record with an identifier', 'D8 00 00 01 41', 'an empty record that is not empty'],
    ['an unknown record with a type', 'D5 01 00 55', 'unknown type that has a type'],
    ['a chunk at the start', 'D6 00 01 AA', 'a chunk stands where a record should begin'],
    ['a chunk with a type', 'B1 01 01 55 01  51 01 01 55 00', 'a chunk after the first'],
    ['a last chunk that says it goes on', 'B1 01 01 55 01  76 00 01 41', 'in the middle of a chunked record'],
    ['a URI of nothing', 'D1 01 00 55', 'without its identifier code'],
    ['a URI that is not UTF-8', 'D1 01 02 55 00 FF', 'a URI that is not UTF-8'],
    ['a text of nothing', 'D1 01 00 54', 'without its status byte'],
    ['a text shorter than its language', 'D1 01 02 54 02 65', 'cut short in its language code'],
    ['a text that is not UTF-8', 'D1 01 04 54 02 656E FF', 'a text that is not UTF-8'],
    ['a text that is half a UTF-16 character', 'D1 01 04 54 82 656E 00', 'not UTF-16'],
    ['a Smart Poster without a URI', 'D1 02 05 5370 D1 01 01 54 00', 'without a URI'],
    ['a Smart Poster with two', 'D1 02 0A 5370 91 01 01 55 00 51 01 01 55 00', 'two URIs'],
    ['a Smart Poster of nothing', 'D1 02 00 5370', 'an empty message'],
  ])('%s', (_, hex, message) => {
    expect(() => read(hex)).toThrow(NdefError);
    expect(() => read(hex)).toThrow(message);
  });

  it('anything else with an NdefError or records, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(0xd1, 0xd9, 0xc1, 0xb1, null), (bytes, flags) => {
        if (flags !== null && bytes.length > 0) bytes[0] = flags;
        try {
          decodeMessage(bytes).map((record) => contentOf(record));
        } catch (error) {
          expect(error).toBeInstanceOf(NdefError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('writes', () => {
  it.each([
    ['http://www.nfc.com', 'D1010855016E66632E636F6D'],
    ['https://www.a.b', 'D1010455 02612E62'],
    ['https://a.b', 'D1010455 04612E62'],
    ['urn:epc:id:1', 'D1010255 1E31'],
    ['urn:x', 'D1010255 1378'],
    ['mms://a', `D1010855 00${ascii('mms://a')}`],
  ])('the URI %s with the longest prefix that has a code', (uri, hex) => {
    expect(toHex(encodeMessage([uriRecord(uri)]))).toBe(toHex(fromHex(hex)));
  });

  it('a text', () => {
    expect(toHex(encodeMessage([textRecord('été', 'fr')]))).toBe('D101085402'.concat('6672', 'C3A974C3A9'));
  });

  it('long payloads with four bytes of length', () => {
    const [short, long] = [255, 256].map((length) =>
      encodeMessage([{ tnf: 5, type: new Uint8Array(0), id: null, payload: new Uint8Array(length) }]),
    );
    expect(toHex(short!.subarray(0, 3))).toBe('D500FF');
    expect(toHex(long!.subarray(0, 6))).toBe('C50000000100');
  });

  it('what it reads', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const record = fc.record({
      tnf: fc.constantFrom(1, 2, 3, 4),
      type: fc.uint8Array({ maxLength: 20 }),
      id: fc.option(fc.uint8Array({ maxLength: 5 })),
      payload: bytes,
    });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 4 }), (records) => {
        expect(decodeMessage(encodeMessage(records))).toEqual(records);
      }),
      { numRuns: 300 },
    );
  });
});
