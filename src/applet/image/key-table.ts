import { crc32 } from '../../hal/crc32.ts';
import type { Nvm } from '../../hal/nvm.ts';
import { CIPHER_NAMES, fieldLength, standardizedParameters } from '../../secure-channel/index.ts';
import type { CardFile } from '../files/card-file.ts';
import { decodeTrust, isPrivateKey } from '../keys/key-coding.ts';
import type { CardKey } from '../keys/key-store.ts';
import { ImageError } from './image-error.ts';
import { AES_USES, CURVE_USES, MOST_KEYS, PROVES_READER } from './key-uses.ts';
import { KEY, KEY_REGION, KEY_USE, LARGEST_KEY_VALUE, NO_PARENT, TRUST } from './layout.ts';
import { Section } from './section.ts';
import type { KeyRegion } from './superblock.ts';

export interface KeyTable {
  readonly keys: readonly CardKey[];
  /** Address of {@link TRUST}, or null. */
  readonly trust: number | null;
}

/** The keys whose DF is there. @throws {ImageError} */
export function readKeys(nvm: Nvm, region: KeyRegion | null, files: readonly CardFile[]): KeyTable {
  if (region === null) return { keys: [], trust: null };
  if (region.size < KEY_REGION.SIZE) throw new ImageError('the card image is damaged: size of its key region');
  const head = new Section(nvm, region.address, KEY_REGION.SIZE);
  head.check(KEY_REGION.CRC, 'key region');
  const count = head.byte(KEY_REGION.COUNT);
  const hasTrust = head.byte(KEY_REGION.HAS_TRUST);
  const size = KEY_REGION.SIZE + count * KEY.SIZE + hasTrust * TRUST.SIZE;
  if (count > MOST_KEYS || hasTrust > 1 || size !== region.size) {
    throw new ImageError('the card image is damaged: size of its key region');
  }
  const directories = new Map(files.filter((file) => file.isDirectory).map((file) => [file.index, file]));
  const keys: CardKey[] = [];
  for (let slot = 0; slot < count; slot++) {
    const key = readKey(nvm, region.address + KEY_REGION.SIZE + slot * KEY.SIZE, slot, directories);
    if (key === null) continue;
    if (keys.some((one) => one.directory === key.directory && one.reference === key.reference)) throw damaged(slot);
    keys.push(key);
  }
  const trust = hasTrust === 0 ? null : region.address + KEY_REGION.SIZE + count * KEY.SIZE;
  if (trust !== null && decodeTrust(new Section(nvm, trust, TRUST.SIZE).bytes(0, TRUST.SIZE)) === null) {
    throw new ImageError('the card image is damaged: its trust points make no sense');
  }
  return { keys, trust };
}

/** Null when its DF was deleted. */
function readKey(nvm: Nvm, address: number, slot: number, directories: ReadonlyMap<number, CardFile>): CardKey | null {
  const entry = new Section(nvm, address, KEY.SIZE);
  entry.check(KEY.CRC, `entry of key ${slot}`);
  if (entry.u16(KEY.DIRECTORY) === NO_PARENT) return null;
  const directory = directories.get(entry.u16(KEY.DIRECTORY));
  const algorithm = readAlgorithm(entry);
  if (directory === undefined || algorithm === null) throw damaged(slot);
  const key: CardKey = {
    slot,
    reference: entry.byte(KEY.REFERENCE),
    directory,
    cardWide: directory.index === 0,
    algorithm,
    uses: entry.byte(KEY.USES),
    ciphers: CIPHER_NAMES.filter((_, bit) => (entry.byte(KEY.CIPHERS) & (1 << bit)) !== 0),
    tries: entry.byte(KEY.TRIES),
    access: entry.bytes(KEY.ACCESS, 3),
    generate: entry.bytes(KEY.GENERATE, 3),
    address,
  };
  if (!isSound(key, entry) || !isValueSound(key, entry)) throw damaged(slot);
  return key;
}

function readAlgorithm(entry: Section): CardKey['algorithm'] | null {
  const parameter = entry.byte(KEY.PARAMETER);
  if (entry.byte(KEY.KIND) === 1) {
    return parameter === 16 || parameter === 24 || parameter === 32 ? { kind: 'aes', bytes: parameter } : null;
  }
  const curve = entry.byte(KEY.KIND) === 2 ? standardizedParameters(parameter)?.curve : undefined;
  return curve === undefined ? null : { kind: 'ec', curve };
}

function isSound(key: CardKey, entry: Section): boolean {
  const { reference, uses, algorithm, ciphers, tries, cardWide } = key;
  const fitting = algorithm.kind === 'aes' ? AES_USES : CURVE_USES;
  if (uses === 0 || (uses & ~fitting) !== 0 || tries > 15 || entry.byte(KEY.TRIES_LEFT) > tries) return false;
  // One purpose a key: see key-writer.ts.
  if ((uses & (uses - 1)) !== 0 && uses !== PROVES_READER) return false;
  if (entry.byte(KEY.CIPHERS) >> CIPHER_NAMES.length !== 0) return false;
  if ((uses & KEY_USE.CHIP_AUTHENTICATION) !== 0) {
    return uses === KEY_USE.CHIP_AUTHENTICATION && cardWide && ciphers.length > 0;
  }
  const number = reference & 0x7f;
  return ciphers.length === 0 && number >= 1 && number <= 0x1f && cardWide === ((reference & 0x80) === 0);
}

/** A key that is there is whole; only one on a curve may be missing. */
function isValueSound({ algorithm }: CardKey, entry: Section): boolean {
  const present = entry.byte(KEY.PRESENT);
  if (present > 1) return false;
  if (present === 0) return algorithm.kind === 'ec';
  const bytes = entry.bytes(KEY.VALUE, LARGEST_KEY_VALUE);
  if (crc32(bytes, 0, bytes.length) !== entry.u32(KEY.VALUE_CRC)) return false;
  const sound =
    algorithm.kind === 'aes' || isPrivateKey(algorithm.curve, bytes.subarray(0, fieldLength(algorithm.curve)));
  bytes.fill(0);
  return sound;
}

function damaged(slot: number): ImageError {
  return new ImageError(`the card image is damaged: key ${slot} makes no sense`);
}
