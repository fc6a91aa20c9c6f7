import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { crc32 } from '../../src/hal/crc32.ts';
import { encodePut, PUT_OUTCOME } from '../../src/hal/firmware/put-messages.ts';

/** What the loader does with an image that has come whole. */
export interface CardPlace {
  /** Bytes of the largest image that the pages of flash hold. */
  readonly largest: number;
  /** Whether this is the image of a card that would start. */
  readonly isCard: (image: Uint8Array) => boolean;
  /**
   * Puts it in the place of what is there, all of it or nothing.
   * @returns what the flash gives back; null: it took nothing, and the old card stays
   */
  readonly replace: (image: Uint8Array) => Uint8Array | null;
}

/** Takes the image of another card from the host, in parts and in order; a host that was cut off goes on where it was. */
export class CardLoader {
  readonly #place: CardPlace;
  #image: Uint8Array = new Uint8Array(0);
  #crc = 0;
  #received = 0;
  /** Another card is in the flash: the board has to start anew. */
  replaced = false;

  constructor(place: CardPlace) {
    this.#place = place;
  }

  begin(size: number, crc: number): Uint8Array {
    if (size === 0 || size > this.#place.largest) return encodePut(PUT_OUTCOME.tooLarge, this.#place.largest);
    if (size !== this.#image.length || crc !== this.#crc) {
      this.#image = new Uint8Array(size);
      this.#crc = crc;
      this.#received = 0;
    }
    return encodePut(PUT_OUTCOME.taken, this.#received);
  }

  /** A part that does not begin where the last one ended is not taken: the answer says where it should. */
  part(at: number, bytes: Uint8Array): Uint8Array {
    if (at === this.#received && bytes.length <= this.#image.length - at) {
      this.#image.set(bytes, at);
      this.#received += bytes.length;
    }
    return encodePut(PUT_OUTCOME.taken, this.#received);
  }

  /** The answer has the checksum of what the flash gives back. */
  end(): Uint8Array {
    const image = this.#image;
    if (this.#received !== image.length || image.length === 0) return encodePut(PUT_OUTCOME.torn, this.#received);
    if (crc32(image, 0, image.length) !== this.#crc) return this.#refuse(PUT_OUTCOME.torn);
    if (!this.#place.isCard(copyBytes(image, 0, image.length))) return this.#refuse(PUT_OUTCOME.noCard);
    const there = this.#place.replace(image);
    if (there === null) return this.#refuse(PUT_OUTCOME.noFlash);
    this.replaced = true;
    return encodePut(PUT_OUTCOME.taken, crc32(there, 0, there.length));
  }

  #refuse(outcome: number): Uint8Array {
    this.#image = new Uint8Array(0);
    this.#received = 0;
    return encodePut(outcome, 0);
  }
}
