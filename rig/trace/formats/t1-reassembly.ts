import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { LARGEST_COMMAND } from '../../../src/hal/apdu-size.ts';

/** Makes APDUs of the T=1 blocks of ISO/IEC 7816-3 that go through a reader which leaves the protocol to its host. */
export class T1Reassembly {
  readonly #sides = { reader: new Side(), card: new Side() };

  reset(): void {
    this.#sides.reader = new Side();
    this.#sides.card = new Side();
  }

  /** @returns the APDU that the block completes, or null */
  next(from: 'reader' | 'card', block: Uint8Array): Uint8Array | null {
    const pcb = block[1] as number;
    // R-blocks and S-blocks carry no part of an APDU.
    if ((pcb & 0x80) !== 0) return null;
    return this.#sides[from].part((pcb >> 6) & 1, (pcb & 0x20) !== 0, copyBytes(block, 3, block.length - 1));
  }
}

/** NAD, PCB, length, so many bytes, and their exclusive or. The CRC that T=1 also knows no card has. */
export function isT1Block(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[2] === bytes.length - 4 && bytes.reduce((xor, byte) => xor ^ byte, 0) === 0;
}

class Side {
  #number = -1;
  #parts: Uint8Array[] = [];
  #length = 0;

  part(number: number, more: boolean, information: Uint8Array): Uint8Array | null {
    // Sequence numbers alternate; one that comes twice is a repetition.
    if (number === this.#number) return null;
    this.#number = number;
    this.#length += information.length;
    if (this.#length <= LARGEST_COMMAND) this.#parts.push(information);
    if (more) return null;
    const whole = this.#length <= LARGEST_COMMAND ? Buffer.concat(this.#parts) : null;
    this.#parts = [];
    this.#length = 0;
    return whole;
  }
}
