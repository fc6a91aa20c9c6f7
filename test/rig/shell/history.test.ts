import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { History, keepsCode } from '../../../rig/shell/history.ts';
import { MacroTable } from '../../../rig/shell/macros.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-shell-'));
  file = join(folder, 'shell-history');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Every way to type the code 274916. */
const WITH_CODE = [
  'verify 274916',
  'Verify 2749',
  'verify 274916 --ref 81',
  'verify 274916 =9000',
  '0020008106323734393136',
  '00 20 00 81 06 32 37 34 39 31 36 = 9000',
  '01200081 06 323734393136 # the code',
  // Chained, under another channel, in an ENVELOPE, and with an Lc that is wrong.
  '1020008103323734',
  '00C200000B 0020008106323734393136',
  '0020008107323734393136',
  // CHANGE REFERENCE DATA, RESET RETRY COUNTER.
  '002400810C323734393136313131313131',
  '002C00810C323734393136313131313131',
  // Half a byte too few or a letter for a digit: no command, and a code all the same.
  '002000810632373439313',
  '002O008106323734393136',
  // Typed at the wrong prompt.
  '274916',
  '12345678',
  'verfy 274916',
  'macro define m 0020008106323734393136',
  'macro define m select apcv; verify 274916',
];

describe('the history', () => {
  it.each(WITH_CODE)('never keeps a code: %s', (line) => {
    expect(keepsCode(line)).toBe(true);
    expect(new History(folder).add(line)).toBe(false);
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });

  it('keeps no second part of an enveloped VERIFY either', () => {
    const history = new History(folder);
    expect(history.add('10C2000006 002000810632')).toBe(false);
    expect(history.add('00C2000005 3734393136')).toBe(false);
  });

  it.each([
    'select vitale',
    'select 2001',
    'read 2',
    'record 1 2',
    'verify',
    '00A4040C0AF0617043562D454D5501',
    '0020008100=63CX',
    '00B2011400=6982',
    'macro define id select vitale; read 2',
    'macro define pin select apcv; verify',
  ])('keeps %s, for the next session too, newest first', (line) => {
    const history = new History(folder);
    history.add('atr');
    expect(history.add(line)).toBe(true);
    expect(history.newestFirst[0]).toBe(line);
    expect(new History(folder).newestFirst).toEqual([line, 'atr']);
  });

  it('is for its owner alone, an old file too', () => {
    new History(folder).add('atr');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    chmodSync(file, 0o644);
    new History(folder);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is cut when it has grown long', () => {
    writeFileSync(file, Array.from({ length: 2500 }, (_, index) => `read ${index}\n`).join(''));
    expect(new History(folder).newestFirst[0]).toBe('read 2499');
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(1001);
  });
});

describe('macros', () => {
  it('last, in a file for their owner alone', () => {
    const macros = new MacroTable(folder);
    macros.define('id', 'select vitale; read 2');
    macros.save();
    expect(new MacroTable(folder).commands('id')).toEqual(['select vitale', 'read 2']);
    expect(readFileSync(join(folder, 'shell-macros'), 'utf8')).toBe('id: select vitale; read 2\n');
    expect(statSync(join(folder, 'shell-macros')).mode & 0o777).toBe(0o600);
  });

  it.each(['verify 274916', 'select apcv; 0020008106323734393136'])('keep no code: %s', (commands) => {
    expect(() => new MacroTable(folder).define('m', commands)).toThrow('a code is not');
  });

  it.each(['00', 'fade', '9', 'a b', ''])('are not named %j', (name) => {
    expect(() => new MacroTable(folder).define(name, 'atr')).toThrow('the name of a macro');
  });
});
