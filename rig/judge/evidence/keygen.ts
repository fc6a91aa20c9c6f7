import { existsSync } from 'node:fs';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { systemRandom } from '../../../src/hal/system/random.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { base64url, keyFileText, newLabKey } from './key-file.ts';

/** `vitap evidence keygen`: NAME.key.json for the lab alone, NAME.pub.json for those who verify. Replaces nothing. */
export async function generateKey(name: string, io: CommandIo): Promise<ExitCode> {
  const [privateFile, publicFile] = [`${name}.key.json`, `${name}.pub.json`];
  for (const file of [privateFile, publicFile]) {
    if (existsSync(file)) throw new CannotRun(`${file} is there already; a key is never replaced: name another one`);
  }
  const key = newLabKey(nobleCrypto(), (target) => systemRandom.fill(target, 0, target.length));
  replaceFile(privateFile, [Buffer.from(keyFileText(key, 'private'))]);
  replaceFile(publicFile, [Buffer.from(keyFileText(key, 'public'))]);
  const keyId = base64url(key.keyId);
  if (io.json) {
    writeJson(io, { keyId, privateFile, publicFile });
    return EXIT.pass;
  }
  io.stdout(`${privateFile}: the private key. It signs bundles; keep it to yourself (mode 600).\n`);
  io.stdout(`${publicFile}: the public key, for those who verify them.\nkey ${keyId}\n`);
  return EXIT.pass;
}
