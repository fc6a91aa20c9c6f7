import { createHmac, randomBytes } from 'node:crypto';
import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { CannotRun } from '../console/failure.ts';
import { readInputFile } from '../console/input-file.ts';
import { refuseSharedKey } from '../console/private-key-file.ts';
import { nirOfBcd } from './bcd-nir.ts';
import { digitsOf, nameOf, textOf } from './known-people.ts';
import type { MaskKind } from './model.ts';
import type { RecordChoice } from './record-choice.ts';

/** Bytes of the hash that are told: enough to tell secrets apart, and of no use without the key. */
const HASH_BYTES = 8;
const KEY_BYTES = 32;
const SHORTEST_KEY = 16;
const LONGEST_KEY = 4096;

/**
 * Stands a keyed hash in the place of each secret: equal secrets have equal ones, and who has not the key cannot try.
 * The same person's NIR has the same hash with its key digits or without, in ASCII and in BCD; a name in any case.
 */
export class Pseudonyms {
  /** Tells, without telling the key, whether two traces were masked under the same one. 16 hexadecimal digits. */
  readonly keyId: string;
  readonly #key: Uint8Array;

  /** @param key of a laboratory; by default one that is not kept, so that hashes compare within one trace only */
  constructor(key: Uint8Array = randomBytes(KEY_BYTES)) {
    this.#key = copyBytes(key);
    this.keyId = this.#hmac('key', new Uint8Array(0));
  }

  /** @returns 16 hexadecimal digits, upper case */
  of(what: MaskKind, secret: Uint8Array): string {
    return this.#hmac(what, Buffer.from(canonical(what, secret)));
  }

  #hmac(label: string, bytes: Uint8Array): string {
    const hash = createHmac('sha256', this.#key).update(`vitap mask ${label}\0`).update(bytes).digest();
    return hash.subarray(0, HASH_BYTES).toString('hex').toUpperCase();
  }
}

/** @throws {CannotRun} too short for a key; the errors of the file system */
export function readRedactionKey(path: string): Uint8Array {
  refuseSharedKey(path, 'this key');
  const bytes = readInputFile(path, 'a redaction key');
  if (bytes.length < SHORTEST_KEY || bytes.length > LONGEST_KEY) {
    throw new CannotRun(
      `${path} has ${bytes.length} bytes; a redaction key has ${SHORTEST_KEY} to ${LONGEST_KEY}, best made by a random generator`,
    );
  }
  return bytes;
}

/** What `--keep-secrets` and `--redaction-key` of a command say about the trace that it records. */
export function secrecyOf(record: RecordChoice): { readonly keepSecrets: boolean; readonly redactionKey?: Uint8Array } {
  const { keepSecrets, redactionKey } = record;
  return redactionKey === undefined ? { keepSecrets } : { keepSecrets, redactionKey: readRedactionKey(redactionKey) };
}

/** What is the same for the same secret, however it was written. */
function canonical(what: MaskKind, secret: Uint8Array): Uint8Array | string {
  switch (what) {
    case 'nir': {
      if (secret.length <= 8) return nirOfBcd(secret);
      return textOf(secret)
        .replace(/[ .\-\u00a0\u202f]/g, '')
        .slice(0, 13)
        .toUpperCase();
    }
    case 'name':
      return nameOf(secret).normalize('NFC').toUpperCase();
    case 'birth':
      return digitsOf(secret);
    default:
      return secret;
  }
}
