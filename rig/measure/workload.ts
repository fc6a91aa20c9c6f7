import { encodeCommand } from '../../src/apdu/command.ts';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { INS, instructionName } from '../../src/apdu/instruction.ts';
import { formatStatusWord } from '../../src/apdu/status-word.ts';
import { OWN_AID } from '../../src/applet/vitale/index.ts';

/** One command that is measured, and what brings the card into the state for it. */
export interface Measured {
  readonly name: string;
  readonly before: readonly Uint8Array[];
  readonly command: Uint8Array;
}

export interface Workload {
  readonly commands: readonly Measured[];
}

/** All the commands that are measured as one tap: each with what it needs before it, nothing twice. */
export function commandsOfTap({ commands }: Workload): readonly Uint8Array[] {
  const sent = new Map<string, Uint8Array>();
  for (const { before, command } of commands) for (const each of [...before, command]) sent.set(toHex(each), each);
  return [...sent.values()];
}

/**
 * Why a card refuses what is measured, and which cards do not.
 * @param command the refused one
 * @param place where the card is: `this card`, `the card in the reader`
 */
export function refusalInWords(command: Uint8Array, sw: number, place: string): string {
  const name = instructionName(command[1] as number);
  const advice =
    'profiles vitale2 and reference can be measured here, other cards by `vitap bench tap`, with --apdu by any commands';
  return `${name} is refused by ${place} (${formatStatusWord(sw)}): ${reasonOf(command, sw)}; ${advice}`;
}

function reasonOf(command: Uint8Array, sw: number): string {
  if (sw >> 8 === 0x61) return 'over T=0 the answer waits for GET RESPONSE, which is not measured here';
  if (command[1] === INS.SELECT) return 'it does not have the application whose commands are measured';
  if (command[1] !== INS.VERIFY) return 'it does not hold what the test cards hold';
  return 'it does not take the test code by VERIFY on this interface (the card of a phone is unlocked by its holder)';
}

const REFERENCE_AID = fromHex('F042454E434801');

/** The code of every shipped card is public: these are test cards. */
const REFERENCE_CODE = fromHex('313233343536FFFF');
const OWN_CODE = fromHex('323734393136');

/** What to measure on a card: the reference card's own commands, or the same on the own application. */
export function workloadFor(profile: string): Workload {
  return profile === 'reference' ? reference() : ownApplication();
}

function reference(): Workload {
  const select = encodeCommand({ cla: 0, ins: INS.SELECT, p1: 4, p2: 0, data: REFERENCE_AID, ne: 256 });
  const verify = encodeCommand({ cla: 0, ins: INS.VERIFY, p1: 0, p2: 1, data: REFERENCE_CODE });
  return {
    commands: [
      { name: 'SELECT', before: [], command: select },
      { name: 'VERIFY', before: [select], command: verify },
      { name: 'READ RECORD', before: [select, verify], command: fromHex('00B2010C64') },
      { name: 'READ BINARY', before: [select, verify, fromHex('00B0820001')], command: fromHex('00B0000064') },
    ],
  };
}

function ownApplication(): Workload {
  const select = encodeCommand({ cla: 0, ins: INS.SELECT, p1: 4, p2: 0, data: OWN_AID, ne: 256 });
  const verify = encodeCommand({ cla: 0, ins: INS.VERIFY, p1: 0, p2: 0x81, data: OWN_CODE });
  return {
    commands: [
      { name: 'SELECT', before: [], command: select },
      { name: 'VERIFY', before: [select], command: verify },
      { name: 'READ RECORD', before: [select, verify], command: fromHex('00B2012400') },
      { name: 'READ BINARY', before: [select, verify], command: fromHex('00B08F0000') },
    ],
  };
}
