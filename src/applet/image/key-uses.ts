import { KEY_USE } from './layout.ts';
import type { KeyUse } from './specification.ts';

/*
 * What the writer of keys (key-writer.ts), their reader (key-table.ts) and the commands agree on.
 */

/** The security status has one bit for each key. */
export const MOST_KEYS = 31;

/** Bits of KEY.USES. */
export const USE_BITS: Readonly<Record<KeyUse, number>> = {
  'chip-authentication': KEY_USE.CHIP_AUTHENTICATION,
  'internal-authentication': KEY_USE.INTERNAL_AUTHENTICATION,
  'external-authentication': KEY_USE.EXTERNAL_AUTHENTICATION,
  'mutual-authentication': KEY_USE.MUTUAL_AUTHENTICATION,
  signature: KEY_USE.SIGNATURE,
};

/** With which the reader proves that it knows the key. */
export const PROVES_READER: number = KEY_USE.EXTERNAL_AUTHENTICATION | KEY_USE.MUTUAL_AUTHENTICATION;
/** What an AES key can do. */
export const AES_USES: number = PROVES_READER | KEY_USE.INTERNAL_AUTHENTICATION;
/** What a private key on a curve can do. */
export const CURVE_USES: number = KEY_USE.CHIP_AUTHENTICATION | KEY_USE.INTERNAL_AUTHENTICATION | KEY_USE.SIGNATURE;
