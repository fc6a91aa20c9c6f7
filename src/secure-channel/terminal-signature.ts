/**
 * What a terminal signs in terminal authentication version 2 (BSI TR-03110-3 A.7; TR-03110-2):
 * ID_PICC ‖ r_PICC ‖ Comp(ephemeral public key of the terminal) ‖ object 67 where there is one.
 *
 * ID_PICC is the X coordinate of the chip's ephemeral key of PACE, so that a signature is worth something in this
 * channel only.
 */
import { TlvWriter } from '../apdu/index.ts';
import { AUXILIARY_DATA } from './auxiliary-data.ts';

/** Bytes of r_PICC (BSI TR-03110-3 B.14.6). */
export const CHALLENGE_LENGTH = 8;

/** @param auxiliaryData value of object 67, or null when it was not sent; it is signed with tag and length */
export function terminalSignatureInput(
  idPicc: Uint8Array,
  challenge: Uint8Array,
  compressedKey: Uint8Array,
  auxiliaryData: Uint8Array | null,
): Uint8Array {
  const writer = new TlvWriter(
    idPicc.length + challenge.length + compressedKey.length + (auxiliaryData === null ? 0 : auxiliaryData.length + 6),
  );
  writer.raw(idPicc);
  writer.raw(challenge);
  writer.raw(compressedKey);
  if (auxiliaryData !== null) writer.primitive(AUXILIARY_DATA, auxiliaryData);
  return writer.finish();
}
