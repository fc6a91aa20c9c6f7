import { encodeNumbers, SELF_TESTS } from '../../src/hal/firmware/board-messages.ts';

/** What of the board is tested. */
export interface TestedParts {
  microseconds(): number;
  /** A block of the heap that nobody uses. */
  block(length: number): Uint8Array;
  readonly flash: { readonly pages: number; readonly badPages: readonly number[] };
  /** Whether the chip on the second UART answers. */
  chipAnswers(): boolean;
}

const BLOCK_BYTES = 32 * 1024;

/** @returns the numbers of a self-test; null: there is none of this code */
export function selfTest(code: number | undefined, parts: TestedParts): Uint8Array | null {
  const { pages, badPages } = parts.flash;
  switch (code) {
    case SELF_TESTS.clock.code:
      return encodeNumbers([parts.microseconds() % 2 ** 32]);
    case SELF_TESTS.ram.code:
      return encodeNumbers(testRam(parts.block(BLOCK_BYTES)));
    case SELF_TESTS.flash.code:
      return encodeNumbers([pages, badPages.length, badPages[0] ?? 0]);
    case SELF_TESTS.chip.code:
      return encodeNumbers([parts.chipAnswers() ? 1 : 0]);
    default:
      return null;
  }
}

/**
 * A march: every cell is written with a pattern of its address, read and inverted going up, read again going down. It
 * finds cells that are stuck, and lines of the address that are joined.
 */
function testRam(block: Uint8Array): readonly [bytes: number, wrong: number, first: number] {
  const { length } = block;
  let [wrong, first] = [0, 0];
  const check = (at: number, expected: number): void => {
    if (block[at] === expected) return;
    if (wrong++ === 0 || at < first) first = at;
  };
  const patternOf = (at: number): number => (at ^ (at >> 8) ^ 0x55) & 0xff;
  for (let at = 0; at < length; at++) block[at] = patternOf(at);
  for (let at = 0; at < length; at++) {
    check(at, patternOf(at));
    block[at] = ~patternOf(at) & 0xff;
  }
  for (let at = length - 1; at >= 0; at--) check(at, ~patternOf(at) & 0xff);
  return [length, wrong, first];
}
