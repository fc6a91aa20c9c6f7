import type { Crypto } from '../../../../src/hal/crypto.ts';
import type { Random } from '../../../../src/hal/random.ts';
import type { Statements } from '../../../store/sql.ts';
import { base64url, base64urlBytes } from '../../credential/jws.ts';
import { equalBytes, hashOf, randomBytes } from './context.ts';
import { NONCE_MS } from './limits.ts';
import { OpenIdRefusal } from './refusals.ts';

/**
 * Nonces of the credential endpoint. Everybody may ask for one, so none is stored when it is made: it carries its expiry
 * and a MAC by a key of this start. Only a nonce that was used stands in the database, until it would have expired.
 */

const RANDOM_SIZE = 16;
const EXPIRY_SIZE = 8;
const MAC_SIZE = 32;
const KEY_SIZE = 32;

export class Nonces {
  readonly #crypto: Pick<Crypto, 'hash' | 'keyedHash'>;
  readonly #random: Random;
  readonly #key: Uint8Array;

  constructor(crypto: Pick<Crypto, 'hash' | 'keyedHash'>, random: Random) {
    this.#crypto = crypto;
    this.#random = random;
    this.#key = randomBytes(random, KEY_SIZE);
  }

  /** @param now milliseconds since 1970 */
  make(now: number): string {
    const bytes = new Uint8Array(RANDOM_SIZE + EXPIRY_SIZE + MAC_SIZE);
    this.#random.fill(bytes, 0, RANDOM_SIZE);
    new DataView(bytes.buffer).setFloat64(RANDOM_SIZE, now + NONCE_MS);
    bytes.set(this.#mac(bytes), RANDOM_SIZE + EXPIRY_SIZE);
    return base64url(bytes);
  }

  /** Uses it up. @throws {OpenIdRefusal} not ours, too old, or used before */
  async use(statements: Statements, nonce: string, now: number): Promise<void> {
    const bytes = base64urlBytes(nonce);
    if (bytes === null || bytes.length !== RANDOM_SIZE + EXPIRY_SIZE + MAC_SIZE) {
      throw new OpenIdRefusal('nonce-unknown');
    }
    if (!equalBytes(this.#mac(bytes), bytes.subarray(RANDOM_SIZE + EXPIRY_SIZE))) {
      throw new OpenIdRefusal('nonce-unknown');
    }
    const expiresAt = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(RANDOM_SIZE);
    if (expiresAt <= now) throw new OpenIdRefusal('nonce-unknown');
    const used = await statements.query(
      'insert into openid_used_nonces (nonce_hash, expires_at) values ($1, $2) on conflict do nothing returning 1 as one',
      [hashOf(this.#crypto, nonce), expiresAt],
    );
    if (used.length === 0) throw new OpenIdRefusal('nonce-used');
  }

  #mac(bytes: Uint8Array): Uint8Array {
    const mac = new Uint8Array(MAC_SIZE);
    this.#crypto.keyedHash('sha-256', this.#key).digest(bytes, 0, RANDOM_SIZE + EXPIRY_SIZE, mac, 0);
    return mac;
  }
}
