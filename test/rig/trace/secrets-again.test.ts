import { describe, expect, it } from 'vitest';
import { maskedHex } from '../../../rig/trace/masked-hex.ts';
import type { TraceEvent } from '../../../rig/trace/model.ts';
import { Redactor } from '../../../rig/trace/redaction.ts';
import { secretNote } from '../../../rig/trace/secret-note.ts';
import { SessionRedactor } from '../../../rig/trace/session-redactor.ts';

const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex').toUpperCase();
const mixed = (text: string): string =>
  text.replaceAll(/"([^"]*)"/g, (_, quoted: string) => ascii(quoted)).replaceAll(' ', '');

/** Passes commands (`>`) and responses (`<`) through one redactor; `[…]` is what is to be masked. */
function check(session: readonly string[]): void {
  const redactor = new Redactor();
  const got = session.map((line) => {
    const bytes = Uint8Array.from(Buffer.from(mixed(line.slice(1).replaceAll(/[[\]]/g, '')), 'hex'));
    const masks = line.startsWith('>') ? redactor.command(bytes) : redactor.response(bytes);
    return line.charAt(0) + maskedHex(bytes, masks);
  });
  const expected = session.map(
    (line) =>
      line.charAt(0) +
      line
        .slice(1)
        .split(/[[\]]/)
        .map((part, i) => (i % 2 === 0 ? mixed(part) : 'XX'.repeat(mixed(part).length / 2)))
        .join(''),
  );
  expect(got).toEqual(expected);
}

describe('a number written in groups', () => {
  it.each([
    ['spaces, with its key', ['>00B2010400', '<F0 ["2 75 12 63 220 749 74"] EE 9000']],
    ['dots', ['>00B2010400', '<F0 ["2.75.12.63.220.749"] EE 9000']],
    ['hyphens, Corsica', ['>00B2010400', '<F0 ["1-85-05-2A-004-018-42"] EE 9000']],
    [
      'the space of Latin-1 that does not break',
      ['>00B2010400', '<F0 ["2\u00a075\u00a012\u00a063\u00a0220\u00a0749"] EE 9000'],
    ],
    ['only before its key', ['>00B2010400', '<F0 ["2751263220749 74"] EE 9000']],
    [
      'over two READ BINARY that are full',
      ['>00B000000D', '<F0 ["2 75 12 63 2"] 9000', '>00B0000D0D', '<["20 749 74"] EEEEEEEE 9000'],
    ],
    ['two spaces between groups: another text', ['>00B2010400', '<F0 "2  75  12  63  220  749" EE 9000']],
    ['two numbers, a space between', ['>00B2010400', '<F0 ["2751263220749"] " " ["275126322074974"] EE 9000']],
    ['spaces in other places', ['>00B2010400', '<F0 "27 512 632 207 49" EE 9000']],
  ])('%s', (_, session) => check(session));
});

describe('a code that comes again', () => {
  it.each([
    ['in another command', ['>0020008106["274916"]', '<9000', '>00DC010408 8106["274916"]', '<9000']],
    ['in an answer', ['>0020008106["274916"]', '<9000', '>00B0000000', '<8106["274916"]9000']],
    ['without its padding', ['>0020008108["1234"FFFFFFFF]', '<9000', '>80500000 04 ["1234"]', '<9000']],
    ['in BCD after ISO 9564 format 2', ['>0020008008[26274916FFFFFFFF]', '<9000', '>80500000 03 [274916]', '<9000']],
    [
      'in ASCII after ISO 9564 format 2',
      ['>0020008008[26274916FFFFFFFF]', '<9000', '>80500000 06 ["274916"]', '<9000'],
    ],
    [
      'the new one of CHANGE REFERENCE DATA',
      ['>002400810C["274916593817"]', '<9000', '>80500000 06 ["593817"]', '<9000'],
    ],
    [
      'a short one inside of a longer number: not it',
      ['>0020008104["1234"]', '<9000', '>00B0000000', '<"01234567"9000'],
    ],
    ['no code was presented', ['>80500000 06 "274916"', '<9000']],
  ])('%s', (_, session) => check(session));

  it('in a note', () => {
    const redactor = new SessionRedactor({ interface: 'contact' });
    const events: TraceEvent[] = [
      { type: 'command', t: 0, apdu: '0020008106323734393136' },
      { type: 'note', t: 1, text: 'typed 274916, not 2749160' },
    ];
    const texts = events.flatMap((event) => redactor.next(event)).map((event) => ('text' in event ? event.text : ''));
    expect(texts[1]).toBe('typed XXXXXX, not 2749160');
  });
});

describe('a secret that another program’s trace tells beside its APDUs', () => {
  it.each([
    [secretNote('card access number', '123123'), 'card access number: XXXXXX', 'code'],
    [secretNote('private key', '00A1'.repeat(16)), `private key: ${'X'.repeat(64)}`, 'key'],
  ])('%s', (text, masked, what) => {
    const [event] = new SessionRedactor({ interface: 'contact' }).next({ type: 'note', t: 0, text });
    expect(event).toMatchObject({ text: masked, masks: [{ offset: text.indexOf(': ') + 2, what }] });
  });
});

describe('codes and keys that are stored', () => {
  it.each([
    ['STORE DATA', ['>80E2800009[8010 06 26274916FFFF]', '<9000']],
    ['APPEND RECORD, which has its number', ['>00E2000003 010203', '<9000']],
    ['PUT DATA of a resetting code', ['>00DA00D308["12345678"]', '<9000']],
    ['PUT DATA of a key', ['>00DA00D510[000102030405060708090A0B0C0D0E0F]', '<9000']],
    ['PUT DATA of something else', ['>00DA010103 010203', '<9000']],
  ])('%s', (_, session) => check(session));
});

describe('what only looks like a number in BCD', () => {
  const counting = Buffer.from(Array.from({ length: 255 }, (_, i) => i + 1))
    .toString('hex')
    .toUpperCase();
  it.each([
    ['bytes that count', ['>00B2010400', `<${counting} 9000`]],
    ['bytes that count by 16', ['>00B2010400', '<01112131415161718191 9000']],
    ['a text that is digits too', ['>00B2010400', '<5F200F "FRTESTCARD00001" 5F2506 000204010002 9000']],
    ['a number', ['>00B2010400', '<EE [275126322074974F] EE 9000']],
  ])('%s', (_, session) => check(session));
});
