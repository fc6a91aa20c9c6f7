import { exchangeCycles } from '../../src/iso-dep/air-time.ts';
import { cyclesToNs } from '../../src/iso-dep/timing.ts';

/** Start bit, eight bits, stop bit. */
const BITS_A_BYTE = 10;
/** 00 00 FF LEN LCS TFI, DCS 00; the long form has three bytes more. */
const FRAME = 8;
const LONG_FORM = 3;
const ACK = 6;
const LONGEST_NORMAL = 254;
/** The chip's own ATS says 64 bytes; its reader half takes as many. */
const AIR_FRAME = 64;

/** Bytes of a frame with that much payload, the command code included. */
export function frameBytes(payload: number): number {
  return FRAME + payload + (payload > LONGEST_NORMAL ? LONG_FORM : 0);
}

/** InDataExchange: Tg and the command; status and the response. */
export function readerBytes(command: number, response: number): number {
  return frameBytes(2 + command) + ACK + frameBytes(2 + response);
}

/**
 * What of TgGetData and TgSetData lies between a command's arrival and its answer: the chip hands the command over, and
 * takes the answer. The next TgGetData goes out while the reader is still receiving.
 */
export function cardBytes(command: number, response: number): number {
  return frameBytes(2 + command) + frameBytes(1 + response);
}

export interface Wires {
  readonly readerBaud: number;
  readonly cardBaud: number;
}

/** What the bytes of one exchange take by themselves: on both serial lines, and on air at 106 kbit/s. */
export function exchangeNs(command: number, response: number, { readerBaud, cardBaud }: Wires): number {
  const line = (bytes: number, baud: number): number => (bytes * BITS_A_BYTE * 1e9) / baud;
  const air = cyclesToNs(
    exchangeCycles({ commandLength: command, responseLength: response, fsd: AIR_FRAME, fsc: AIR_FRAME }),
  );
  return line(readerBytes(command, response), readerBaud) + line(cardBytes(command, response), cardBaud) + air;
}
