import { CommandApdu, LARGEST_NE } from '../../src/apdu/command.ts';
import { INS } from '../../src/apdu/instruction.ts';
import { HalError } from '../../src/hal/errors.ts';

/** What a command brought in the end, after GET RESPONSE and a corrected Le where the card wanted them. */
export interface CardAnswer {
  readonly data: Uint8Array;
  readonly sw: number;
}

const MORE_DATA = 0x61;
const WRONG_LE = 0x6c;

/**
 * Sends a command, again with the right Le after 6Cxx, and GET RESPONSE while the card has more (61xx).
 * @param transmit one exchange: command APDU, response APDU
 * @throws {HalError} `protocol`: a card that never comes to an end
 */
export async function wholeAnswer(
  transmit: (apdu: Uint8Array) => Promise<Uint8Array>,
  apdu: Uint8Array,
): Promise<CardAnswer> {
  let response = await transmit(apdu);
  let sw = statusOf(response);
  if (sw >> 8 === WRONG_LE) {
    response = await transmit(withLe(apdu, sw & 0xff));
    sw = statusOf(response);
  }
  const parts = [response.subarray(0, -2)];
  let length = response.length - 2;
  // A part may be empty, but not all of them.
  for (let rounds = 0; sw >> 8 === MORE_DATA; rounds++) {
    if (length > LARGEST_NE || rounds > LARGEST_NE / 16) {
      throw new HalError('protocol', `the card has more and more data to give (61xx after ${length} bytes)`);
    }
    response = await transmit(Uint8Array.of(apdu[0] as number, INS.GET_RESPONSE, 0, 0, sw & 0xff));
    sw = statusOf(response);
    parts.push(response.subarray(0, -2));
    length += response.length - 2;
  }
  const data = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { data, sw };
}

/** @throws {HalError} `protocol`: an answer without a status word */
export function statusOf(response: Uint8Array): number {
  if (response.length < 2) throw new HalError('protocol', 'the card answered without a status word');
  return ((response.at(-2) as number) << 8) | (response.at(-1) as number);
}

/**
 * The same command with another short Le, in the place of its own or after its data. An extended Le becomes a short one:
 * 6Cxx can mean no other.
 */
export function withLe(apdu: Uint8Array, le: number): Uint8Array {
  const view = new CommandApdu();
  view.parse(apdu, 0, apdu.length);
  if (view.extended && view.nc === 0) return Uint8Array.of(...apdu.subarray(0, 4), le);
  const end = view.ne > 0 ? apdu.length - 1 : apdu.length;
  return Uint8Array.of(...apdu.subarray(0, end), le);
}
