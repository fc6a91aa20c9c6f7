import { describe, expect, it } from 'vitest';
import type { Mask, MaskKind } from '../../../rig/trace/model.ts';
import { Pseudonyms } from '../../../rig/trace/pseudonyms.ts';
import { Redactor, redactText } from '../../../rig/trace/redaction.ts';

const KEY = Buffer.from('a key for this test');
const pseudonyms = new Pseudonyms(KEY);

/** Hex, with text in quotes. */
const bytes = (written: string): Uint8Array =>
  Uint8Array.from(
    Buffer.from(
      written
        .replaceAll(/"([^"]*)"/g, (_, text: string) => Buffer.from(text, 'latin1').toString('hex'))
        .replaceAll(' ', ''),
      'hex',
    ),
  );

/** `[code …]` is one mask with its hash, `[part code …]` one without. */
function expectedOf(written: string): { readonly apdu: Uint8Array; readonly masks: readonly Mask[] } {
  const masks: Mask[] = [];
  let apdu = new Uint8Array(0);
  for (const part of written.split(/(\[[^\]]*\])/)) {
    const marked = /^\[(part )?(code|key|nir|name|birth|signature) (.*)\]$/.exec(part);
    const own = bytes(marked?.[3] ?? part);
    if (marked !== null) {
      const what = marked[2] as MaskKind;
      const mask = { offset: apdu.length, length: own.length, what };
      masks.push(marked[1] === undefined ? { ...mask, hash: pseudonyms.of(what, own) } : mask);
    }
    apdu = Uint8Array.from([...apdu, ...own]);
  }
  return { apdu, masks };
}

/** Passes commands (`>`) and responses (`<`) through one redactor. */
function check(session: readonly string[]): void {
  const redactor = new Redactor({ pseudonyms });
  const plain = new Redactor();
  for (const line of session) {
    const { apdu, masks } = expectedOf(line.slice(1));
    const [found, bare] = [redactor, plain].map((each) =>
      line.startsWith('>') ? each.command(apdu) : each.response(apdu),
    );
    expect(found).toEqual(masks);
    expect(bare).toEqual(masks.map(({ offset, length, what }) => ({ offset, length, what })));
  }
}

describe('a whole secret has its hash', () => {
  it.each([
    ['a code', ['>00200081 04 [code "1234"]']],
    ['a code in two commands', ['>10200081 02 [part code "12"]', '<9000', '>00200081 02 [code "34"]']],
    ['a code in ENVELOPE', ['>00C20000 09 00200081 04 [part code "1234"]']],
    ['a NIR with its key', ['<93 0F [nir "275126322074974"] 9000']],
    ['a NIR without it', ['<93 0D [nir "2751263220749"] 9000']],
    ['two NIRs in a row', ['<[part nir "275126322074974236066322083656"] 9000']],
    ['a name and a birth date', ['<65 0F 80 03 [name "ZOE"] 82 08 [birth "19751231"] 9000']],
    ['a bare name of GET DATA', ['>00CA005B 00', '<[name "ZOE"] 9000']],
    ['a bare name of PUT DATA', ['>00DA005B 03 [name "ZOE"]']],
    ['what DECIPHER answers', ['>002A8086 02 0001 00', '<[key 010203] 9000']],
    ['what DECIPHER answers, more to come', ['>002A8086 02 0001 00', '<[part key 010203] 6102']],
    ['what COMPUTE DIGITAL SIGNATURE answers', ['>002A9E9A 02 [signature 0001] 00', '<[signature 010203] 9000']],
    ['the same, more to come', ['>002A9E9A 02 [signature 0001] 00', '<[part signature 010203] 6102']],
    ['a signature', [`<5F3710 [signature ${'AB'.repeat(16)}] 9000`]],
  ])('%s', (_, session) => check(session));
});

describe('what is of another command is none', () => {
  it.each([
    ['P1-P2 of a name, read', ['>00B0005B 00', '<"ZOE" 9000']],
    ['P1-P2 of a name, written', ['>00D6005B 03 "ZOE"']],
    ['GET DATA of something else', ['>00CA005C 00', '<"ZOE" 9000']],
    ['PUT DATA of something else', ['>00DA005C 03 "ZOE"']],
    ['P1-P2 of DECIPHER', ['>00CA8086 00', '<010203 9000']],
    ['P1-P2 of COMPUTE DIGITAL SIGNATURE', ['>00CA9E9A 00', '<010203 9000']],
    ['DECIPHER with other parameters', ['>002A8084 02 0001 00', '<010203 9000']],
    ['a status word alone', ['>002A8086 02 0001 00', '<6A80', '<61']],
    ['half of a code, seen again', ['>10200081 04 [part code "1234"]', '>00200081 04 [code "5678"]', '<"1234" 9000']],
    ['a length that does not fit: nobody knows how much is read', ['>00B00000 04 01', '<00"275" 9000']],
    // UPDATE BINARY with even INS: the bytes are those of the file, whatever they look like.
    [
      'UPDATE BINARY of what looks like an offset',
      ['>00D60000 0A [part nir "2751263220"]', '>00D60000 09 540100 5303 "749" 00'],
    ],
  ])('%s', (_, session) => check(session));
});

describe('a secret over pieces', () => {
  it.each([
    ['a NIR in two ENVELOPEs', ['>00C20000 07 00 [part nir "275126"]', '>00C20000 0A [part nir "322074974"] 00']],
    ['the same in data objects', ['>00C30000 07 00 [part nir "275126"]', '>00C30000 0A [part nir "322074974"] 00']],
    ['the beginning of a NIR in BCD, written', ['>00D60000 05 00 [part nir 27512632]']],
    ['the beginning of a NIR in BCD, read', ['>00B00000 05', '<00 [part nir 27512632] 9000']],
    [
      'odd INS: not the data object around it',
      [
        '>00B10000 04 54020000 00',
        '<5304 00"275" 9000',
        '>00B10000 04 54020004 00',
        '<530D [part nir "126322074974"] 00 9000',
      ],
    ],
    [
      'even INS: what looks like a data object',
      ['>00B00000 00', '<5304 00"275" 9000', '>00B00000 00', '<530D "126322074974" 00 9000'],
    ],
    [
      'odd INS with another data object',
      ['>00B10000 04 54020000 00', '<"275" 9000', '>00B10000 04 54020004 00', '<730D "126322074974" 00 9000'],
    ],
    [
      'odd INS, the data object cut in its length',
      ['>00B10000 04 54020000 00', '<53 9000', '<5381 9000', '<538201 9000'],
    ],
    [
      'odd INS, written',
      ['>00D70000 09 540100 5304 00 [part nir "275"]', '>00D70000 12 540104 530D [part nir "126322074974"] 00'],
    ],
    [
      'odd INS, written without an offset',
      ['>00D70000 06 5304 00 [part nir "275"]', '>00D70000 0F 530D "126322074974" 00'],
    ],
  ])('%s', (_, session) => check(session));
});

/** People of whom the session has shown the names. */
const MET = '<65 14 80 03 [name "ANN"] 81 04 [name "ANNA"] 5B 07 [name "ANNABEL"] 9000';
const NAT = '<65 05 80 03 [name "NAT"] 9000';

describe('where secrets overlap', () => {
  it.each([
    ['a NIR in a code', ['>00200081 0F [code "275126322074974"]']],
    ['a NIR in a signature', ['<5F3711 [signature 00 "275126322074974" 00] 9000']],
    ['a NIR in a name', ['<65 13 80 11 [part name "X"][nir "275126322074974"][part name "Y"] 9000']],
    ['a NIR at the beginning of a name', ['<65 12 80 10 [nir "275126322074974"][part name "Y"] 9000']],
    ['a NIR at the end of a name', ['<65 12 80 10 [part name "X"][nir "275126322074974"] 9000']],
    ['a NIR that is all of a name', ['<65 11 80 0F [nir "275126322074974"] 9000']],
    [
      'two NIRs in a name',
      ['<65 23 80 21 [part name "X"][nir "275126322074974"][part name "Y"][nir "236066322083656"][part name "Z"] 9000'],
    ],
    ['two names that touch', [NAT, '<"x"[name "NAT"][name "NAT"]"x" 9000']],
    ['a name within a longer one', [MET, '<"x"[name "ANNABEL"]"x" 9000']],
    ['two names that share letters', [MET, NAT, '<"x"[part name "ANNAT"]"x" 9000']],
    // 2 75 12 63 220 749, key 74, from the beginning of the name on; the rest of it is another data object.
    [
      'a NIR in BCD that has a part of a name in it: by chance',
      [`<65 27 80 03 [name 275126] 32 20 74974F ${'00'.repeat(29)} 9000`],
    ],
    [
      'the same, when the NIR is known',
      ['<93 0F [nir "275126322074974"] 9000', `<65 27 80 03 [nir 275126 32 20 74974F] ${'00'.repeat(29)} 9000`],
    ],
    ['a NIR in BCD within a name', [`<65 0B 80 09 [nir 275126322074974F] [part name "A"] 9000`]],
  ])('%s', (_, session) => check(session));
});

describe('a text', () => {
  it('has the hash of each secret in it', () => {
    const text = 'VERIFY 274916 for 275126322074974, then 2 36 06 63 220 836 56';
    const { masks, text: redacted } = redactText(text, { pseudonyms });
    const hashOf = (what: MaskKind, secret: string): string => pseudonyms.of(what, Buffer.from(secret));
    expect(masks).toContainEqual({ offset: 18, length: 15, what: 'nir', hash: hashOf('nir', '275126322074974') });
    expect(masks).toContainEqual({ offset: 40, length: 21, what: 'nir', hash: hashOf('nir', '236066322083656') });
    expect(redacted.slice(14)).toBe('for XXXXXXXXXXXXXXX, then XXXXXXXXXXXXXXXXXXXXX');
  });

  it('has none without a key', () => {
    expect(redactText('of 275126322074974').masks).toEqual([{ offset: 3, length: 15, what: 'nir' }]);
  });
});
