import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { matchingHash } from '../../secure-channel/index.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { KEY_USE } from '../image/layout.ts';
import { answerWith, commandData, KEY_REFERENCE, useKey } from './key-reference.ts';

/** Bytes of a reader's challenge. */
const LEAST_CHALLENGE = 8;
const MOST_CHALLENGE = 64;

export const INTERNAL_AUTHENTICATE: CommandRow = {
  ins: INS.INTERNAL_AUTHENTICATE,
  name: 'INTERNAL AUTHENTICATE',
  standard: 'ISO/IEC 7816-4',
  cases: [4],
  parameters: [
    { p1: [0x00, 0x00], ...KEY_REFERENCE, meaning: 'key of the card (01 to 1F) or of the application (81 to 9F)' },
  ],
  chaining: true,
  lifeCycle: 'any',
  security: 'access rule of the key',
  cost: 'asymmetric',
  execute: internalAuthenticate,
};

/**
 * INTERNAL AUTHENTICATE: the card answers the reader's challenge of 8 to 64 bytes. An AES key gives AES-CMAC over it; a key on
 * a curve signs its hash (ECDSA, r ‖ s; SHA-256, SHA-384 or SHA-512 by the length of the curve).
 *
 * Errors: 6A88 no such key for this, 6982 its access rule, 6985 it was not generated yet, 6700 not so many bytes.
 */
function internalAuthenticate(context: CommandContext): number {
  const { command } = context;
  const data = commandData(command);
  return useKey(context, command.p2, KEY_USE.INTERNAL_AUTHENTICATION, ({ algorithm }, value, crypto) => {
    if (data.length < LEAST_CHALLENGE || data.length > MOST_CHALLENGE) return SW.WRONG_LENGTH;
    if (algorithm.kind === 'aes') return answerWith(context, crypto.cmac(value, data));
    const digest = crypto.hash(matchingHash(algorithm.curve), data);
    return answerWith(context, crypto.ecdsaSign(algorithm.curve, value, digest));
  });
}
