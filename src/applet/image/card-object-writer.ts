import { LIFE_CYCLE } from '../files/life-cycle.ts';
import { type ImageWriter, limit } from './image-writer.ts';
import { CARD, INTERFACE_INDEX } from './layout.ts';
import type { CardSpecification } from './specification.ts';
import { SpecificationError } from './specification-error.ts';

/** @throws {SpecificationError} */
export function writeCard(image: ImageWriter, at: number, spec: CardSpecification): void {
  const { link } = spec;
  if (!/^[\x20-\x7e]{1,16}$/.test(spec.profile))
    throw new SpecificationError('a profile name has 1 to 16 ASCII characters');
  limit(spec.serial.length, 1, 16, 'serial number');
  limit(spec.secret.length, 32, 32, 'card secret');
  limit(link.historicalBytes.length, 0, 15, 'historical bytes');
  image.fill(at, CARD.SIZE, 0);
  image.text(at + CARD.PROFILE, spec.profile);
  image.byte(at + CARD.SERIAL_LENGTH, spec.serial.length);
  image.bytes(at + CARD.SERIAL, spec.serial);
  image.bytes(at + CARD.SECRET, spec.secret);
  image.byte(at + CARD.INTERFACE, INTERFACE_INDEX[spec.interface]);
  image.byte(at + CARD.PROTOCOL, link.protocol === 'T=0' ? 0 : 1);
  image.byte(at + CARD.HISTORICAL_LENGTH, link.historicalBytes.length);
  image.bytes(at + CARD.HISTORICAL, link.historicalBytes);
  if (link.atr !== null) {
    limit(link.atr.length, 2, 33, 'ATR');
    image.byte(at + CARD.ATR_LENGTH, link.atr.length);
    image.bytes(at + CARD.ATR, link.atr);
  }
  if (link.uid !== null) {
    if (![4, 7, 10].includes(link.uid.length)) throw new SpecificationError('a UID has 4, 7 or 10 bytes');
    image.byte(at + CARD.UID_LENGTH, link.uid.length);
    image.bytes(at + CARD.UID, link.uid);
  }
  if (spec.holder !== null) {
    limit(spec.holder.windowSeconds, 1, 3600, 'seconds of the presentation window');
    limit(spec.holder.uses, 1, 255, 'uses of the presentation window');
    image.byte(at + CARD.HOLDER, 1);
    image.u16(at + CARD.WINDOW_SECONDS, spec.holder.windowSeconds);
    image.byte(at + CARD.WINDOW_USES, spec.holder.uses);
  }
  image.checksum(at, CARD.CRC);
  image.byte(at + CARD.LIFE_CYCLE, LIFE_CYCLE.ACTIVATED);
  image.byte(at + CARD.LIFE_CYCLE + 1, ~LIFE_CYCLE.ACTIVATED & 0xff);
}
