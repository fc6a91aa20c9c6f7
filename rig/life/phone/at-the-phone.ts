import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../src/hal/system/random.ts';
import { CannotRun, UsageError } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import { checkDigits, type PinChoice, readPin, readSecretLine } from '../../console/pin.ts';
import { shown } from '../../console/shown.ts';
import { stateFolder } from '../../console/state-folder.ts';
import { phoneLink } from '../api/phone-link.ts';
import type { IssuerConnection } from './issuer-connection.ts';
import { Phone } from './phone.ts';

/** `--phone`, or the station's own. */
export function phoneFolder(given: string | null, env: CommandIo['env']): string {
  return given ?? join(stateFolder(env), 'phone');
}

/** The same, of a phone that is there: only what gives a phone its card makes the folder. @throws {CannotRun} */
export function existingPhone(given: string | null, env: CommandIo['env']): string {
  const folder = phoneFolder(given, env);
  if (existsSync(folder)) return folder;
  throw new CannotRun(`there is no phone in ${folder}: \`vitap phone activate\` makes one`);
}

/** Opens a phone that is there for one piece of work, and closes it whatever comes. @throws {CannotRun} there is none */
export function withPhone<T>(folder: string | null, io: CommandIo, run: (phone: Phone) => Promise<T>): Promise<T> {
  return withPhoneIn(existingPhone(folder, io.env), io, run);
}

/** The same in a folder that is made if it is not there. */
export async function withPhoneIn<T>(folder: string, io: CommandIo, run: (phone: Phone) => Promise<T>): Promise<T> {
  const phone = Phone.open(folder, {
    crypto: nobleCrypto(),
    random: systemRandom,
    clock: systemClock,
    onFault: (fault) => io.stderr(`The card answered with an error of its own: ${shown(String(fault))}\n`),
  });
  try {
    return await run(phone);
  } finally {
    phone.close();
  }
}

/** The issuer of a phone over HTTP. @throws {UsageError} no address of a server */
export function issuerAt(address: string, timeoutMs: number, io: CommandIo): IssuerConnection {
  let origin: string;
  try {
    const url = new URL(address);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError();
    origin = url.origin;
  } catch {
    throw new UsageError('--issuer is the address of a server: http://127.0.0.1:8620');
  }
  const world = { crypto: nobleCrypto(), random: systemRandom, now: () => Date.now() };
  return { origin, connect: (signer) => phoneLink({ origin, timeoutMs, signal: io.signal }, signer, world) };
}

/** The issuer that the phone's activation is at. */
export function issuerOf(phone: Phone, timeoutMs: number, io: CommandIo): IssuerConnection {
  const { issuer } = phone.view();
  if (issuer === null) throw new CannotRun('this phone has no issuer yet: `vitap phone activate` gives it one');
  return issuerAt(issuer, timeoutMs, io);
}

/** The holder's code, from where options and environment say, or asked for on the terminal. @throws {CannotRun} */
export async function holdersCode(pin: PinChoice, io: CommandIo): Promise<Uint8Array> {
  const ask = pin.ask || (pin.file === null && (io.env.VITAP_PIN ?? '') === '' && io.stdinIsTty);
  const code = await readPin({ ...pin, ask }, io);
  if (code === null) throw new CannotRun('the code is needed: --pin, --pin-file FILE, or VITAP_PIN');
  return code;
}

/** Whether options or environment say where the holder's code is. */
export function isCodeGiven(pin: PinChoice, io: CommandIo): boolean {
  return pin.ask || pin.file !== null || (io.env.VITAP_PIN ?? '') !== '';
}

/** Whether a new code comes from a file or VITAP_NEW_PIN, so that nobody is asked for it. */
export function hasNewCode(file: string | null, io: CommandIo): boolean {
  return file !== null || (io.env.VITAP_NEW_PIN ?? '') !== '';
}

/** A new code: from a file, VITAP_NEW_PIN, or typed twice. @throws {CannotRun} */
export async function newCode(file: string | null, io: CommandIo): Promise<Uint8Array> {
  const ask = !hasNewCode(file, io) && io.stdinIsTty;
  const source = { file, ask, option: '--pin', fileOption: '--new-pin-file', variable: 'VITAP_NEW_PIN' };
  const line = await readSecretLine({ ...source, question: 'New code (6 digits): ' }, io);
  if (line === null) throw new CannotRun('a new code is needed: --new-pin-file FILE, VITAP_NEW_PIN, or a terminal');
  const code = checkDigits(line);
  if (!ask) return code;
  const again = Buffer.from(await io.askHidden('The same again: '));
  const same = again.equals(Buffer.from(code));
  again.fill(0);
  if (same) return code;
  code.fill(0);
  throw new CannotRun('the two codes are not the same; nothing was changed');
}
