/**
 * An issuer as a folder:
 *
 * | file | holds |
 * |---|---|
 * | `issuer.json` | origin, and where the registry is; written last, so that a folder without it is no issuer |
 * | `store` | the registry, a PGlite database; not there when the registry is a PostgreSQL database |
 * | `applications` | pictures and videos until they are destroyed |
 * | `keys.json` | private keys: of tokens and lists, of the document signer, of cards' files; for the owner alone |
 * | `issuer.keys.json` | the issuer's terminal, with `write DG17`: it personalises cards |
 * | `counter.keys.json` | a professional's terminal, with `read DG1` to `read DG3` and `write DG18` |
 * | `trust.json` | for counters: the issuer's name, its public key and where its status list is |
 *
 * Both terminals are below the test root, which the cards of the shipped profiles trust and whose key everyone knows.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { SigningKeys } from '../../../src/applet/vitale/index.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { FileLock } from '../../../src/hal/nvm/file-lock.ts';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import type { Random } from '../../../src/hal/random.ts';
import { authorizationOf, randomPrivateKey } from '../../../src/secure-channel/index.ts';
import { testAuthorityKey } from '../../card/profile/test-keys.ts';
import { CannotRun } from '../../console/failure.ts';
import { readInputText } from '../../console/input-file.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import { refuseSharedKey } from '../../console/private-key-file.ts';
import { testSigningAuthority } from '../../pki/card-security.ts';
import { validityOf } from '../../pki/dates.ts';
import { issueHolder } from '../../pki/holder.ts';
import { readTerminalKeys, type TerminalKeys, writeTerminalKeys } from '../../pki/terminal-keys.ts';
import { testDocumentVerifier } from '../../pki/test-hierarchy.ts';
import { TEST_SIGNING_AUTHORITY } from '../../pki/test-signing-authority.ts';
import { issueX509, type X509Holder } from '../../pki/x509.ts';
import { isDatabaseUrl } from '../../store/open.ts';
import type { IssuerSigner } from '../credential/inner-cwt.ts';
import { jwkThumbprint, pointToJwk, softwareSigner } from '../credential/jws.ts';
import { audit } from './audit.ts';
import { registryCounts } from './registry-counts.ts';
import { changeRollout } from './rollout.ts';
import { type IssuerStore, openIssuerStore } from './store.ts';

/** Where the API of a new issuer is unless its maker says otherwise. */
export const DEFAULT_ORIGIN = 'http://127.0.0.1:8620';
/** Names of its terminals. */
export const ISSUER_TERMINAL = 'FRVITAPATISS01';
export const COUNTER_TERMINAL = 'FRVITAPATCNT01';

const YEARS = 10;
const LARGEST_FILE = 65_536;

export interface IssuerConfig {
  /** Scheme, host and port under which its tokens name the issuer. */
  readonly origin: string;
  /** URL of a PostgreSQL database; null: the folder's own PGlite database. */
  readonly store: string | null;
}

/** Private keys of the issuer; all on P-256. */
export interface IssuerKeys {
  /** Of tokens, credentials and status lists. */
  readonly signer: IssuerSigner;
  /** Of EF.CardSecurity. */
  readonly documentSigner: X509Holder;
  /** Of E00F, the signature of a card's files. */
  readonly fileSigning: SigningKeys;
  /** The terminal that personalises cards. */
  readonly terminal: TerminalKeys;
}

export interface Issuer {
  readonly folder: string;
  readonly config: IssuerConfig;
  readonly store: IssuerStore;
}

type IssuerCrypto = Pick<Crypto, 'hash' | 'privateKey' | 'publicKey' | 'ecdsaSign'>;

const ORIGIN = z.string().refine(isOrigin, { error: 'no origin such as http://127.0.0.1:8620' });

const CONFIG = z.strictObject({
  format: z.literal('vitap issuer'),
  version: z.literal(1),
  origin: ORIGIN,
  store: z.string().nullable(),
});

const HEX = z
  .string()
  .regex(/^([0-9a-f]{2})+$/)
  .transform((text) => new Uint8Array(Buffer.from(text, 'hex')));

const KEYS = z.strictObject({
  format: z.literal('vitap issuer keys'),
  version: z.literal(1),
  tokens: HEX,
  documentSigner: z.strictObject({ certificate: HEX, privateKey: HEX }),
  fileSigner: HEX,
});

/** Whether a text is a scheme, a host and perhaps a port, and nothing else. */
export function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

const at = (folder: string, name: string): string => join(folder, name);

export interface NewIssuer {
  readonly folder: string;
  readonly origin: string;
  /** URL of a PostgreSQL database; null: PGlite in the folder. */
  readonly store: string | null;
  /** Departments that are open from the beginning. */
  readonly departments: readonly string[];
  readonly now: number;
  /** Interrupted, nothing of it stays. */
  readonly signal?: AbortSignal;
}

/** Where the database is, made or in the making, with its lock; pictures; keys, whole or in the making. */
const UNFINISHED =
  /^(store(\.new|\.lock(\..+)?)?|applications|(keys|issuer\.keys|counter\.keys)\.json|\.((issuer|counter)\.)?(keys|trust)\.json\..+\.tmp)$/;

/**
 * Makes an issuer in a folder that is empty, not there yet, or holds nothing but what an earlier making left that was
 * killed: that is removed, and all is made anew.
 * @returns its files
 * @throws {CannotRun} the folder is not empty, the origin is none, the database is another issuer's; {HalError} `storage`; {StoreError}
 */
export async function makeIssuer(
  { folder, origin, store, departments, now, signal }: NewIssuer,
  { crypto, random }: { readonly crypto: IssuerCrypto; readonly random: Random },
): Promise<readonly string[]> {
  if (!isOrigin(origin))
    throw new CannotRun(`"${origin}" is no origin: scheme, host and port, such as ${DEFAULT_ORIGIN}`);
  if (store !== null && !isDatabaseUrl(store)) {
    throw new CannotRun('a registry elsewhere is a PostgreSQL database: postgresql://USER@HOST:PORT/DATABASE');
  }
  signal?.throwIfAborted();
  if (existsSync(folder) && !removeUnfinished(folder)) {
    throw new CannotRun(`${folder} is not empty; an issuer begins in a folder of its own: name another one`);
  }
  makeFolder(folder, PRIVATE);
  try {
    const opened = await openStore(folder, store, now);
    try {
      signal?.throwIfAborted();
      if (store !== null && (await registryCounts(opened, now)).insured > 0) {
        throw new CannotRun(`the database ${store} holds the registry of another issuer; make one with createdb`);
      }
      await opened.sql.transaction((statements) => audit(statements, now, 'registry-made'));
      await changeRollout(opened, { departments, open: true, now });
      signal?.throwIfAborted();
    } finally {
      await opened.sql.close();
    }
    const files = writeKeys(folder, origin, now, { crypto, random });
    const config = at(folder, 'issuer.json');
    writeDocument(config, { format: 'vitap issuer', version: 1, origin, store });
    return [...files, config];
  } catch (error) {
    // It was empty: all that is there now is half an issuer, which nothing could use.
    for (const name of readdirSync(folder)) rmSync(at(folder, name), { recursive: true, force: true });
    throw error;
  }
}

/**
 * Removes what a making left that was killed. Only that: where `trust.json` is, a whole issuer may have lost its
 * `issuer.json`, and nobody files an application with an issuer that is not finished.
 * @returns whether nothing is left
 * @throws {HalError} `busy`: it is being made now
 */
function removeUnfinished(folder: string): boolean {
  const names = readdirSync(folder);
  if (names.length === 0) return true;
  if (!names.every((name) => UNFINISHED.test(name))) return false;
  if (names.includes('applications') && readdirSync(at(folder, 'applications')).length > 0) return false;
  const lock = FileLock.acquire(at(folder, 'store'));
  try {
    for (const name of names) {
      if (!name.startsWith('store.lock')) rmSync(at(folder, name), { recursive: true, force: true });
    }
  } finally {
    lock.release();
  }
  return true;
}

function writeKeys(
  folder: string,
  origin: string,
  now: number,
  { crypto, random }: { readonly crypto: IssuerCrypto; readonly random: Random },
): readonly string[] {
  const fresh = (): Uint8Array => randomPrivateKey(crypto, random, 'P-256');
  const tokens = fresh();
  const serial = new Uint8Array(1);
  random.fill(serial, 0, 1);
  const documentSigner = issueX509(
    crypto,
    {
      commonName: 'Vitap test issuer',
      // 1 is of the signer of the shipped cards, below the same authority.
      serialNumber: 2 + ((serial[0] as number) % 126),
      authority: false,
      notBefore: new Date(now - (now % 86_400_000)),
      notAfter: new Date(Date.UTC(new Date(now).getUTCFullYear() + YEARS, 0, 1)),
    },
    fresh(),
    testSigningAuthority(crypto),
  );
  const keys = at(folder, 'keys.json');
  writeDocument(keys, {
    format: 'vitap issuer keys',
    version: 1,
    tokens: hex(tokens),
    documentSigner: { certificate: hex(documentSigner.certificate), privateKey: hex(documentSigner.privateKey) },
    fileSigner: hex(fresh()),
  });
  const issuer = at(folder, 'issuer.keys.json');
  writeTerminal(issuer, ISSUER_TERMINAL, ['write DG17'], now, { crypto, random });
  const counter = at(folder, 'counter.keys.json');
  writeTerminal(counter, COUNTER_TERMINAL, ['read DG1', 'read DG2', 'read DG3', 'write DG18'], now, { crypto, random });
  const trust = at(folder, 'trust.json');
  const jwk = pointToJwk(crypto.publicKey('P-256', tokens));
  writeDocument(trust, {
    issuer: origin,
    keys: [{ ...jwk, kid: jwkThumbprint(crypto, jwk) }],
    statusList: statusListUrl(origin),
  });
  return [keys, issuer, counter, trust];
}

/** A terminal below the document verifier of the test hierarchy, with a key of its own. */
function writeTerminal(
  path: string,
  name: string,
  rights: readonly string[],
  now: number,
  { crypto, random }: { readonly crypto: IssuerCrypto; readonly random: Random },
): void {
  const documentVerifier = testDocumentVerifier(crypto);
  const from = Number(new Date(now).toISOString().slice(2, 10).replaceAll('-', ''));
  const terminal = issueHolder(crypto, documentVerifier, {
    name,
    privateKey: randomPrivateKey(crypto, random, documentVerifier.key.curve),
    authorization: authorizationOf('AT', 'terminal', rights),
    validity: validityOf(from, YEARS),
  });
  const certificates = [documentVerifier.certificate, terminal.certificate];
  writeTerminalKeys(path, { certificates, key: terminal.key, signers: [TEST_SIGNING_AUTHORITY] });
}

/** Where the issuer publishes its status list. */
export function statusListUrl(origin: string): string {
  return `${origin}/v1/status/token-list`;
}

/**
 * Opens the issuer in a folder; its store is to be closed.
 * @throws {CannotRun} there is none; {HalError} `busy`: another process has it; {StoreError}
 */
export async function openIssuer(folder: string, now: number): Promise<Issuer> {
  const config = readConfig(folder);
  return { folder, config, store: await openStore(folder, config.store, now) };
}

export function readConfig(folder: string): IssuerConfig {
  const path = at(folder, 'issuer.json');
  if (!existsSync(path)) throw new CannotRun(`${folder}: no issuer is there: make one with vitap issuer init`);
  const { origin, store } = readDocument(path, "an issuer's configuration", CONFIG);
  return { origin, store };
}

/** @throws {CannotRun} a file that is not as it was written, or one that others may read */
export function readIssuerKeys(folder: string, crypto: IssuerCrypto): IssuerKeys {
  const keys = at(folder, 'keys.json');
  refuseSharedKey(keys);
  const { tokens, documentSigner, fileSigner } = readDocument(keys, "an issuer's keys", KEYS);
  return {
    signer: { publicKey: crypto.publicKey('P-256', tokens), sign: softwareSigner(crypto, tokens) },
    documentSigner,
    fileSigning: { authority: testAuthorityKey(crypto as Crypto), signer: fileSigner },
    terminal: readTerminalKeys(at(folder, 'issuer.keys.json'), crypto),
  };
}

function openStore(folder: string, store: string | null, now: number): Promise<IssuerStore> {
  return openIssuerStore({ location: store ?? at(folder, 'store'), files: at(folder, 'applications'), now });
}

function readDocument<T>(path: string, what: string, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(readInputText(path, what, LARGEST_FILE));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new CannotRun(`${path}: ${what} is JSON, and this is none`);
    throw cause;
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CannotRun(
    `${path}: not ${what} of this vitap: ${issue?.path.join('.') || 'its content'} is not as it must be`,
  );
}

function writeDocument(path: string, document: unknown): void {
  replaceFile(path, [Buffer.from(`${JSON.stringify(document, null, 2)}\n`)]);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
