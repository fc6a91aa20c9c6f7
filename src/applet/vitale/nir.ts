/**
 * The NIR, the French social security number: 13 characters and a key of two digits.
 *
 * sex (1 male, 2 female) · year of birth (2) · month (01 to 12, or 20 to 99 when it is unknown) · department (2,
 * or 3 for 97x and 98x) · commune (3, or 2), or the country after 99 · order (3).
 *
 * Where readings differ, this is what holds here:
 * - {@link readNir} is strict: no spaces, no lower case (`2a` is refused). What a person types goes through
 *   {@link normaliseNir} first, which takes both.
 * - Department: 01 to 99, 2A, 2B. 20 is Corsica before 1976; 96 and 981 stand although they are not in use.
 * - Commune and order are never all zeros; neither is the country after 99.
 * - First digit 7 or 8 is a provisional number, 5 or 6 that of a migrant in transit: 13 digits, no key, and no
 *   NIR. Their second digit is not checked (older ones have 0). First digit 3, 4, 9 or 0 is refused.
 */
export type NirReading = Nir | NumberInWaiting | NotANir;

export interface Nir {
  readonly kind: 'nir';
  /** The 13 characters. */
  readonly text: string;
  readonly sex: 'male' | 'female';
  /** Last two digits. */
  readonly year: string;
  /** `01` to `12`, or above when it is unknown. */
  readonly month: string;
  /** `75`, `2A`, `974`, or `99` for a birth abroad. */
  readonly department: string;
  /** Commune in the department (3 digits, 2 after 97x and 98x), or the country after 99. */
  readonly commune: string;
  readonly order: string;
}

/** A number given until the NIR is known. It has no key. */
export interface NumberInWaiting {
  readonly kind: 'provisional' | 'migrant';
  readonly text: string;
}

export interface NotANir {
  readonly kind: 'refused';
  /** Why, without the number: `month 13 is neither 01 to 12 nor 20 to 99`. */
  readonly reason: string;
}

/** A NIR with the key that was written beside it, right or wrong. */
export interface KeyedNir {
  /** 13 characters. */
  readonly nir: string;
  /** 2 digits. */
  readonly key: string;
}

const refused = (reason: string): NotANir => ({ kind: 'refused', reason });

/** Reads 13 characters as they stand on a card. Never throws. */
export function readNir(text: string): NirReading {
  if (text.length !== 13) return refused(`${text.length} characters, a NIR has 13`);
  const first = text.charAt(0);
  if ('5678'.includes(first) && /^\d{13}$/.test(text)) return { kind: first < '7' ? 'migrant' : 'provisional', text };
  if (first !== '1' && first !== '2') return refused(`first character ${printable(first)} is neither 1 nor 2`);
  if (!/^\d{5}(?:\d\d|2A|2B)\d{6}$/.test(text)) return refused('a character that is no digit, outside 2A and 2B');

  const month = text.slice(3, 5);
  if (month === '00' || (month > '12' && month < '20')) {
    return refused(`month ${month} is neither 01 to 12 nor 20 to 99`);
  }
  const overseas = text.startsWith('97', 5) || text.startsWith('98', 5);
  const communeAt = overseas ? 8 : 7;
  const department = text.slice(5, communeAt);
  const commune = text.slice(communeAt, 10);
  const order = text.slice(10);
  if (department === '00') return refused('department 00');
  if (/^0+$/.test(commune)) return refused(`${department === '99' ? 'country' : 'commune'} ${commune}`);
  if (order === '000') return refused('order 000');
  return {
    kind: 'nir',
    text,
    sex: first === '1' ? 'male' : 'female',
    year: text.slice(1, 3),
    month,
    department,
    commune,
    order,
  };
}

/**
 * The key, `01` to `97`: 97 less the remainder of the number by 97, with 2A counted as 19 and 2B as 18.
 * @throws {RangeError} not 13 digits, 2A and 2B apart
 */
export function nirKey(nir: string): string {
  if (!/^\d{5}(?:\d\d|2A|2B)\d{6}$/.test(nir)) throw new RangeError('a key is made from 13 digits, 2A and 2B apart');
  const department = nir.slice(5, 7);
  const counted = department === '2A' ? '19' : department === '2B' ? '18' : department;
  const key = 97 - (Number(nir.slice(0, 5) + counted + nir.slice(7)) % 97);
  return key < 10 ? `0${key}` : `${key}`;
}

/** Whether the number is a NIR and the key is its key. */
export function isKeyed(number: KeyedNir): boolean {
  return readNir(number.nir).kind === 'nir' && nirKey(number.nir) === number.key;
}

/** What a person types: spaces go, letters become capitals. */
export function normaliseNir(text: string): string {
  return text.replace(/[ \u00a0\u202f]/g, '').toUpperCase();
}

/** Grouped for people: `2 75 12 63 220 749`, and the key after it when it is given. */
export function formatNir(nir: string, key?: string): string {
  const groups = /^[5-8]/.test(nir) ? [1, 1, 3, 8] : [1, 2, 2, 2, 3, 3];
  const parts: string[] = [];
  let at = 0;
  for (const length of groups) {
    parts.push(nir.slice(at, at + length));
    at += length;
  }
  if (key !== undefined) parts.push(key);
  return parts.filter((part) => part !== '').join(' ');
}

function printable(character: string): string {
  return character >= '!' && character <= '~' ? character : 'not printable';
}
