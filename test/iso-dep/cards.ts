import { fromHex, toHex } from '../../src/apdu/hex.ts';
import type { LinkedCard } from '../../src/hal/card-link.ts';
import type { Ats } from '../../src/iso-dep/ats.ts';
import { IsoDepCard, type IsoDepCardOptions } from '../../src/iso-dep/card.ts';

/** A card that answers what it is told to answer, and counts. */
export class TestCard implements LinkedCard {
  readonly response: Uint8Array = new Uint8Array(65_538);
  readonly told: string[] = [];
  executed = 0;
  readonly #answer: (command: Uint8Array) => Uint8Array;

  /** @param answer default: the command back, and 9000 */
  constructor(answer: (command: Uint8Array) => Uint8Array = echoed) {
    this.#answer = answer;
  }

  atr(): Uint8Array {
    return Uint8Array.of(0x3b, 0x80, 0x80, 0x01, 0x01);
  }
  powerOn(): void {
    this.told.push('powerOn');
  }
  reset(): void {
    this.told.push('reset');
  }
  fieldOff(): void {
    this.told.push('fieldOff');
  }
  deselect(): void {
    this.told.push('deselect');
  }
  process(command: Uint8Array, offset: number, length: number): number {
    this.executed++;
    const response = this.#answer(Uint8Array.from(command.subarray(offset, offset + length)));
    this.response.set(response);
    return response.length;
  }
}

export function echoed(command: Uint8Array): Uint8Array {
  return Uint8Array.of(...command, 0x90, 0x00);
}

/** 00, 01, 02 … */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i);
}

/** FSC 256, FWI 4, CID, 106 kbit/s only, no historical bytes. */
export const PLAIN_ATS: Omit<Ats, 'fsc'> = {
  fsci: 8,
  toReader: [],
  toCard: [],
  sameRateOnly: false,
  fwi: 4,
  sfgi: 0,
  cidSupported: true,
  nadSupported: false,
  historicalBytes: new Uint8Array(0),
};

/** A card that was selected and has answered this RATS. */
export function answering(
  linked: LinkedCard,
  options: { rats?: string; ats?: Partial<Omit<Ats, 'fsc'>> } & Omit<IsoDepCardOptions, 'ats'> = {},
): IsoDepCard {
  const { rats = 'E080', ats = {}, ...others } = options;
  const card = new IsoDepCard(linked, { ats: { ...PLAIN_ATS, ...ats }, ...others });
  card.start();
  if (send(card, rats) === null) throw new Error(`mute to RATS ${rats}`);
  return card;
}

/** @returns the answer in hex, null when the card is mute */
export function send(card: IsoDepCard, frame: string): string | null {
  const bytes = fromHex(frame);
  const length = card.receive(bytes, 0, bytes.length);
  return length === 0 ? null : toHex(card.frame.subarray(0, length));
}
