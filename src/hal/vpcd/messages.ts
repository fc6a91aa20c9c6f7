/** vpcd's messages, both ways: a length of two bytes, big-endian, and that many bytes. */
export const LENGTH_BYTES = 2;
/** The longest body that the length can tell. */
export const LARGEST_BODY = 0xffff;

/** Bodies of one byte that are not commands for the card. All but GET_ATR go unanswered. */
export const CONTROL = { powerOff: 0x00, powerOn: 0x01, reset: 0x02, getAtr: 0x04 } as const;

/** A short command with all of its data, or the longest short answer. */
const USUAL_BODY = 261;

/** Finds the messages in a stream of chunks that may split and merge them anywhere. Makes nothing for a usual message. */
export class MessageReader {
  /** Grows to the longest message that came in parts: a chip has no room for the longest there may be. */
  #held: Uint8Array = new Uint8Array(LENGTH_BYTES + USUAL_BODY);
  #heldLength = 0;

  /** Forgets a message begun: the stream starts anew. */
  reset(): void {
    this.#heldLength = 0;
  }

  /**
   * Takes the first `length` bytes of `chunk` and calls back for each message that is now whole.
   * @param onMessage gets the body as `buffer[offset … offset + length)`, valid during the call; what remains of the
   * chunk is dropped when it returns false
   */
  push(
    chunk: Uint8Array,
    length: number,
    onMessage: (buffer: Uint8Array, offset: number, length: number) => boolean,
  ): void {
    let at = 0;
    while (at < length) {
      if (this.#heldLength === 0) {
        // The usual chunk is a whole message: it is read where it lies.
        const body = length - at < LENGTH_BYTES ? -1 : (chunk[at]! << 8) | chunk[at + 1]!;
        if (body >= 0 && length - at - LENGTH_BYTES >= body) {
          at += LENGTH_BYTES + body;
          if (!onMessage(chunk, at - body, body)) return;
          continue;
        }
      }
      const missing = this.#missing();
      if (this.#heldLength + missing > this.#held.length) this.#grow(this.#heldLength + missing);
      const taken = Math.min(missing, length - at);
      this.#held.set(chunk.subarray(at, at + taken), this.#heldLength);
      this.#heldLength += taken;
      at += taken;
      if (this.#missing() > 0) continue;
      const body = this.#heldLength - LENGTH_BYTES;
      this.#heldLength = 0;
      if (!onMessage(this.#held, LENGTH_BYTES, body)) return;
    }
  }

  #grow(size: number): void {
    const larger = new Uint8Array(size);
    larger.set(this.#held.subarray(0, this.#heldLength));
    this.#held = larger;
  }

  /** Bytes until the length, and once that is known until the message, is whole. */
  #missing(): number {
    if (this.#heldLength < LENGTH_BYTES) return LENGTH_BYTES - this.#heldLength;
    const body = (this.#held[0]! << 8) | this.#held[1]!;
    return LENGTH_BYTES + body - this.#heldLength;
  }
}
