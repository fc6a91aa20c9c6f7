import { formatStatusWord, SW, statusWordMeaning, triesInWords } from '../../src/apdu/status-word.ts';
import type { Crypto, CurveName } from '../../src/hal/crypto.ts';
import type { Random } from '../../src/hal/random.ts';
import {
  ChannelError,
  dottedOid,
  type Mapping,
  PASSWORD,
  type PaceProtocol,
  PaceTerminal,
  type PasswordName,
  type SecurityInfo,
  type SessionKeys,
  standardizedParameters,
} from '../../src/secure-channel/index.ts';
import { ChannelFailure } from './channel-failure.ts';
import { runMachine } from './run-machine.ts';
import type { Send } from './security-file.ts';

/** What opens the channel: bytes as `encodePassword` and `encodeMrz` give them, wiped by whoever made them. */
export interface ChannelPassword {
  readonly name: PasswordName;
  readonly bytes: Uint8Array;
}

/** The PACE that was chosen out of what the card offers. */
export interface ChosenPace extends PaceProtocol {
  readonly curve: CurveName;
  readonly parameterId: number;
}

/** Version of PACE that is built here; there is no other in TR-03110. */
const VERSION = 2;

/**
 * The first PACE of the card's list that is built here.
 * @param preferred a mapping to take where the card has it
 * @throws {ChannelFailure} `not-offered`
 */
export function choosePace(infos: readonly SecurityInfo[], preferred: Mapping | null): ChosenPace {
  const offers = infos.filter((info) => info.kind === 'pace');
  if (offers.length === 0) throw new ChannelFailure('not-offered', 'the card has no PACE: EF.CardAccess names none');
  const usable = offers.flatMap(({ protocol, version, parameterId }): ChosenPace[] => {
    const parameters = parameterId === null ? null : standardizedParameters(parameterId);
    if (protocol === null || version !== VERSION || parameterId === null || parameters === null) return [];
    return [{ ...protocol, parameterId, curve: parameters.curve }];
  });
  const chosen = usable.find(({ mapping }) => mapping === preferred) ?? usable[0];
  if (chosen !== undefined) return chosen;
  const names = offers.map(
    ({ oid, parameterId }) => `${dottedOid(oid)} with parameters ${parameterId ?? 'of its own'}`,
  );
  throw new ChannelFailure(
    'not-offered',
    `the card offers PACE only as ${names.join(', ')}; built here are generic and chip authentication mapping with AES on P-256, P-384, P-521 and brainpool curves`,
  );
}

export interface PaceRun {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly pace: ChosenPace;
  readonly password: ChannelPassword;
  readonly chat: Uint8Array | null;
  /** Whether the last try may be used: inside a channel that the CAN opened. */
  readonly resume: boolean;
  readonly onKeys: ((keys: SessionKeys) => void) | undefined;
}

const NO_SUCH_COMMAND: ReadonlySet<number> = new Set([
  SW.INSTRUCTION_NOT_SUPPORTED,
  SW.CLASS_NOT_SUPPORTED,
  SW.FUNCTION_NOT_SUPPORTED,
  SW.WRONG_P1_P2,
]);

/** The answers that each step waits for, by their place. */
const SELECTION = 0;
const TOKEN = 4;

/**
 * PACE to its end.
 * @returns the machine, which has the session and what the chip told
 * @throws {ChannelFailure}
 */
export async function runPace(send: Send, run: PaceRun): Promise<PaceTerminal> {
  const machine = machineOf(run);
  await runMachine(machine, send, (error, at) => {
    machine.close();
    return error instanceof ChannelError ? failureOf(error, at, run, send) : error;
  });
  return machine;
}

function machineOf({ crypto, random, pace, password, chat, resume, onKeys }: PaceRun): PaceTerminal {
  return new PaceTerminal({
    crypto,
    random,
    mapping: pace.mapping,
    cipher: pace.cipher,
    parameterId: pace.parameterId,
    reference: PASSWORD[password.name],
    password: password.bytes,
    resume,
    ...(chat !== null && { chat }),
    ...(onKeys !== undefined && { onKeys }),
  });
}

async function failureOf(error: ChannelError, at: number, run: PaceRun, send: Send): Promise<ChannelFailure> {
  const { fault, status } = error;
  const { name } = run.password;
  const fail = (kind: ChannelFailure['kind'], message: string): ChannelFailure =>
    new ChannelFailure(kind, message, { cause: error });
  if (fault !== 'refused' || status === undefined) {
    if (at === TOKEN && fault === 'incorrect') {
      return fail('not-genuine', `the card does not know the ${name}: its last answer of PACE is wrong`);
    }
    return fail('damaged', `what the card answered is no PACE: ${error.message}`);
  }
  const word = `${formatStatusWord(status)} ${statusWordMeaning(status)}`;
  if (at === SELECTION) {
    const state = stateOf(name, status);
    if (state !== null) return fail(state.kind, state.message);
    if (status === SW.REFERENCED_DATA_NOT_FOUND) {
      return fail('not-offered', `the card has no ${name} for PACE, or not with these domain parameters (${word})`);
    }
    if (NO_SUCH_COMMAND.has(status))
      return fail('not-offered', `the card does not know the command that begins PACE (${word})`);
    if (status === SW.WRONG_DATA)
      return fail('not-offered', `the card does not take the PACE that it offers (${word})`);
    return fail('refused', `the card refuses PACE with the ${name}: ${word}`);
  }
  if (at !== TOKEN) return fail('refused', `the card breaks off PACE: ${error.message}`);
  const counted = (status & 0xfff0) === SW.COUNTER;
  if (status !== SW.AUTHENTICATION_FAILED && !counted && status !== SW.METHOD_BLOCKED) {
    return fail('refused', `the card breaks off PACE: ${error.message}`);
  }
  const left = counted ? status : await askState(run, send);
  return fail('wrong-code', `the ${name} is wrong${triesAfter(name, left)}`);
}

/** What MSE:Set AT says of a password that cannot be used now; null where it can, or says nothing of it. */
function stateOf(
  name: PasswordName,
  status: number,
): { readonly kind: 'suspended' | 'blocked' | 'deactivated'; readonly message: string } | null {
  switch (status) {
    case SW.COUNTER | 1:
      return { kind: 'suspended', message: `the ${name} is suspended: its last try is open only after the CAN` };
    case SW.COUNTER:
    case SW.METHOD_BLOCKED:
      return {
        kind: 'blocked',
        message: `the ${name} is blocked: no try left${name === 'PIN' ? '; the PUK unblocks it' : ''}`,
      };
    case SW.FILE_DEACTIVATED:
      return { kind: 'deactivated', message: `the ${name} is deactivated on this card` };
    default:
      return null;
  }
}

/** MSE:Set AT alone tells the state, and costs no try. Only PIN and PUK have a counter. */
async function askState(run: PaceRun, send: Send): Promise<number | null> {
  if (run.password.name !== 'PIN' && run.password.name !== 'PUK') return null;
  const machine = machineOf(run);
  try {
    return (await send(machine.start())).sw;
  } finally {
    machine.close();
  }
}

function triesAfter(name: PasswordName, status: number | null): string {
  if (status === null) return '';
  const state = stateOf(name, status);
  if (state?.kind === 'suspended') return ': 1 try left, and it is suspended until the CAN was given';
  if (state?.kind === 'blocked') return ', and is blocked now: no try left';
  return (status & 0xfff0) === SW.COUNTER ? `: ${triesInWords(status & 0x0f)}` : '';
}
