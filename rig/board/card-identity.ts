import type {
  CardSpecification,
  DirectorySpecification,
  KeySpecification,
} from '../../src/applet/image/specification.ts';
import { CannotRun } from '../console/failure.ts';

/** `random`: 08 and three bytes, drawn anew at each activation. Else the bytes, always the same. */
export type Uid = 'random' | Uint8Array;

/** Where a key stands: path of its directory by file identifiers (`3F00/DF01`), and its reference. */
export interface KeyPlace {
  readonly directory: string;
  readonly reference: number;
}

export interface CardKey extends KeyPlace {
  readonly value: Uint8Array;
}

/** What tells one card of a batch from another. */
export interface CardIdentity {
  /** Serial number of the card, made of the profile's. */
  serialOf(ofProfile: Uint8Array): Uint8Array;
  /** Null: the profile's. */
  readonly uid: Uid | null;
  /** Instead of those of the profile. */
  readonly keys: readonly CardKey[];
}

const SIZES: readonly number[] = [4, 7, 10];
/** A single size UID that begins so is random (ISO/IEC 14443-3). */
const RANDOM = 0x08;
/** Stands before the UID's bytes in a cascade level that is not the last. */
const CASCADE_TAG = 0x88;

/**
 * A UID as a list has it: `random`, or 4, 7 or 10 bytes in hexadecimal (single, double, triple size).
 * @param where for the sentence
 * @throws {CannotRun} a reader would take it for something else, or it is none
 */
export function parseUid(text: string, where: string): Uid {
  if (text.toLowerCase() === 'random') return 'random';
  const digits = text.replaceAll(' ', '');
  const bytes = /^(?:[0-9A-Fa-f]{2})+$/.test(digits) ? Uint8Array.from(Buffer.from(digits, 'hex')) : null;
  if (bytes === null || !SIZES.includes(bytes.length)) {
    throw new CannotRun(`${where}: “${text}” is no UID: \`random\`, or 4, 7 or 10 bytes in hexadecimal`);
  }
  const problem = uidProblem(bytes);
  if (problem !== null) throw new CannotRun(`${where}: “${text}” is no UID of a card: ${problem}`);
  return bytes;
}

function uidProblem(uid: Uint8Array): string | null {
  if (uid.length === 4 && uid[0] === RANDOM) return '08 begins a random one, which is written `random`';
  if (uid[0] === CASCADE_TAG) return '88 at its start is the cascade tag';
  if (uid.length === 7 && uid[3] === CASCADE_TAG) return '88 as its fourth byte is taken for the cascade tag';
  return null;
}

/** The keys that a card shares with somebody, and so gets from outside. A key on a curve is the card's own. */
export function symmetricKeysOf({ masterFile }: CardSpecification): readonly (KeyPlace & { readonly bytes: number })[] {
  const found: (KeyPlace & { readonly bytes: number })[] = [];
  eachDirectory(masterFile, '', (path, { keys = [] }) => {
    for (const { reference, algorithm } of keys) {
      if (algorithm.kind === 'aes') found.push({ directory: path, reference, bytes: algorithm.bytes });
    }
  });
  return found;
}

/** The card of a profile, with an identity of its own. */
export function identified(specification: CardSpecification, { serialOf, uid, keys }: CardIdentity): CardSpecification {
  const { link, serial, masterFile } = specification;
  return {
    ...specification,
    serial: serialOf(serial),
    link: uid === null ? link : { ...link, uid: uid === 'random' ? null : uid },
    masterFile: keys.length === 0 ? masterFile : withKeys(masterFile, '', keys),
  };
}

function withKeys(directory: DirectorySpecification, above: string, own: readonly CardKey[]): DirectorySpecification {
  const path = pathOf(directory, above);
  const ownValue = ({ reference }: KeySpecification): Uint8Array | null =>
    own.find((each) => each.directory === path && each.reference === reference)?.value ?? null;
  return {
    ...directory,
    keys: (directory.keys ?? []).map((key) => ({ ...key, value: ownValue(key) ?? key.value })),
    children: directory.children.map((child) => (child.kind === 'directory' ? withKeys(child, path, own) : child)),
  };
}

function eachDirectory(
  directory: DirectorySpecification,
  above: string,
  visit: (path: string, directory: DirectorySpecification) => void,
): void {
  const path = pathOf(directory, above);
  visit(path, directory);
  for (const child of directory.children) if (child.kind === 'directory') eachDirectory(child, path, visit);
}

function pathOf({ fid }: DirectorySpecification, above: string): string {
  const own = fid.toString(16).toUpperCase().padStart(4, '0');
  return above === '' ? own : `${above}/${own}`;
}
