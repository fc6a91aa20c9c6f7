import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { KEY_USE } from '../image/layout.ts';
import { answerWith, commandData, useKey } from './key-reference.ts';

const VERIFY_CERTIFICATE = [0x00, 0xbe] as const;
const COMPUTE_DIGITAL_SIGNATURE = [0x9e, 0x9a] as const;

/** Bytes of a hash that may come to be signed: SHA-1 to SHA-512. */
const HASH_LENGTHS: readonly number[] = [20, 28, 32, 48, 64];

export const PERFORM_SECURITY_OPERATION: CommandRow = {
  ins: INS.PERFORM_SECURITY_OPERATION,
  name: 'PERFORM SECURITY OPERATION',
  standard: 'ISO/IEC 7816-8',
  cases: [3, 4],
  parameters: [
    {
      p1: [VERIFY_CERTIFICATE[0], VERIFY_CERTIFICATE[0]],
      p2: [VERIFY_CERTIFICATE[1], VERIFY_CERTIFICATE[1]],
      meaning: 'VERIFY CERTIFICATE, with the key of MSE:Set DST; inside a channel',
    },
    {
      p1: [COMPUTE_DIGITAL_SIGNATURE[0], COMPUTE_DIGITAL_SIGNATURE[0]],
      p2: [COMPUTE_DIGITAL_SIGNATURE[1], COMPUTE_DIGITAL_SIGNATURE[1]],
      meaning: 'COMPUTE DIGITAL SIGNATURE over a hash, with the key of MSE:Set DST',
    },
  ],
  chaining: true,
  lifeCycle: 'any',
  security: 'a channel for certificates; the access rule of the key for signatures',
  cost: 'asymmetric',
  execute: performSecurityOperation,
};

/**
 * PERFORM SECURITY OPERATION.
 *
 * VERIFY CERTIFICATE (objects 7F4E and 5F37). Errors: 6982 outside of a channel, 6985 no key was selected, 6A80 malformed,
 * or refused for what it says, 6300 the signature is wrong.
 *
 * COMPUTE DIGITAL SIGNATURE (a hash of 20, 28, 32, 48 or 64 bytes; answer r ‖ s). Errors: 6985 no key was selected or it is not
 * generated yet, 6982 its access rule, 6700 no Le, 6A80 no hash's length.
 */
function performSecurityOperation(context: CommandContext): number {
  const { command } = context;
  const data = commandData(command);
  if (command.p1 === VERIFY_CERTIFICATE[0]) return context.extendedAccess.verifyCertificate(context, data);
  const reference = context.channel.signatureKey;
  if (reference < 0) return SW.CONDITIONS_NOT_SATISFIED;
  return useKey(context, reference, KEY_USE.SIGNATURE, ({ algorithm }, value, crypto) => {
    if (command.ne === 0) return SW.WRONG_LENGTH;
    if (algorithm.kind !== 'ec' || !HASH_LENGTHS.includes(data.length)) return SW.WRONG_DATA;
    return answerWith(context, crypto.ecdsaSign(algorithm.curve, value, data));
  });
}
