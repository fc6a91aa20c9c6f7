import { describe, expect, it } from 'vitest';
import { bytesInput } from '../../../rig/trace/byte-input.ts';
import { headText, LONGEST_TEXT_LINE, textLines } from '../../../rig/trace/text-lines.ts';

async function lines(bytes: Uint8Array, size = 3): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of textLines(bytesInput(bytes, 'x', size))) texts.push(text);
  return texts;
}

const utf16be = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le').swap16();

describe('textLines', () => {
  it.each([
    ['LF', Buffer.from('a\nbé\n')],
    ['CR LF', Buffer.from('a\r\nbé\r\n')],
    ['no end', Buffer.from('a\nbé')],
    ['a byte order mark', Buffer.from('\ufeffa\nbé\n')],
    ['UTF-16, low byte first', Buffer.from('\ufeffa\r\nbé\r\n', 'utf16le')],
    ['UTF-16, high byte first', utf16be('a\nbé\n')],
  ])('takes text with %s', async (_, bytes) => {
    expect(await lines(bytes)).toEqual(['a', 'bé']);
  });

  it('keeps blanks and empty lines', async () => {
    expect(await lines(Buffer.from(' a \n\n\tb'))).toEqual([' a ', '', '\tb']);
  });

  it('refuses what is no text, with the line', async () => {
    await expect(lines(Buffer.from('a\nb\0c\n'))).rejects.toThrow('line 2: this is not text: it has a NUL character');
  });

  it('does not gather a line that has no end', async () => {
    const long = Buffer.concat([Buffer.from('a\n'), Buffer.alloc(LONGEST_TEXT_LINE + 1, 0x41)]);
    await expect(lines(long, 65_536)).rejects.toThrow(/^line 2: the line is longer than any of a trace/);
  });
});

describe('headText', () => {
  it('is cut to whole lines where it has any', () => {
    expect(headText(Buffer.from('a\r\nb\nc'))).toBe('a\nb\n');
    expect(headText(Buffer.from('abc'))).toBe('abc');
    expect(headText(Buffer.from([1, 0]))).toBeNull();
  });
});
