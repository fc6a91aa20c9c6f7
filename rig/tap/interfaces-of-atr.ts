import type { CardInterface } from '../../src/hal/card-link.ts';

/** An interface that a reader reaches a card through. */
export type ReaderInterface = 'contact' | 'contactless';

/**
 * Through which interface a card is read, as far as it shows. PC/SC readers make `3B 8n 80 01 …` for a contactless card of
 * ISO/IEC 14443-4, and a contact card that speaks T=0 and T=1 has one of that shape too: then it may be either.
 * @param known what is known of the interface besides; `wired` is judged as contact
 */
export function interfacesOf(atr: Uint8Array, known: CardInterface | null): readonly ReaderInterface[] {
  if (known !== null) return [known === 'contactless' ? 'contactless' : 'contact'];
  const either = atr[0] === 0x3b && ((atr[1] as number) & 0xf0) === 0x80 && atr[2] === 0x80 && atr[3] === 0x01;
  return either ? ['contact', 'contactless'] : ['contact'];
}
