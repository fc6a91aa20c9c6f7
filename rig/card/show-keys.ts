import { USE_BITS } from '../../src/applet/image/key-uses.ts';
import { KEY, TRUST } from '../../src/applet/image/layout.ts';
import type { KeyUse } from '../../src/applet/image/specification.ts';
import { decodeTrust } from '../../src/applet/keys/key-coding.ts';
import type { CardKey } from '../../src/applet/keys/key-store.ts';
import type { Nvm } from '../../src/hal/nvm.ts';
import { referenceText } from '../pki/reference.ts';
import { counted } from '../report/words.ts';

/** A key without its value. */
export interface ShownKey {
  readonly reference: string;
  readonly of: string;
  readonly uses: readonly KeyUse[];
  /** `AES-128`, `brainpoolP256r1`. */
  readonly algorithm: string;
  readonly present: boolean;
  /** Null for a key without a counter. */
  readonly triesLeft: number | null;
  readonly tries: number | null;
}

/** Whose certificates the card believes. */
export interface ShownTrust {
  /** The card's own date, YYYY-MM-DD. */
  readonly date: string;
  readonly points: readonly { readonly name: string; readonly curve: string; readonly expires: string }[];
}

/** @param of path of its directory */
export function describeKey(key: CardKey, of: string, nvm: Nvm): ShownKey {
  const counted = key.tries > 0;
  return {
    reference: key.reference.toString(16).toUpperCase().padStart(2, '0'),
    of,
    uses: (Object.keys(USE_BITS) as KeyUse[]).filter((use) => (key.uses & USE_BITS[use]) !== 0),
    algorithm: key.algorithm.kind === 'aes' ? `AES-${8 * key.algorithm.bytes}` : key.algorithm.curve,
    present: nvm.readByte(key.address + KEY.PRESENT) === 1,
    triesLeft: counted ? nvm.readByte(key.address + KEY.TRIES_LEFT) : null,
    tries: counted ? key.tries : null,
  };
}

export function describeTrust(address: number | null, nvm: Nvm): ShownTrust | null {
  if (address === null) return null;
  const bytes = new Uint8Array(TRUST.SIZE);
  nvm.read(address, bytes, 0, bytes.length);
  const trust = decodeTrust(bytes);
  if (trust === null) return null;
  return {
    date: day(trust.date),
    points: trust.trustPoints.map(({ holderReference, curve, expirationDate }) => ({
      name: referenceText(holderReference),
      curve,
      expires: day(expirationDate),
    })),
  };
}

export function keyLines(keys: readonly ShownKey[]): string[] {
  if (keys.length === 0) return [];
  const lines = keys.map(({ reference, of, uses, algorithm, present, triesLeft, tries }) => {
    const counter = tries === null ? '' : `, ${triesLeft} of ${counted(tries, 'try', 'tries')} left`;
    return `  ${reference} of ${of.slice(-4)}: ${algorithm}, ${uses.join(', ')}${present ? '' : ', not generated yet'}${counter}`;
  });
  return ['', 'Keys', ...lines];
}

export function trustLines(trust: ShownTrust | null): string[] {
  if (trust === null) return [];
  const points = trust.points.map(({ name, curve, expires }) => `  ${name}: ${curve}, until ${expires}`);
  return ['', `Trust points, the card's date being ${trust.date}`, ...points];
}

function day(date: number): string {
  const digits = String(date).padStart(6, '0');
  return `20${digits.slice(0, 2)}-${digits.slice(2, 4)}-${digits.slice(4)}`;
}
