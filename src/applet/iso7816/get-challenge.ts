import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';

const SHORT = 8;
/** One block of the cipher: what authentication with a symmetric key needs. */
const LONG = 16;

export const GET_CHALLENGE: CommandRow = {
  ins: INS.GET_CHALLENGE,
  name: 'GET CHALLENGE',
  standard: 'ISO/IEC 7816-4',
  cases: [2],
  parameters: [{ p1: [0x00, 0x00], p2: [0x00, 0x00], meaning: '8 bytes for a terminal, 16 for a symmetric key' }],
  chaining: false,
  lifeCycle: 'any',
  security: 'none',
  cost: 'ram',
  execute: getChallenge,
};

/**
 * GET CHALLENGE: 8 bytes, or 16 where Le is 10. Each is new, and the last one of a logical channel counts until it is
 * used or another application is selected. Error: 6C08 an Le below 8.
 */
function getChallenge(context: CommandContext): number {
  const { command, response, channel, core } = context;
  const length = command.ne === LONG ? LONG : SHORT;
  const admitted = response.admits(length, command);
  if (admitted !== SW.OK) return admitted;
  let challenge = length === SHORT ? context.extendedAccess.challenge(context) : null;
  if (challenge === null) {
    challenge = new Uint8Array(length);
    core.random.fill(challenge, 0, length);
  }
  channel.challenge = challenge;
  response.bytes.set(challenge);
  response.length = length;
  return SW.OK;
}
