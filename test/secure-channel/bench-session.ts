import { CommandApdu, fromHex, toHex } from '../../src/apdu/index.ts';
import type { Crypto } from '../../src/hal/crypto.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import type { CipherName } from '../../src/secure-channel/key-derivation.ts';
import { SecureSession } from '../../src/secure-channel/secure-session.ts';

/** The one Crypto of these tests. */
export const crypto: Crypto = nobleCrypto();

/** A session with these keys whose counter stands at `counter`. */
export function sessionOf(
  keys: { readonly ksEnc: string; readonly ksMac: string },
  counter: string = '00'.repeat(16),
): SecureSession {
  const cipher = `AES-${(keys.ksEnc.length / 2) * 8}` as CipherName;
  const session = new SecureSession(crypto, { cipher, enc: fromHex(keys.ksEnc), mac: fromHex(keys.ksMac) });
  session.counter.set(fromHex(counter));
  return session;
}

/** The counter before the message that uses `used`. */
export function counterBefore(used: string): string {
  return (BigInt(`0x${used}`) - 1n).toString(16).toUpperCase().padStart(32, '0');
}

export function parsed(hex: string | Uint8Array): CommandApdu {
  const bytes = typeof hex === 'string' ? fromHex(hex) : hex;
  const command = new CommandApdu();
  command.parse(bytes, 0, bytes.length);
  return command;
}

/** Class, instruction, parameters, data and Ne of a command in one line, whatever its lengths are written like. */
export function meaning(command: CommandApdu): string {
  const { cla, ins, p1, p2, bytes, dataOffset, nc, ne } = command;
  return `${toHex(Uint8Array.of(cla, ins, p1, p2))} [${toHex(bytes.subarray(dataOffset, dataOffset + nc))}] Ne ${ne}`;
}
