import type { LinkedCard } from '../../src/hal/card-link.ts';

/** What the toy answers by instruction, the class and the rest being free. */
export const TOY = {
  /** The whole command back, and 9000. */
  echo: 0xe0,
  /** P1 P2 bytes, each the low byte of its place, and 9000. */
  produce: 0xb0,
  /** How long the command was and the sum of its bytes, 4 bytes big-endian each, and 9000. */
  measure: 0x3c,
  /** Two bytes that are no status word of any standard. */
  odd: 0x0d,
  /** A bug. */
  crash: 0xcc,
} as const;

/** A card without anything of a card, to test what carries it. */
export class ToyCard implements LinkedCard {
  readonly response: Uint8Array = new Uint8Array(65_538);
  /** How often each was called. */
  readonly told = { powerOn: 0, reset: 0, fieldOff: 0, deselect: 0, process: 0 };
  /** Called in the middle of every command. */
  inCommand: () => void = () => {};

  atr(): Uint8Array {
    return Uint8Array.of(0x3b, 0x82, 0x80, 0x01, 0x54, 0x59, 0x0e);
  }

  powerOn(): void {
    this.told.powerOn++;
  }

  reset(): void {
    this.told.reset++;
  }

  fieldOff(): void {
    this.told.fieldOff++;
  }

  deselect(): void {
    this.told.deselect++;
  }

  process(command: Uint8Array, offset: number, length: number): number {
    this.told.process++;
    this.inCommand();
    switch (command[offset + 1]) {
      case TOY.echo:
        this.response.set(command.subarray(offset, offset + length));
        return this.#ok(length);
      case TOY.produce: {
        const produced = (command[offset + 2]! << 8) | command[offset + 3]!;
        for (let i = 0; i < produced; i++) this.response[i] = i;
        return this.#ok(produced);
      }
      case TOY.measure: {
        let sum = 0;
        for (let i = offset; i < offset + length; i++) sum += command[i]!;
        const view = new DataView(this.response.buffer);
        view.setUint32(0, length);
        view.setUint32(4, sum);
        return this.#ok(8);
      }
      case TOY.odd:
        this.response.set([0x12, 0x34]);
        return 2;
      case TOY.crash:
        throw new Error('a bug of the toy');
      default:
        this.response.set([0x6d, 0x00]);
        return 2;
    }
  }

  #ok(length: number): number {
    this.response.set([0x90, 0x00], length);
    return length + 2;
  }
}

/** A command of `length` bytes for one of the toy's instructions; the bytes after the header are their own places. */
export function toyCommand(instruction: number, length: number, p1p2 = 0): Uint8Array {
  const command = Uint8Array.from({ length }, (_, i) => i);
  command.set([0x00, instruction, p1p2 >> 8, p1p2 & 0xff]);
  return command;
}

/** What `TOY.produce` answers for `length` bytes. */
export function produced(length: number): Uint8Array {
  const response = Uint8Array.from({ length: length + 2 }, (_, i) => i);
  response.set([0x90, 0x00], length);
  return response;
}

/** What `TOY.measure` answers for this command. */
export function measured(command: Uint8Array): Uint8Array {
  const response = new Uint8Array(10);
  const view = new DataView(response.buffer);
  view.setUint32(0, command.length);
  view.setUint32(
    4,
    command.reduce((sum, byte) => sum + byte, 0),
  );
  response.set([0x90, 0x00], 8);
  return response;
}
