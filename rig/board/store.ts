import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../../src/apdu/hex.ts';
import { openImage } from '../../src/applet/image/card-image.ts';
import { FileNvm } from '../../src/hal/nvm/file.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import { contentsOf, type ImageName, type ImageNames } from '../card/image-name.ts';
import { readInputText } from '../console/input-file.ts';
import { makeFolder, PRIVATE } from '../console/make-folder.ts';
import { stateFolder } from '../console/state-folder.ts';
import { type BoardIdentity, identifyBoard } from '../endpoint/board-identity.ts';
import { listedPorts } from '../endpoint/ports.ts';

/**
 * The station's board store: the chip has no memory for a card, so the station keeps each board's card, in a folder
 * named by the board's key. `card.img` is the card itself and changes as it is used; `flashed.json` says how it came
 * there.
 */
const CARD = 'card.img';
const FLASHED = 'flashed.json';

/** How the card came onto the board. */
export interface StoredCard {
  readonly schema: 'vitap-flashed-card';
  readonly schemaVersion: 2;
  readonly board: string;
  /** The card that this is about, in hex: a card that was put there in another way is not described by it. */
  readonly cardSerial: string;
  readonly profile: string;
  /** Names the contents as they were flashed, for those who have the lab's key. */
  readonly image: ImageName;
  /** Number of the board as the list of a batch has it, or null. */
  readonly serialNumber: string | null;
  readonly flashedAt: string;
  readonly station: string;
  /** How it was read back over the field, or why not. */
  readonly verified: string;
}

function boardFolder(folder: string, { key }: Pick<BoardIdentity, 'key'>): string {
  return join(folder, 'boards', key);
}

/** The image file of a board's card, there or not. */
export function imageOf(folder: string, identity: Pick<BoardIdentity, 'key'>): string {
  return join(boardFolder(folder, identity), CARD);
}

/**
 * The image file of the card that was flashed onto a board, or null when there is none: what `vitap emulate --link
 * pn532:PORT` starts without being told which card.
 * @param port path of the board's port
 */
export async function storedCardOf(
  port: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const image = imageOf(stateFolder(env), identifyBoard(port, await listedPorts()));
  return existsSync(image) ? image : null;
}

/**
 * Puts a card onto a board, in one step: before it the old card is there, after it the new one.
 * @returns the image file
 * @throws {HalError} `busy` when the board's card is being emulated just now, `storage`
 */
export function storeCard(folder: string, identity: Pick<BoardIdentity, 'key'>, contents: Uint8Array): string {
  makeFolder(boardFolder(folder, identity), PRIVATE);
  const image = imageOf(folder, identity);
  FileNvm.create(image, contents).close();
  return image;
}

/**
 * The card on a board that is no longer as it was flashed: something was written into it that is nowhere else.
 * @returns `a card of profile vitale2, serial number 0001`; null for no card, or one that still is as it was flashed
 */
export function usedCardOn(folder: string, identity: Pick<BoardIdentity, 'key'>, names: ImageNames): string | null {
  const image = imageOf(folder, identity);
  if (!existsSync(image)) return null;
  try {
    const contents = contentsOf(image);
    const flashed = readStored(folder, identity)?.image;
    const { hmac, key } = names.of(contents);
    // Under another key nothing is known of it: then it counts as used.
    if (flashed?.key === key && flashed.hmac === hmac) return null;
    const { profile, serial } = openImage(new MemoryNvm(contents));
    return `a card of profile ${profile}, serial number ${toHex(serial)}`;
  } catch {
    return 'a card image that this program cannot read';
  }
}

/** Says how the card came there. @throws {HalError} `storage` */
export function describeStored(folder: string, identity: Pick<BoardIdentity, 'key'>, stored: StoredCard): void {
  replaceFile(join(boardFolder(folder, identity), FLASHED), [Buffer.from(`${JSON.stringify(stored, null, 2)}\n`)]);
}

/** What is known of the card on a board; null when there is none, or nothing is known. */
export function readStored(folder: string, identity: Pick<BoardIdentity, 'key'>): StoredCard | null {
  if (!existsSync(imageOf(folder, identity))) return null;
  try {
    const stored = JSON.parse(
      readInputText(join(boardFolder(folder, identity), FLASHED), 'what is known of a card'),
    ) as StoredCard;
    return stored.schema === 'vitap-flashed-card' && [1, 2].includes(stored.schemaVersion) ? stored : null;
  } catch {
    return null;
  }
}
