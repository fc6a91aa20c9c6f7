import { INS } from '../../../src/apdu/instruction.ts';
import type { CaseSession } from './card-under-test.ts';
import { commandBytes } from './hex-pattern.ts';

export interface Answer {
  readonly data: Uint8Array;
  readonly sw: number;
}

/** Sends a command in hex. @throws {HalError} */
export type Ask = (command: string) => Promise<Answer>;

/** Asks a card outside of any case; over T=0 rules 6Cxx is corrected and 61xx fetched. */
export function asker(session: CaseSession, protocol: 'T=0' | 'T=1'): Ask {
  const send = async (command: Uint8Array): Promise<Answer> => {
    const bytes = await session.transmit(command);
    const end = Math.max(bytes.length - 2, 0);
    return { data: Uint8Array.from(bytes.subarray(0, end)), sw: ((bytes[end] ?? 0) << 8) | (bytes[end + 1] ?? 0) };
  };
  return async (text) => {
    const command = commandBytes(text, new Map());
    let answer = await send(command);
    if (answer.sw >> 8 === 0x6c && command.length === 5) {
      answer = await send(Uint8Array.of(...command.subarray(0, 4), answer.sw & 0xff));
    }
    if (protocol === 'T=0' && answer.sw >> 8 === 0x61) {
      answer = await send(Uint8Array.of(0, INS.GET_RESPONSE, 0, 0, answer.sw & 0xff));
    }
    // More may wait behind the first part of an answer; for a yes or no it need not be fetched.
    return answer.sw >> 8 === 0x61 ? { ...answer, sw: 0x9000 } : answer;
  };
}
