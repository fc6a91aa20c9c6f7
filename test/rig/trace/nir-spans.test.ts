import { describe, expect, it } from 'vitest';
import { NirStream, nirSpansOfText, withoutSeparators } from '../../../rig/trace/nir-spans.ts';

/** Bytes before each piece. */
const HEAD = 3;

interface Piece {
  readonly bytes: Uint8Array;
  readonly spans: readonly { readonly offset: number; readonly length: number }[];
}

/** `[…]` is what is to be found, text stands in quotes, the rest is hexadecimal. A piece behind {@link HEAD} bytes that are not looked at, as a header is. */
function pieceOf(written: string): Piece {
  const bytes: number[] = new Array(HEAD).fill(0x31);
  const spans: { offset: number; length: number }[] = [];
  for (const [i, part] of written.split(/[[\]]/).entries()) {
    const hex = part
      .replaceAll(/"([^"]*)"/g, (_, text: string) => Buffer.from(text, 'latin1').toString('hex'))
      .replaceAll(' ', '');
    const own = [...Buffer.from(hex, 'hex')];
    if (i % 2 === 1) spans.push({ offset: bytes.length, length: own.length });
    bytes.push(...own);
  }
  return { bytes: Uint8Array.from(bytes), spans };
}

function check(pieces: readonly string[], isCut: boolean): void {
  const stream = new NirStream();
  const written = pieces.map(pieceOf);
  const found = written.map(({ bytes }, i) =>
    stream.next(bytes, HEAD, bytes.length, true, isCut && i < pieces.length - 1),
  );
  expect(found).toEqual(written.map(({ spans }) => spans));
}

describe('a NIR in one piece', () => {
  it.each([
    ['nothing', ['']],
    ['with its key', ['93 0F ["275126322074974"] 82']],
    ['department 10', ['["1850110999001"] 82']],
    ['department 20', ['["1850120999001"] 82']],
    ['department 1A: none', ['"185011A999001" 82']],
    ['2A one place later: none', ['"18501122A9001" 82']],
    ['two that touch are one span', ['["180032B00040123297022A02077878"] 82']],
    ['two that overlap are one span', ['["27512632207497418503750562345"] 82']],
    ['two that do not', ['["2751263220749"] 00 ["2360663220836"] 82']],
    ['in groups behind a digit that is no group', ['"3"["2 75 12 63 220 749 74"] 82']],
  ])('%s', (_, pieces) => check(pieces, false));
});

describe('a NIR over pieces', () => {
  it.each([
    ['over three', ['00 ["275"]', '["12632207"]', '["4974"] 82']],
    ['a beginning and a digit elsewhere', ['"1" 00 "2" 00 ["275"]', '["126322074974"] 82']],
    ['that ended with the piece before', ['["2751263220749"]', '82 00']],
    ['its key in the next', ['["2751263220749"]', '["74"] 82']],
    ['a separator between two groups at the end', ['F0 ["2 75 12 63"] " "', '["220 749 74"] EE']],
    ['digits before another byte at the end: none', ['F0 "275" EE', '82']],
    ['so many digits that no group ends there: none', ['F0 "2751" EE', '82']],
    ['a separator where none stands: none', ['F0 "2000 "', '82']],
    ['a separator after another byte: none', ['F0 "27A "', '82']],
    ['a separator after a group and another byte: none', ['F0 "275A "', '82']],
  ])('%s', (_, pieces) => check(pieces, true));
});

/** So end the files with birth dates. */
describe('a date at the end of a piece that is cut', () => {
  it.each([
    ['the lowest tag', '80 08 "19751231"'],
    ['the highest tag', 'BE 08 "19751231"'],
    ['of this century', '82 08 "20101231"'],
    ['a tag of another class', '7F 08 ["19751231"]'],
    ['a tag of two bytes', 'BF 08 ["19751231"]'],
    ['another length', '82 09 ["19751231"]'],
    ['no tag', '08 ["19751231"]'],
    ['another century', '82 08 ["21101231"]'],
    ['the century before', '82 08 ["18751231"]'],
    ['a letter in it', '82 08 "19A"["51231"]'],
  ])('%s', (_, piece) => check([piece, 'EE'], true));
});

describe('a NIR in a note', () => {
  it.each([
    ['in other groups', 'x [27 512 632 207 49]'],
    ['narrow spaces that do not break', '[2\u202f75\u202f12\u202f63\u202f220\u202f749\u202f74] y'],
    ['two', '[2751263220749], [1 80 03 2B 020 401]'],
    ['a letter beyond Latin-1 is no digit', '275126322\u013000749'],
    ['none', '12 345'],
  ])('%s', (_, written) => {
    const text = written.replaceAll(/[[\]]/g, '');
    const spans = nirSpansOfText(text).map(({ offset, length }) => text.slice(offset, offset + length));
    expect(spans).toEqual([...written.matchAll(/\[([^\]]*)\]/g)].map(([, hidden]) => hidden));
  });

  it('is the same number without separators', () => {
    const text = Buffer.from('2 75.12-63\xa0220', 'latin1');
    expect(Buffer.from(withoutSeparators(text)).toString('latin1')).toBe('2751263220');
  });
});
