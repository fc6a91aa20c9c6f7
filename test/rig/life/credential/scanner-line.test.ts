import { describe, expect, it } from 'vitest';
import { readScannerLine } from '../../../../rig/life/credential/scanner-line.ts';
import { verifyOfflineQr } from '../../../../rig/life/credential/verify-offline-qr.ts';
import { expectations, offlineQr } from './card.ts';

/**
 * Keys by their place (row and column), with what they give without and with shift: symbols/us and symbols/fr of
 * xkeyboard-config. Only the keys that some character of ours is on, on one of the two layouts.
 */
const KEYS: Readonly<Record<string, { readonly us: string; readonly fr: string }>> = {
  AE01: { us: '1!', fr: '&1' },
  AE02: { us: '2@', fr: 'é2' },
  AE03: { us: '3#', fr: '"3' },
  AE04: { us: '4$', fr: "'4" },
  AE05: { us: '5%', fr: '(5' },
  AE06: { us: '6^', fr: '-6' },
  AE07: { us: '7&', fr: 'è7' },
  AE08: { us: '8*', fr: '_8' },
  AE09: { us: '9(', fr: 'ç9' },
  AE10: { us: '0)', fr: 'à0' },
  AE11: { us: '-_', fr: ')°' },
  AE12: { us: '=+', fr: '=+' },
  AD01: { us: 'qQ', fr: 'aA' },
  AD02: { us: 'wW', fr: 'zZ' },
  AD12: { us: ']}', fr: '$£' },
  AC01: { us: 'aA', fr: 'qQ' },
  AC10: { us: ';:', fr: 'mM' },
  AC11: { us: '\'"', fr: 'ù%' },
  BKSL: { us: '\\|', fr: '*µ' },
  AB01: { us: 'zZ', fr: 'wW' },
  AB07: { us: 'mM', fr: ',?' },
  AB08: { us: ',<', fr: ';.' },
  AB09: { us: '.>', fr: ':/' },
  AB10: { us: '/?', fr: '!§' },
};

/** What a computer sees when a scanner of one layout presses the keys for a text, and the computer has another. */
function typed(text: string, scanner: 'us' | 'fr', computer: 'us' | 'fr'): string {
  return [...text]
    .map((character) => {
      const key = Object.values(KEYS).find((each) => each[scanner].includes(character));
      // Letters that stand in the same place on both, and the space.
      return key === undefined ? character : (key[computer][key[scanner].indexOf(character)] as string);
    })
    .join('');
}

const ALL = 'VT1:0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

describe("a scanner's line", () => {
  it.each([
    ['as it is', ALL, []],
    ['with CR', `${ALL}\r`, []],
    ['with LF', `${ALL}\n`, []],
    ['with CR and LF', `${ALL}\r\n`, []],
    ['with a tab', `${ALL}\t`, []],
    ['with a symbology identifier', `]Q1${ALL}\r`, ['symbology identifier']],
    ['in lower case', ALL.toLowerCase(), ['lower case']],
    ['of another case in part', `vT1:${ALL.slice(4)}`, ['lower case']],
    ['typed on AZERTY', typed(ALL, 'us', 'fr'), ['US scanner on a French (AZERTY) computer']],
    ['typed for AZERTY', typed(ALL, 'fr', 'us'), ['French (AZERTY) scanner on a US computer']],
  ])('%s', (_, line, repairs) => {
    expect(readScannerLine(line)).toEqual({ text: ALL, repairs });
  });

  it('keeps a space at its end, which may be the last character of the code', () => {
    expect(readScannerLine('VT1:AB \r\n').text).toBe('VT1:AB ');
  });

  it.each([
    ['', 'other-kind'],
    ['https://example.org', 'other-kind'],
    ['HC1:NCF', 'other-kind'],
    ['VT2:ABC', 'other-kind'],
    [`VT1:${'A'.repeat(1300)}`, 'too-long'],
    ['\u001b[2JVT1:', 'other-kind'],
  ])('%j is refused: %s', (line, code) => {
    expect(() => readScannerLine(line)).toThrow(expect.objectContaining({ code }));
  });

  it('of a whole QR code on the other layout is verified', async () => {
    const text = await offlineQr();
    for (const line of [typed(text, 'us', 'fr'), typed(text, 'fr', 'us'), `]Q1${text.toLowerCase()}\r\n`]) {
      const read = readScannerLine(line);
      expect(read.repairs).not.toHaveLength(0);
      await expect(verifyOfflineQr(read.text, expectations())).resolves.toMatchObject({ activation: 2 });
    }
  });
});
