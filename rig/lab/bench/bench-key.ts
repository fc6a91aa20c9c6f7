import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CompactSign, importJWK } from 'jose';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { systemRandom } from '../../../src/hal/system/random.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import { refuseSharedKey } from '../../console/private-key-file.ts';
import { base64url, keyFileText, type LabKey, newLabKey, readKeyFile } from '../../judge/evidence/key-file.ts';
import type { BenchKey } from '../api/bench.ts';
import { RESULT_TYPE, type ResultStatement } from '../api/result.ts';

/** The key with which a bench signs its results; it is enrolled once and never leaves the bench. */
export interface BenchSigner {
  readonly publicKey: BenchKey;
  /** A compact JWS (RFC 7515) with ES256. */
  sign(statement: ResultStatement): Promise<string>;
}

const KEY_FILE = 'bench.key.json';

/**
 * The key in a bench's folder, made there for its owner alone on first use.
 * @throws {CannotRun} no key, or others may read it; {HalError} `storage`
 */
export function benchSigner(folder: string): BenchSigner {
  const crypto = nobleCrypto();
  const path = join(folder, KEY_FILE);
  if (!existsSync(path)) {
    makeFolder(dirname(path), PRIVATE);
    const key = newLabKey(crypto, (target) => systemRandom.fill(target, 0, target.length));
    replaceFile(path, [Buffer.from(keyFileText(key, 'private'))]);
  }
  refuseSharedKey(path);
  return signerOf(readKeyFile(path, crypto));
}

export function signerOf({ publicKey, privateKey, keyId }: LabKey): BenchSigner {
  const x = base64url(publicKey.subarray(1, 33));
  const y = base64url(publicKey.subarray(33));
  const jwk = { kty: 'EC', crv: 'P-256', x, y } as const;
  if (privateKey === null) throw new Error('a bench signs with a private key');
  return {
    publicKey: jwk,
    sign: async (statement) => {
      const key = await importJWK({ ...jwk, d: base64url(privateKey) }, 'ES256');
      return new CompactSign(Buffer.from(JSON.stringify(statement)))
        .setProtectedHeader({ alg: 'ES256', typ: RESULT_TYPE, kid: base64url(keyId) })
        .sign(key);
    },
  };
}
