import { fromHex, toHex } from '../../../../src/apdu/hex.ts';
import type { LinkedCard } from '../../../../src/hal/card-link.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';

export const HOST_KEY = '2B7E151628AED2A6ABF7158809CF4F3C';
export const CARD_KEY = '603DEB1015CA71BE2B73AEF0857D7781';

const crypto = nobleCrypto();

/**
 * A card of which the terminal proves that it knows a key, before it gives its one file: GET CHALLENGE, EXTERNAL
 * AUTHENTICATE with AES-CMAC of the challenge (8 bytes of it), then READ BINARY. INTERNAL AUTHENTICATE answers with
 * AES-CMAC of what it is sent, under a key of the card's own. Another challenge each time.
 */
export class ChallengeCard implements LinkedCard {
  readonly response: Uint8Array = new Uint8Array(258);
  readonly file: Uint8Array;
  /** Challenges given, in hex. */
  readonly challenges: string[] = [];
  readonly #random: SeededRandom;
  #challenge: Uint8Array | null = null;
  #proven = false;

  constructor(seed: string, file = 'E10E800130810235328203303031830130') {
    this.#random = new SeededRandom(seed);
    this.file = fromHex(file);
  }

  atr(): Uint8Array {
    return fromHex('3B80800101');
  }

  powerOn(): void {
    this.reset();
  }

  reset(): void {
    this.#challenge = null;
    this.#proven = false;
  }

  fieldOff(): void {
    this.reset();
  }

  deselect(): void {
    this.reset();
  }

  process(command: Uint8Array, offset: number, length: number): number {
    const answer = this.#answer(Uint8Array.from(command.subarray(offset, offset + length)));
    this.response.set(answer);
    return answer.length;
  }

  #answer(command: Uint8Array): Uint8Array {
    switch (toHex(command.subarray(0, 2))) {
      case '0084': {
        this.#challenge = new Uint8Array(8);
        this.#random.fill(this.#challenge, 0, 8);
        this.challenges.push(toHex(this.#challenge));
        return Uint8Array.of(...this.#challenge, 0x90, 0x00);
      }
      case '0082': {
        if (this.#challenge === null) return fromHex('6985');
        const wanted = toHex(crypto.cmac(fromHex(HOST_KEY), this.#challenge).subarray(0, 8));
        this.#challenge = null;
        this.#proven = toHex(command.subarray(5)) === wanted;
        return fromHex(this.#proven ? '9000' : '6300');
      }
      case '0088':
        return Uint8Array.of(...crypto.cmac(fromHex(CARD_KEY), command.subarray(5, 5 + command[4]!)), 0x90, 0x00);
      case '00B0':
        return this.#proven ? Uint8Array.of(...this.file, 0x90, 0x00) : fromHex('6982');
      default:
        return fromHex('6D00');
    }
  }
}
