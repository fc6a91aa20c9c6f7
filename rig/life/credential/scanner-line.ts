import { MOST_QR_CHARACTERS, OFFLINE_PREFIX } from './offline-qr.ts';
import { PRESENCE_PREFIX } from './presence-qr.ts';
import { QrRefusal } from './qr-refusal.ts';

/**
 * What a scanner types when it reads one of our QR codes. A scanner plays a keyboard: it ends the line its own way, may
 * send a symbology identifier in front, and types keys, which give other characters where the computer expects another
 * layout. Each of these is undone and named; what a wrong guess would let through, the signatures and the issuer refuse.
 */
export interface ScannedLine {
  readonly text: string;
  readonly repairs: readonly ScannerRepair[];
}

export type ScannerRepair =
  | 'symbology identifier'
  | 'lower case'
  | 'US scanner on a French (AZERTY) computer'
  | 'French (AZERTY) scanner on a US computer';

/** ISO/IEC 15424: `]Q` and a digit stand for a QR code. */
const SYMBOLOGY = /^\]Q[0-9]/;
/** Room for what stands around a text of the greatest length. */
const LONGEST_LINE = MOST_QR_CHARACTERS + 16;

/** The characters that our texts have, and what the same keys give on the other layout, in the same order. */
const OURS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const LAYOUTS: readonly { readonly repair: ScannerRepair; readonly typed: string }[] = [
  // On a French keyboard the digits need shift, M stands right of L, and A, Q, Z, W have changed places.
  {
    repair: 'US scanner on a French (AZERTY) computer',
    typed: 'à&é"\'(-è_çQBCDEFGHIJKL?NOPARSTUVZXYW 458+):!M',
  },
  {
    repair: 'French (AZERTY) scanner on a US computer',
    typed: ')!@#$%^&*(QBCDEFGHIJKL:NOPARSTUVZXYW ]"\\+6<>.',
  },
];

/**
 * The text of the QR code in one line of a scanner.
 * @param line with or without its line end (CR, LF, both, or a tab)
 * @throws {QrRefusal} `too-long`, or `other-kind` when it begins like none of ours on any layout
 */
export function readScannerLine(line: string): ScannedLine {
  if (line.length > LONGEST_LINE) throw new QrRefusal('too-long', `more than ${MOST_QR_CHARACTERS} characters`);
  // Only line ends: a space at the end may be the last character of the code.
  const whole = line.replace(/[\r\n\t]+$/, '');
  const text = whole.replace(SYMBOLOGY, '');
  const before: ScannerRepair[] = text === whole ? [] : ['symbology identifier'];
  if (isOurs(text)) return { text, repairs: before };
  const upper = text.toUpperCase();
  if (isOurs(upper)) return { text: upper, repairs: [...before, 'lower case'] };
  for (const { repair, typed } of LAYOUTS) {
    const translated = translate(text, typed);
    if (translated !== null && isOurs(translated)) return { text: translated, repairs: [...before, repair] };
  }
  throw new QrRefusal('other-kind', `it begins with neither ${OFFLINE_PREFIX} nor ${PRESENCE_PREFIX}`);
}

function isOurs(text: string): boolean {
  return text.startsWith(OFFLINE_PREFIX) || text.startsWith(PRESENCE_PREFIX);
}

/** Null: a character that no key gives there. */
function translate(text: string, typed: string): string | null {
  let translated = '';
  for (const character of text) {
    const at = typed.indexOf(character);
    if (at < 0) return null;
    translated += OURS[at];
  }
  return translated;
}
