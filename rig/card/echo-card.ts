import type { LinkedCard } from '../../src/hal/card-link.ts';

/** `80 10 00 00 Lc data Le`: the card answers the data and 9000. */
const ECHO_INS = 0x10;

/** A card that sends back what it gets, and knows nothing else: what is timed with it is the way to the card. */
export class EchoCard implements LinkedCard {
  readonly response: Uint8Array = new Uint8Array(258);
  readonly #atr: Uint8Array;

  /** @param name up to 15 letters of ASCII, the historical bytes: by these the card is known again */
  constructor(name = 'VITAP') {
    const historical = Array.from(name, (letter) => letter.charCodeAt(0));
    const atr = Uint8Array.of(0x3b, 0x80 | historical.length, 0x80, 0x01, ...historical, 0);
    for (let i = 1; i < atr.length - 1; i++) (atr[atr.length - 1] as number) ^= atr[i] as number;
    this.#atr = atr;
  }

  atr(): Uint8Array {
    return this.#atr;
  }

  powerOn(): void {}
  reset(): void {}
  fieldOff(): void {}
  deselect(): void {}

  process(command: Uint8Array, offset: number, length: number): number {
    const size = command[offset + 4] ?? 0;
    if (command[offset] !== 0x80 || command[offset + 1] !== ECHO_INS) return this.#status(0, 0x6d00);
    if (length < 5 + size) return this.#status(0, 0x6700);
    this.response.set(command.subarray(offset + 5, offset + 5 + size));
    return this.#status(size, 0x9000);
  }

  #status(at: number, sw: number): number {
    this.response[at] = sw >> 8;
    this.response[at + 1] = sw & 0xff;
    return at + 2;
  }
}

/** The command that makes the card send back `data`, 1 to 255 bytes. */
export function echoCommand(data: Uint8Array): Uint8Array {
  return Uint8Array.of(0x80, ECHO_INS, 0, 0, data.length, ...data, 0);
}
