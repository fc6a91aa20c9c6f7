import type { Nvm } from '../../hal/nvm.ts';
import { PASSWORD } from '../../secure-channel/index.ts';
import type { CardFile } from '../files/card-file.ts';
import { LARGEST_CODE, LARGEST_PASSWORD, PIN_STATE, type Pin } from '../pin/pin-store.ts';
import { ImageError } from './image-error.ts';
import { NO_PARENT, PIN } from './layout.ts';
import { Section } from './section.ts';
import { readSuperblock, type TableRegion } from './superblock.ts';

const LARGEST_REFERENCE = 0x1f;

/** The codes whose DF is there. @throws {ImageError} */
export function readPins(nvm: Nvm, region: TableRegion, files: readonly CardFile[]): Pin[] {
  const directories = directoriesOf(files);
  const pins: Pin[] = [];
  for (let slot = 0; slot < region.entries; slot++) {
    const address = region.address + slot * PIN.SIZE;
    const entry = new Section(nvm, address, PIN.SIZE);
    entry.check(PIN.CRC, `entry of code ${slot}`);
    if (entry.u16(PIN.DIRECTORY) === NO_PARENT) continue;
    const directory = directories.get(entry.u16(PIN.DIRECTORY));
    if (directory === undefined) throw damagedCode(slot);
    const pin = readPin(entry, directory, slot, address);
    if (pins.some((other) => isSame(other, directory, pin.reference))) throw damagedCode(slot);
    if (pin.password !== 0 && pins.some(({ password }) => password === pin.password)) throw damagedCode(slot);
    pins.push(pin);
  }
  for (const { slot, directory, unblockedBy } of pins) {
    if (unblockedBy !== 0 && !pins.some((other) => isSame(other, directory, unblockedBy))) throw damagedCode(slot);
  }
  return pins;
}

/** Whether a card of this memory has keys, or passwords of PACE: it needs more than hashes. False for no sound image. */
export function needsAllCrypto(nvm: Nvm): boolean {
  try {
    const { pins, keys } = readSuperblock(nvm);
    if (keys !== null) return true;
    for (let slot = 0; slot < pins.entries; slot++) {
      if (nvm.readByte(pins.address + slot * PIN.SIZE + PIN.PASSWORD) !== 0) return true;
    }
    return false;
  } catch (error) {
    if (error instanceof ImageError) return false;
    throw error;
  }
}

function readPin(entry: Section, directory: CardFile, slot: number, address: number): Pin {
  const reference = entry.byte(PIN.REFERENCE);
  const number = reference & 0x7f;
  const cardWide = (reference & 0x80) === 0;
  const minLength = entry.byte(PIN.MIN_LENGTH);
  const maxLength = entry.byte(PIN.MAX_LENGTH);
  const paddedLength = entry.byte(PIN.PADDED_LENGTH);
  const tries = entry.byte(PIN.TRIES);
  const sound =
    number >= 1 &&
    number <= LARGEST_REFERENCE &&
    cardWide === (directory.index === 0) &&
    minLength >= 1 &&
    minLength <= maxLength &&
    maxLength <= (paddedLength === 0 ? LARGEST_CODE : paddedLength) &&
    paddedLength <= LARGEST_CODE &&
    tries >= 1 &&
    tries <= 15 &&
    entry.byte(PIN.TRIES_LEFT) <= tries &&
    entry.byte(PIN.STATE) <= PIN_STATE.REQUIREMENT_DISABLED + PIN_STATE.DEACTIVATED &&
    entry.byte(PIN.PASSWORD) <= PASSWORD.PUK &&
    (entry.byte(PIN.PASSWORD) === 0 || (paddedLength === 0 && maxLength <= LARGEST_PASSWORD));
  if (!sound) throw damagedCode(slot);
  const flags = entry.byte(PIN.FLAGS);
  return {
    slot,
    reference,
    directory,
    cardWide,
    minLength,
    maxLength,
    paddedLength,
    paddingByte: entry.byte(PIN.PADDING),
    tries,
    access: entry.bytes(PIN.ACCESS, 3),
    unlocksHolder: (flags & 1) !== 0,
    canBeDisabled: (flags & 2) !== 0,
    unblockedBy: entry.byte(PIN.UNBLOCKED_BY),
    password: entry.byte(PIN.PASSWORD),
    address,
  };
}

function directoriesOf(files: readonly CardFile[]): Map<number, CardFile> {
  return new Map(files.filter((file) => file.isDirectory).map((file) => [file.index, file]));
}

function isSame(pin: Pin, directory: CardFile, reference: number): boolean {
  return pin.directory === directory && pin.reference === reference;
}

function damagedCode(slot: number): ImageError {
  return new ImageError(`the card image is damaged: code ${slot} makes no sense`);
}
