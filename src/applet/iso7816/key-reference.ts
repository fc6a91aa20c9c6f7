import type { CommandApdu } from '../../apdu/command.ts';
import { SW } from '../../apdu/status-word.ts';
import type { Crypto } from '../../hal/crypto.ts';
import type { CommandContext } from '../command-context.ts';
import type { Parameters } from '../command-row.ts';
import type { CardKey } from '../keys/key-store.ts';

/** P2 as a key's reference: 01 to 1F of the card, 81 to 9F of the application. */
export const KEY_REFERENCE: Pick<Parameters, 'p2' | 'p2Mask' | 'p2Value'> = {
  p2: [0x01, 0x9f],
  p2Mask: 0x60,
  p2Value: 0x00,
};

/** The data field: a view, valid until the next command. */
export function commandData({ bytes, dataOffset, nc }: CommandApdu): Uint8Array {
  return bytes.subarray(dataOffset, dataOffset + nc);
}

/**
 * Finds a key, judges its rule, and lends its value for the time of `run`.
 * @param use bit of KEY_USE
 * @returns what `run` does; 6A88 no such key for this, 6982 its access rule, 6985 it was not generated yet, 6A81 the card has no
 *   cryptography for it
 */
export function useKey(
  context: CommandContext,
  reference: number,
  use: number,
  run: (key: CardKey, value: Uint8Array, crypto: Crypto) => number,
): number {
  const { keys, access, crypto } = context.core;
  const key = keys.find(reference, context.channel.directory, use);
  if (key === null) return SW.REFERENCED_DATA_NOT_FOUND;
  const condition = keys.accessCondition(key, context.cardInterface);
  if (!access.permits(condition, key.directory, context)) return SW.SECURITY_STATUS_NOT_SATISFIED;
  if (crypto === null) return SW.FUNCTION_NOT_SUPPORTED;
  const value = keys.value(key);
  if (value === null) return SW.CONDITIONS_NOT_SATISFIED;
  const status = run(key, value, crypto);
  value.fill(0);
  return status;
}

/** Makes bytes the answer. @returns 9000, or 6Cxx for an Le that is too small */
export function answerWith({ command, response }: CommandContext, bytes: Uint8Array): number {
  const admitted = response.admits(bytes.length, command);
  if (admitted !== SW.OK) return admitted;
  response.bytes.set(bytes);
  response.length = bytes.length;
  return SW.OK;
}
