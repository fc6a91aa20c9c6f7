import { INS } from '../../../src/apdu/instruction.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { CommandReach } from '../../endpoint/driver.ts';
import { counted } from '../../report/words.ts';
import { maskedHex } from '../../trace/masked-hex.ts';
import { Redactor } from '../../trace/redaction.ts';
import { type CaseSession, NotCarried } from './card-under-test.ts';
import { CaseError, commandBytes, statusHex, type Variables } from './hex-pattern.ts';
import type { CardResponse } from './judge-response.ts';
import type { Step, Verdict } from './model.ts';

/** Parts of one answer that are fetched before a card is taken to be talking nonsense. */
const MOST_PARTS = 300;

/** Why a case ended before its last step. */
export class Ending {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly linkLimited: boolean;
  readonly linkError: HalError | null;

  constructor(verdict: Verdict, reason: string, linkLimited = false, linkError: HalError | null = null) {
    this.verdict = verdict;
    this.reason = reason;
    this.linkLimited = linkLimited;
    this.linkError = linkError;
  }
}

/** An answer, and how reports show it and its command: with secrets masked. */
export interface Exchanged extends CardResponse {
  readonly shownCommand: string;
  readonly shownResponse: string;
}

/** What a case sends and hears: counted, with secrets masked for reports, and with the parts of an answer together. */
export class CaseExchange {
  readonly #reach: CommandReach;
  readonly #protocol: 'T=0' | 'T=1';
  readonly #offered: Set<string> | undefined;
  /** Keeps secrets out of every report; it must see all that is exchanged. */
  readonly #redactor = new Redactor();
  count = 0;
  /** The command under way, as reports show it. */
  shown = '';

  /** @param offered ways of naming a file or a record that the card has taken so far; added to */
  constructor(reach: CommandReach, protocol: 'T=0' | 'T=1', offered: Set<string> | undefined) {
    this.#reach = reach;
    this.#protocol = protocol;
    this.#offered = offered;
  }

  /**
   * Sends a command; over T=0 rules the rest of the answer is fetched and a corrected Le sent again.
   * @throws {HalError} {AnswerNotBelieved} as the session; {Ending} what lies between does not carry the command
   */
  async exchange(session: CaseSession, command: Uint8Array): Promise<Exchanged> {
    let response = await this.#transmit(session, command);
    const { shownCommand } = response;
    if (this.#protocol === 'T=1') return response;
    if (response.sw >> 8 === 0x6c && command.length === 5) {
      response = await this.#transmit(session, Uint8Array.of(...command.subarray(0, 4), response.sw & 0xff));
    }
    const parts = [response];
    for (let count = 0; response.sw >> 8 === 0x61 && command[1] !== INS.GET_RESPONSE; count++) {
      if (count > MOST_PARTS) throw new Ending('fail', 'the card announces more data without end');
      const fetch = Uint8Array.of((command[0] as number) & 0x03, INS.GET_RESPONSE, 0, 0, response.sw & 0xff);
      response = await this.#transmit(session, fetch);
      parts.push(response);
    }
    return {
      data: Uint8Array.from(Buffer.concat(parts.map(({ data }) => data))),
      sw: response.sw,
      shownCommand,
      shownResponse: parts.map(({ shownResponse }) => shownResponse.slice(0, -4)).join('') + statusHex(response.sw),
    };
  }

  async #transmit(session: CaseSession, command: Uint8Array): Promise<Exchanged> {
    const { shortestCommand, longestCommand } = this.#reach;
    if (command.length < shortestCommand || command.length > longestCommand) {
      throw new Ending('not-applicable', limitInWords(command.length), true);
    }
    this.count++;
    const shownCommand = maskedHex(command, this.#redactor.command(command));
    this.shown = shownCommand;
    const bytes = await this.#carried(session, command);
    const form = formOf(command);
    if (form !== null && TAKEN_SW1.includes(bytes.at(-2) as number)) this.#offered?.add(form);
    if (bytes.length < 2) throw new HalError('protocol', 'the card gave no status word');
    const end = bytes.length - 2;
    return {
      data: bytes.subarray(0, end),
      sw: ((bytes[end] as number) << 8) | (bytes[end + 1] as number),
      shownCommand,
      shownResponse: maskedHex(bytes, this.#redactor.response(bytes)),
    };
  }

  async #carried(session: CaseSession, command: Uint8Array): Promise<Uint8Array> {
    try {
      return await session.transmit(command);
    } catch (error) {
      if (!(error instanceof NotCarried)) throw error;
      throw new Ending('not-applicable', `LINK-LIMITED: ${error.message}`, true);
    }
  }
}

/** 9000, 61xx and the warnings 62xx. */
export const TAKEN_SW1: readonly number[] = [0x90, 0x61, 0x62];

const RECORD_INS: readonly number[] = [
  INS.READ_RECORD,
  INS.READ_RECORD_ODD,
  INS.UPDATE_RECORD,
  INS.UPDATE_RECORD_ODD,
  INS.WRITE_RECORD,
  INS.ERASE_RECORD,
  INS.SEARCH_RECORD,
];

/** What tells the ways of naming a file (SELECT) and a record (mode, and P1 00) apart; null for other commands. */
export function formOf(command: Uint8Array): string | null {
  const [, ins, p1, p2] = command;
  if (ins === undefined || p1 === undefined || p2 === undefined) return null;
  if (ins === INS.SELECT) return `${ins} ${p1} ${p2}`;
  return RECORD_INS.includes(ins) ? `${ins} ${p1 === 0} ${p2 & 0x07}` : null;
}

/** Why the link cannot carry a command of the case, or null; commands that captures go into are looked at when sent. */
export function linkLimit(steps: readonly Step[], reach: CommandReach): string | null {
  const none: Variables = new Map();
  for (const step of steps) {
    if (step.kind !== 'command' || step.command.includes('{')) continue;
    const { length } = commandBytes(step.command, none);
    if (length === 0) throw new CaseError('a command without a byte');
    if (length < reach.shortestCommand || length > reach.longestCommand) return limitInWords(length);
  }
  return null;
}

function limitInWords(length: number): string {
  return `LINK-LIMITED: this link cannot carry a command of ${counted(length, 'byte')}`;
}
