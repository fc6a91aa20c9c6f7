import { describe, expect, it } from 'vitest';
import {
  bytesAvailable,
  formatStatusWord,
  SW,
  statusWordMeaning,
  triesInWords,
  wrongLe,
} from '../../src/apdu/status-word.ts';

describe('status words', () => {
  // The words of the tables of ISO/IEC 7816-4, shortened.
  it.each([
    ['9000', 'no error'],
    ['6200', 'warning, memory unchanged'],
    ['6281', 'part of the data may be corrupted'],
    ['6282', 'end of file or record reached before Le bytes, or unsuccessful search'],
    ['6283', 'selected file deactivated'],
    ['6284', 'control information not formatted as expected'],
    ['6285', 'selected file in termination state'],
    ['6300', 'warning, memory changed'],
    ['6381', 'file filled up by the last write'],
    ['6400', 'execution error, memory unchanged'],
    ['6500', 'execution error, memory changed'],
    ['6581', 'memory failure'],
    ['6700', 'wrong length'],
    ['6800', 'function in the class byte not supported'],
    ['6881', 'logical channel not supported'],
    ['6882', 'secure messaging not supported'],
    ['6883', 'last command of the chain expected'],
    ['6884', 'command chaining not supported'],
    ['6900', 'command not allowed'],
    ['6981', 'command incompatible with the file structure'],
    ['6982', 'security status not satisfied'],
    ['6983', 'authentication method blocked'],
    ['6984', 'reference data not usable'],
    ['6985', 'conditions of use not satisfied'],
    ['6986', 'no current EF'],
    ['6987', 'secure messaging data objects missing'],
    ['6988', 'incorrect secure messaging data objects'],
    ['6A00', 'wrong parameters P1-P2'],
    ['6A80', 'incorrect parameters in the data field'],
    ['6A81', 'function not supported'],
    ['6A82', 'file or application not found'],
    ['6A83', 'record not found'],
    ['6A84', 'not enough memory in the file'],
    ['6A85', 'Nc inconsistent with the TLV structure'],
    ['6A86', 'incorrect parameters P1-P2'],
    ['6A87', 'Nc inconsistent with P1-P2'],
    ['6A88', 'referenced data not found'],
    ['6A89', 'file already exists'],
    ['6A8A', 'DF name already exists'],
    ['6B00', 'wrong parameters P1-P2: offset outside the file'],
    ['6D00', 'instruction not supported or invalid'],
    ['6E00', 'class not supported'],
    ['6F00', 'no precise diagnosis'],
    ['6100', '256 or more bytes available'],
    ['6101', '1 byte available'],
    ['61FF', '255 bytes available'],
    ['6C00', 'wrong Le, 256 or more bytes available'],
    ['6C01', 'wrong Le, 1 byte available'],
    ['6C1F', 'wrong Le, 31 bytes available'],
    ['63C0', 'no try left'],
    ['63C1', '1 try left'],
    ['63CF', '15 tries left'],
    ['63D0', 'unknown status word'],
    ['9001', 'unknown status word'],
    ['6000', 'unknown status word'],
    ['6B01', 'unknown status word'],
  ])('%s: %s', (word, meaning) => {
    const sw = Number.parseInt(word, 16);
    expect(statusWordMeaning(sw)).toBe(meaning);
    expect(formatStatusWord(sw)).toBe(word);
  });

  it('has a meaning for every one that the card gives', () => {
    for (const sw of Object.values(SW)) expect(statusWordMeaning(sw)).not.toBe('unknown status word');
  });

  it.each([
    [1, 0x6101, 0x6c01],
    [255, 0x61ff, 0x6cff],
    [256, 0x6100, 0x6c00],
    [300, 0x6100, 0x6c00],
  ])('%i bytes', (count, available, wrong) => {
    expect(bytesAvailable(count)).toBe(available);
    expect(wrongLe(count)).toBe(wrong);
  });

  it.each([
    [0, 'no try left'],
    [1, '1 try left'],
    [2, '2 tries left'],
  ])('%i tries in words', (tries, words) => expect(triesInWords(tries)).toBe(words));

  it('is four digits, zeros included', () => expect(formatStatusWord(0x42)).toBe('0042'));
});
