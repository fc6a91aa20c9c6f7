import type { CardInterface } from '../../hal/card-link.ts';
import type { Nvm } from '../../hal/nvm.ts';
import { LIFE_CYCLE } from '../files/life-cycle.ts';
import { ImageError } from './image-error.ts';
import { CARD, INTERFACES } from './layout.ts';
import { Section } from './section.ts';
import type { HolderSpecification, LinkPersonality } from './specification.ts';

/** What an image says of the card as a whole. */
export interface CardObject {
  readonly profile: string;
  readonly serial: Uint8Array;
  readonly secret: Uint8Array;
  readonly interface: CardInterface;
  readonly link: LinkPersonality;
  readonly holder: HolderSpecification | null;
}

/** @throws {ImageError} */
export function readCardObject(nvm: Nvm, address: number): CardObject {
  const card = new Section(nvm, address, CARD.SIZE);
  card.check(CARD.CRC, 'card object');
  const lifeCycle = card.byte(CARD.LIFE_CYCLE);
  const known = lifeCycle === LIFE_CYCLE.ACTIVATED || lifeCycle === LIFE_CYCLE.TERMINATED;
  if (!known || (lifeCycle ^ card.byte(CARD.LIFE_CYCLE + 1)) !== 0xff) {
    throw new ImageError('the card image is damaged: life cycle of the card');
  }
  const cardInterface = INTERFACES[card.byte(CARD.INTERFACE)];
  if (cardInterface === undefined) throw new ImageError('the card image names an unknown interface');
  return {
    profile: readProfile(card),
    serial: readBytes(card, CARD.SERIAL, CARD.SERIAL_LENGTH, 'serial number', [1, 16]),
    secret: card.bytes(CARD.SECRET, 32),
    interface: cardInterface,
    link: readLink(card),
    holder: readHolder(card),
  };
}

/** Printable ASCII, filled up with 00: the name goes to terminals and pages. */
function readProfile(card: Section): string {
  const bytes = card.bytes(CARD.PROFILE, 16);
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  const name = bytes.subarray(0, length);
  if (length === 0 || name.some((byte) => byte < 0x20 || byte > 0x7e)) {
    throw new ImageError('the card image is damaged: name of the profile');
  }
  return String.fromCharCode(...name);
}

function readLink(card: Section): LinkPersonality {
  const protocol = card.byte(CARD.PROTOCOL);
  const atr = readBytes(card, CARD.ATR, CARD.ATR_LENGTH, 'ATR', [0, 33]);
  const uid = readBytes(card, CARD.UID, CARD.UID_LENGTH, 'UID', [0, 10]);
  if (protocol > 1 || (protocol === 0 && atr.length === 0)) {
    throw new ImageError('the card image is damaged: protocol of the card');
  }
  if (atr.length === 1) throw new ImageError('the card image is damaged: ATR');
  if (![0, 4, 7, 10].includes(uid.length)) throw new ImageError('the card image is damaged: UID');
  return {
    protocol: protocol === 0 ? 'T=0' : 'T=1',
    historicalBytes: readBytes(card, CARD.HISTORICAL, CARD.HISTORICAL_LENGTH, 'historical bytes', [0, 15]),
    atr: atr.length === 0 ? null : atr,
    uid: uid.length === 0 ? null : uid,
  };
}

function readHolder(card: Section): HolderSpecification | null {
  const present = card.byte(CARD.HOLDER);
  const holder = { windowSeconds: card.u16(CARD.WINDOW_SECONDS), uses: card.byte(CARD.WINDOW_USES) };
  const timed = holder.windowSeconds >= 1 && holder.windowSeconds <= 3600 && holder.uses >= 1;
  if (present > 1 || (present === 1 && !timed)) {
    throw new ImageError("the card image is damaged: the holder's presentation window");
  }
  return present === 1 ? holder : null;
}

function readBytes(
  card: Section,
  at: number,
  lengthAt: number,
  what: string,
  [least, most]: readonly [least: number, most: number],
): Uint8Array {
  const length = card.byte(lengthAt);
  if (length < least || length > most) throw new ImageError(`the card image is damaged: ${what}`);
  return card.bytes(at, length);
}
