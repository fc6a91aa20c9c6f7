/**
 * An identity provider as a folder:
 *
 * | file | holds |
 * |---|---|
 * | `identity.json` | its origin, and who may ask; written last, so that a folder without it is no identity provider |
 * | `people.json` | the people whom it knows, synthetic all of them |
 * | `identity.key.json` | the private key that signs identities; for the owner alone |
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Crypto } from '../../../../src/hal/crypto.ts';
import { replaceFile } from '../../../../src/hal/nvm/replace-file.ts';
import type { Random } from '../../../../src/hal/random.ts';
import { CannotRun } from '../../../console/failure.ts';
import { readInputText } from '../../../console/input-file.ts';
import { makeFolder, PRIVATE } from '../../../console/make-folder.ts';
import { refuseSharedKey } from '../../../console/private-key-file.ts';
import { jwkThumbprint, type P256Jwk, pointToJwk } from '../../credential/jws.ts';
import { formatPeople, type Person, parsePeople } from './people.ts';

export const DEFAULT_IDENTITY_ORIGIN = 'http://127.0.0.1:8630';

export interface IdentityFolder {
  readonly origin: string;
  /** Origins that may ask for an identity; empty: any on this machine. */
  readonly verifiers: readonly string[];
  readonly people: readonly Person[];
  readonly privateKey: Uint8Array;
  readonly publicKey: P256Jwk;
  readonly kid: string;
}

type KeyCrypto = Pick<Crypto, 'hash' | 'privateKey' | 'publicKey'>;

const FORMAT = 'vitap identity provider';
const KEY_FORMAT = 'vitap identity provider key';
const SEED_SIZE = 40;
const KEY_SIZE = 32;
const LARGEST_FILE = 65_536;
/** A million people have some 150 MB. */
const LARGEST_PEOPLE = 256 * 1024 * 1024;

const origin = z.string().refine(isOrigin);
const CONFIG = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(1),
  origin,
  verifiers: z.array(origin).max(1000),
});
const KEY = z.strictObject({
  format: z.literal(KEY_FORMAT),
  version: z.literal(1),
  privateKey: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .transform((text) => new Uint8Array(Buffer.from(text, 'hex'))),
});

/** Whether a text is a scheme, a host and perhaps a port, and nothing else. */
export function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/**
 * Makes an identity provider in a folder that is empty or not there yet. @returns its files
 * @throws {CannotRun} the folder is not empty, an origin is none; {HalError} `storage`
 */
export function makeIdentityFolder(
  folder: string,
  order: Pick<IdentityFolder, 'origin' | 'verifiers' | 'people'>,
  { crypto, random }: { readonly crypto: KeyCrypto; readonly random: Random },
): readonly string[] {
  for (const text of [order.origin, ...order.verifiers]) {
    if (!isOrigin(text)) {
      throw new CannotRun(`"${text}" is no origin: scheme, host and port, such as ${DEFAULT_IDENTITY_ORIGIN}`);
    }
  }
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new CannotRun(`${folder} is not empty; an identity provider begins in a folder of its own: name another one`);
  }
  const seed = new Uint8Array(SEED_SIZE);
  random.fill(seed, 0, SEED_SIZE);
  const privateKey = Buffer.from(crypto.privateKey('P-256', seed)).toString('hex');
  makeFolder(folder, PRIVATE);
  const files = ['identity.key.json', 'people.json', 'identity.json'].map((name) => join(folder, name));
  const [keyFile, peopleFile, configFile] = files as [string, string, string];
  write(keyFile, json({ format: KEY_FORMAT, version: 1, privateKey }));
  write(peopleFile, formatPeople(order.people));
  write(configFile, json({ format: FORMAT, version: 1, origin: order.origin, verifiers: order.verifiers }));
  return files;
}

/** @throws {CannotRun} no identity provider, or a key that others may read; an ordinary file error is left as it is */
export function openIdentityFolder(folder: string, crypto: KeyCrypto): IdentityFolder {
  const config = read(join(folder, 'identity.json'), CONFIG, 'identity provider');
  const keyFile = join(folder, 'identity.key.json');
  refuseSharedKey(keyFile);
  const { privateKey } = read(keyFile, KEY, 'key of an identity provider');
  const peopleFile = join(folder, 'people.json');
  const people = parsePeople(readInputText(peopleFile, 'a list of people', LARGEST_PEOPLE), peopleFile);
  const publicKey = publicKeyOf(crypto, privateKey, keyFile);
  return { ...config, people, privateKey, publicKey, kid: jwkThumbprint(crypto, publicKey) };
}

function publicKeyOf(crypto: KeyCrypto, privateKey: Uint8Array, path: string): P256Jwk {
  try {
    if (privateKey.length !== KEY_SIZE) throw new RangeError('the private key has not 32 bytes');
    return pointToJwk(crypto.publicKey('P-256', privateKey));
  } catch (cause) {
    throw new CannotRun(`${path}: its number is no private key on P-256`, { cause });
  }
}

function read<T>(path: string, schema: z.ZodType<T>, what: string): T {
  const text = readInputText(path, `the ${what}`, LARGEST_FILE);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new CannotRun(`${path}: no ${what}: the file is not JSON`, { cause });
  }
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new CannotRun(
    `${path}: no ${what}: ${parsed.error.issues[0]?.path.join('.') || 'its content'} is not as the format has it`,
  );
}

function write(path: string, text: string): void {
  replaceFile(path, [Buffer.from(text)]);
}

function json(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
