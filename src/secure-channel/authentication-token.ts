/**
 * The token of PACE and of chip authentication version 2 (BSI TR-03110-3 A.2.4): the first 8 bytes of
 * AES-CMAC(K_MAC, `7F49 { 06 protocol, 86 received public key }`). Each side computes it over the other side's key.
 */
import { copyBytes } from '../apdu/copy-bytes.ts';
import { TlvWriter } from '../apdu/index.ts';
import type { Crypto } from '../hal/crypto.ts';

export const TOKEN_LENGTH = 8;
const PUBLIC_KEY = 0x7f49;
const OBJECT_IDENTIFIER = 0x06;
const PUBLIC_POINT = 0x86;

/** @param publicKey `04 X Y` of the side that will check the token */
export function authenticationToken(
  crypto: Pick<Crypto, 'cmac'>,
  macKey: Uint8Array,
  protocol: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  const writer = new TlvWriter(publicKey.length + protocol.length + 16);
  writer.open(PUBLIC_KEY);
  writer.primitive(OBJECT_IDENTIFIER, protocol);
  writer.primitive(PUBLIC_POINT, publicKey);
  writer.close();
  return copyBytes(crypto.cmac(macKey, writer.finish()), 0, TOKEN_LENGTH);
}
