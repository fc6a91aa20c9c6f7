import { crc32 } from '../../hal/crc32.ts';
import { CIPHER_NAMES, domainParameters, type TrustState } from '../../secure-channel/index.ts';
import { encodeTrust, isPrivateKey } from '../keys/key-coding.ts';
import { type ImageWriter, limit } from './image-writer.ts';
import { AES_USES, CURVE_USES, MOST_KEYS, USE_BITS } from './key-uses.ts';
import { INTERFACE_INDEX, INTERFACES, KEY, KEY_REGION, LARGEST_KEY_VALUE, TRUST } from './layout.ts';
import type { KeySpecification, KeyUse } from './specification.ts';
import { SpecificationError } from './specification-error.ts';

export interface PlacedKey {
  readonly directory: number;
  readonly key: KeySpecification;
}

export function keyRegionSize(keys: readonly PlacedKey[], trust: TrustState | null): number {
  if (keys.length === 0 && trust === null) return 0;
  return KEY_REGION.SIZE + keys.length * KEY.SIZE + (trust === null ? 0 : TRUST.SIZE);
}

/** The whole region. @throws {SpecificationError} */
export function writeKeyRegion(
  image: ImageWriter,
  at: number,
  keys: readonly PlacedKey[],
  trust: TrustState | null,
): void {
  limit(keys.length, 0, MOST_KEYS, 'keys of the card');
  image.fill(at, keyRegionSize(keys, trust), 0);
  image.byte(at + KEY_REGION.COUNT, keys.length);
  image.byte(at + KEY_REGION.HAS_TRUST, trust === null ? 0 : 1);
  image.checksum(at, KEY_REGION.CRC);
  keys.forEach((key, i) => {
    if (keys.findIndex((one) => one.directory === key.directory && one.key.reference === key.key.reference) !== i) {
      throw new SpecificationError(`two keys of reference ${hex(key.key.reference)} in one directory`);
    }
    writeKey(image, at + KEY_REGION.SIZE + i * KEY.SIZE, key);
  });
  if (trust !== null) {
    const bytes = encodeTrust(trust);
    if (bytes === null)
      throw new SpecificationError('a trust point or the date of the card does not fit into an image');
    image.bytes(at + KEY_REGION.SIZE + keys.length * KEY.SIZE, bytes);
  }
}

function writeKey(image: ImageWriter, at: number, { directory, key }: PlacedKey): void {
  checkKey(key, directory === 0);
  const { algorithm, value } = key;
  image.byte(at + KEY.KIND, algorithm.kind === 'aes' ? 1 : 2);
  image.byte(
    at + KEY.USES,
    key.uses.reduce((bits, use) => bits | USE_BITS[use], 0),
  );
  image.u16(at + KEY.DIRECTORY, directory);
  image.byte(at + KEY.REFERENCE, key.reference);
  image.byte(at + KEY.PARAMETER, algorithm.kind === 'aes' ? algorithm.bytes : domainParameters(algorithm.curve).id);
  image.byte(
    at + KEY.CIPHERS,
    key.ciphers.reduce((bits, cipher) => bits | (1 << CIPHER_NAMES.indexOf(cipher)), 0),
  );
  image.byte(at + KEY.TRIES, key.tries);
  for (const cardInterface of INTERFACES) {
    image.byte(at + KEY.ACCESS + INTERFACE_INDEX[cardInterface], key.access[cardInterface]);
    image.byte(at + KEY.GENERATE + INTERFACE_INDEX[cardInterface], key.generate[cardInterface]);
  }
  image.checksum(at, KEY.CRC);
  image.byte(at + KEY.TRIES_LEFT, key.tries);
  if (value === null) return;
  image.byte(at + KEY.PRESENT, 1);
  image.bytes(at + KEY.VALUE, value);
  image.u32(at + KEY.VALUE_CRC, crc32(image.image, at + KEY.VALUE, LARGEST_KEY_VALUE));
}

/** One use could be made to answer for another: only the two that prove who the reader is go together. */
export function isOnePurpose(uses: readonly KeyUse[]): boolean {
  return uses.length === 1 || uses.every((use) => use === 'external-authentication' || use === 'mutual-authentication');
}

export const ONE_PURPOSE = 'a key has one use; only external and mutual authentication go together';

/** What no single field shows to be wrong. */
function checkKey(key: KeySpecification, inMasterFile: boolean): void {
  const { reference, uses, algorithm, value, ciphers, tries } = key;
  const name = `key ${hex(reference)}`;
  const chip = uses.includes('chip-authentication');
  limit(uses.length, 1, Object.keys(USE_BITS).length, `uses of ${name}`);
  limit(tries, 0, 15, `tries of ${name}`);
  if (chip) {
    limit(reference, 0, 0xff, `reference of ${name}`);
    const only = uses.length === 1 && inMasterFile && algorithm.kind === 'ec' && ciphers.length > 0;
    if (!only) {
      throw new SpecificationError(
        `${name}: a key for chip authentication stands in the MF, is on a curve, names its ciphers, and does nothing else`,
      );
    }
  } else {
    limit(reference & 0x7f, 1, 0x1f, `reference of ${name}`);
    if (((reference & 0x80) === 0) !== inMasterFile) {
      throw new SpecificationError(`${name}: references 01 to 1F belong to the MF, 81 to 9F to another DF`);
    }
    if (ciphers.length > 0) throw new SpecificationError(`${name}: only a key for chip authentication has ciphers`);
  }
  if (!isOnePurpose(uses)) throw new SpecificationError(`${name}: ${ONE_PURPOSE}`);
  const fitting = algorithm.kind === 'aes' ? AES_USES : CURVE_USES;
  const wrong = uses.find((use) => (USE_BITS[use] & fitting) === 0);
  if (wrong !== undefined) {
    throw new SpecificationError(
      `${name}: ${wrong} is not done with ${algorithm.kind === 'aes' ? 'an AES key' : 'a curve'}`,
    );
  }
  if (algorithm.kind === 'aes') {
    if (value?.length !== algorithm.bytes)
      throw new SpecificationError(`${name}: an AES key of ${algorithm.bytes} bytes is needed`);
  } else if (value !== null && !isPrivateKey(algorithm.curve, value)) {
    throw new SpecificationError(`${name}: its value is no private key on ${algorithm.curve}`);
  }
}

function hex(reference: number): string {
  return reference.toString(16).toUpperCase().padStart(2, '0');
}
