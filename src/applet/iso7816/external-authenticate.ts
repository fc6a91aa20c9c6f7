import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { equalInConstantTime } from '../../secure-channel/index.ts';
import { isAuthenticated, setAuthenticated } from '../access/access-control.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { PROVES_READER } from '../image/key-uses.ts';
import { KEY_USE } from '../image/layout.ts';
import type { CardKey } from '../keys/key-store.ts';
import { answerWith, commandData, KEY_REFERENCE, useKey } from './key-reference.ts';

const BLOCK = 16;

export const EXTERNAL_AUTHENTICATE: CommandRow = {
  ins: INS.EXTERNAL_AUTHENTICATE,
  name: 'EXTERNAL AUTHENTICATE',
  standard: 'ISO/IEC 7816-4',
  cases: [1, 3, 4],
  parameters: [
    { p1: [0x00, 0x00], p2: [0x00, 0x00], meaning: 'terminal authentication, as MSE:Set AT says' },
    {
      p1: [0x00, 0x00],
      ...KEY_REFERENCE,
      meaning:
        'AES key of the card (01 to 1F) or of the application (81 to 9F); two blocks: MUTUAL AUTHENTICATE; no data: query',
    },
  ],
  chaining: true,
  lifeCycle: 'any',
  security: 'a channel for terminals; the access rule of the key',
  cost: 'asymmetric',
  execute: externalAuthenticate,
};

/**
 * EXTERNAL AUTHENTICATE, and MUTUAL AUTHENTICATE, which brings two blocks. Each uses up the challenge of its logical
 * channel, whatever comes out.
 *
 * P2 00 is terminal authentication: the data field is the signature. Errors: 6982 outside of a channel, or a terminal is
 * authenticated already; 6985 nothing was prepared, 6300 the signature does not hold.
 *
 * Otherwise P2 names an AES key; MAC is AES-CMAC with it (16 bytes), as in the mechanisms of ISO/IEC 9798-4.
 * - External: MAC(challenge), for a challenge of 16 bytes.
 * - Mutual: R ‖ MAC(R ‖ challenge), where R is 16 bytes that the reader drew; answer MAC(challenge ‖ R).
 * - Without data: 9000 authenticated already, 63Cx tries left, 6983 blocked; 6300 for a key without a counter.
 *
 * Errors: 6A88 no such key for this, 6982 its access rule, 6985 no challenge of 16 bytes, 6700 not so many bytes, 6983
 * blocked; 63Cx wrong, x tries left, or 6300 for a key without a counter.
 */
function externalAuthenticate(context: CommandContext): number {
  const { command, channel, extendedAccess } = context;
  const data = commandData(command);
  const { challenge } = channel;
  if (command.nc > 0) channel.challenge = null;
  if (command.p2 === 0) {
    if (command.nc === 0) return SW.WRONG_LENGTH;
    return extendedAccess.authenticate(context, data);
  }
  if (command.nc === 0) return query(context);
  return useKey(context, command.p2, PROVES_READER, (key, value, crypto) => {
    const mutual = data.length === 2 * BLOCK;
    if (!mutual && data.length !== BLOCK) return SW.WRONG_LENGTH;
    const use = mutual ? KEY_USE.MUTUAL_AUTHENTICATION : KEY_USE.EXTERNAL_AUTHENTICATION;
    if ((key.uses & use) === 0) return SW.REFERENCED_DATA_NOT_FOUND;
    if (challenge?.length !== BLOCK) return SW.CONDITIONS_NOT_SATISFIED;
    const admitted = context.response.admits(mutual ? BLOCK : 0, command);
    if (admitted !== SW.OK) return admitted;
    const { keys } = context.core;
    if (keys.triesLeft(key) === 0) return SW.METHOD_BLOCKED;
    keys.payTry(key);
    // What the other side proves with: its own challenge comes first, so that no answer of the card is a proof.
    const proven = mutual ? joined(data.subarray(0, BLOCK), challenge) : challenge;
    const right = equalInConstantTime(crypto.cmac(value, proven), 0, data, data.length - BLOCK, BLOCK);
    setAuthenticated(key, context, right);
    if (!right) return refusal(context, key);
    keys.restoreTries(key);
    if (!mutual) return SW.OK;
    return answerWith(context, crypto.cmac(value, joined(challenge, data.subarray(0, BLOCK))));
  });
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.of(...a, ...b);
}

function query(context: CommandContext): number {
  const { command, core, channel } = context;
  const key = core.keys.find(command.p2, channel.directory, PROVES_READER);
  if (key === null) return SW.REFERENCED_DATA_NOT_FOUND;
  if (isAuthenticated(key, context)) return SW.OK;
  return core.keys.triesLeft(key) === 0 ? SW.METHOD_BLOCKED : refusal(context, key);
}

function refusal({ core }: CommandContext, key: CardKey): number {
  return key.tries === 0 ? SW.AUTHENTICATION_FAILED : SW.COUNTER | core.keys.triesLeft(key);
}
