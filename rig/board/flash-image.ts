import { basename } from 'node:path';
import { toHex } from '../../src/apdu/hex.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { contentsOf } from '../card/image-name.ts';
import { buildImage, readImage } from '../card/open.ts';
import { CannotRun } from '../console/failure.ts';
import { type CardIdentity, identified } from './card-identity.ts';

/** An image that was checked and can go onto a board. */
export interface FlashImage {
  /** For people: the file, or the profile it was made of. */
  readonly source: string;
  readonly contents: Uint8Array;
  readonly profile: string;
  /** Serial number of the card, hex. */
  readonly cardSerial: string;
}

/**
 * Reads an image file and checks it whole.
 * @param wanted the profile it must be of, by name or file; null for any
 * @throws {CannotRun} damaged, for another profile, or its link is none that a board has; {HalError} `storage`, `damaged`
 */
export function readFlashImage(path: string, wanted: string | null): FlashImage {
  return checkFlashImage(path, contentsOf(path), wanted);
}

/**
 * A new card of a profile, never made before.
 * @throws {ProfileError}, {CannotRun}
 */
export async function newFlashImage(profile: string, identity: CardIdentity): Promise<FlashImage> {
  const image = await buildImage(profile, null, (specification) => identified(specification, identity));
  return checkFlashImage(`a new card of ${profile}`, image, null);
}

function checkFlashImage(source: string, contents: Uint8Array, wanted: string | null): FlashImage {
  const image = readImage(new MemoryNvm(contents), `the board was not changed: ${source}`);
  const name = wanted === null ? null : basename(wanted).replace(/\.ya?ml$/, '');
  if (name !== null && image.profile !== name) {
    throw new CannotRun(`${source} is a card of profile ${image.profile}, not of ${name}; the board was not changed`);
  }
  return { source, contents, profile: image.profile, cardSerial: toHex(image.serial) };
}
