import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { readInputFile, readInputText } from '../../console/input-file.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import { StatusListError } from '../credential/status-list.ts';
import { verifyStatusListCwt } from '../credential/status-list-cwt.ts';
import { verifyStatusListJwt } from '../credential/status-list-jwt.ts';
import type { StatusListExpectations, VerifiedStatusList } from '../credential/status-list-token.ts';
import { readTrustList, TrustListError } from '../credential/trust-list.ts';
import type { TrustedIssuer } from '../credential/verify-offline-qr.ts';
import { type CounterFolder, nameOf } from './counter-folder.ts';
import { CounterFailure } from './failures.ts';
import { type Fetched, fetchBytes } from './fetch-bytes.ts';
import { ageInWords } from './presentation.ts';
import { CounterTrust, type ListAtHand, type ListSource, secondsOf } from './trust.ts';
import { warningWords } from './warnings.ts';

/** Where keys and lists come from; null: not from there. */
export interface TrustChoice {
  /** `--trust FILE`. */
  readonly trust: string | null;
  /** `--status-list FILE`, a CWT or a JWT. */
  readonly statusList: string | null;
  /** Origin of the issuer, which is asked where no file was given. */
  readonly issuer: string | null;
  /** Nothing is asked for. */
  readonly offline: boolean;
  /** A card whose activation could not be looked up is read all the same. */
  readonly acceptUnchecked: boolean;
  /** A list older than this many seconds is stale; null: as it says itself. */
  readonly mostListSeconds: number | null;
}

export interface TrustWorld {
  readonly crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>;
  readonly folder: CounterFolder;
  readonly signal: AbortSignal;
  /** For one answer. */
  readonly timeoutMs: number;
}

const LARGEST_TRUST = 65_536;
/** The list of 68 million people at one bit is 8.5 MB before compression. */
const LARGEST_LIST = 16 * 1024 * 1024;

/**
 * Whom the counter believes: by the file, else by the issuer's own word, else by what was kept of that.
 * @returns null: nothing is known; and what went wrong on the way
 * @throws {CounterFailure} `trust-unreadable`: a file that was named is none
 */
export async function loadTrust(
  choice: TrustChoice,
  world: TrustWorld,
): Promise<{ readonly trust: CounterTrust | null; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const issuers = await trustedIssuers(choice, world, warnings);
  if (issuers === null) return { trust: null, warnings };
  const lists = new CounterLists(choice, world);
  return { trust: new CounterTrust(issuers, lists, world.crypto, choice.mostListSeconds), warnings };
}

async function trustedIssuers(
  { trust, issuer, offline }: TrustChoice,
  world: TrustWorld,
  warnings: string[],
): Promise<readonly TrustedIssuer[] | null> {
  if (trust !== null) return parseTrust(readInputText(trust, 'a trust list', LARGEST_TRUST), trust);
  const kept = join(world.folder.path, 'trust.json');
  if (issuer !== null && !offline) {
    const fetched = await fetchBytes(`${issuer}/v1/trust`, 'application/json', LARGEST_TRUST, world);
    if (!('problem' in fetched)) {
      const text = Buffer.from(fetched.bytes).toString('utf8');
      const list = parseTrust(text, `${issuer}/v1/trust`);
      keep(world.folder, kept, fetched.bytes);
      return list;
    }
    warnings.push(warningWords('keysNotAsked', { problem: fetched.problem }));
  }
  if (!existsSync(kept)) return null;
  const age = ageInWords((Date.now() - statSync(kept).mtimeMs) / 1000);
  warnings.push(warningWords('keysKept', { age }));
  return parseTrust(readInputText(kept, 'a trust list', LARGEST_TRUST), kept);
}

function parseTrust(text: string, name: string): readonly TrustedIssuer[] {
  try {
    return readTrustList(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof TrustListError || cause instanceof SyntaxError)) throw cause;
    const why = cause instanceof TrustListError ? cause.message : 'it is not JSON';
    throw new CounterFailure('trust-unreadable', `${name}: no trust list: ${why}`, { cause });
  }
}

/** Lists of states from a file, the issuer and the cache: the newest that holds. */
class CounterLists implements ListSource {
  readonly #choice: TrustChoice;
  readonly #world: TrustWorld;
  #warnings: string[] = [];

  constructor(choice: TrustChoice, world: TrustWorld) {
    this.#choice = choice;
    this.#world = world;
  }

  warnings(): readonly string[] {
    const told = this.#warnings;
    this.#warnings = [];
    return told;
  }

  async newest(
    { uri, keys }: { readonly uri: string; readonly keys: readonly Uint8Array[] },
    at: Date,
  ): Promise<ListAtHand | null> {
    const expected = {
      uri,
      signers: keys,
      now: secondsOf(at),
      acceptExpired: true,
      mostBytes: LARGEST_LIST,
      crypto: this.#world.crypto,
    };
    const file = await this.#fromFile(expected);
    const fetched = file === null ? await this.#fromIssuer(expected) : null;
    const kept = await this.#fromCache(expected);
    const all: ListAtHand[] = [];
    if (file !== null) all.push({ list: file, from: 'file' });
    if (fetched !== null) all.push({ list: fetched, from: 'issuer' });
    if (kept !== null) all.push({ list: kept, from: 'cache' });
    return all.reduce<ListAtHand | null>(
      (newest, each) => (newest === null || each.list.issuedAt > newest.list.issuedAt ? each : newest),
      null,
    );
  }

  async #fromFile(expected: StatusListExpectations): Promise<VerifiedStatusList | null> {
    const { statusList } = this.#choice;
    if (statusList === null) return null;
    return this.#verified(readInputFile(statusList, 'a list of states', LARGEST_LIST), statusList, expected);
  }

  /** Its address is the issuer's word, whose signature was right: nobody else sends the counter anywhere. */
  async #fromIssuer(expected: StatusListExpectations): Promise<VerifiedStatusList | null> {
    if (this.#choice.offline || !/^https?:\/\//.test(expected.uri)) return null;
    const fetched: Fetched = await fetchBytes(expected.uri, 'application/statuslist+cwt', LARGEST_LIST, this.#world);
    if ('problem' in fetched) {
      this.#warnings.push(warningWords('listNotAsked', { problem: fetched.problem }));
      return null;
    }
    const list = await this.#verified(fetched.bytes, expected.uri, expected);
    if (list !== null) keep(this.#world.folder, this.#pathOf(expected.uri), fetched.bytes);
    return list;
  }

  async #fromCache(expected: StatusListExpectations): Promise<VerifiedStatusList | null> {
    const path = this.#pathOf(expected.uri);
    if (!existsSync(path)) return null;
    return this.#verified(readInputFile(path, 'a list of states', LARGEST_LIST), path, expected);
  }

  async #verified(
    bytes: Uint8Array,
    name: string,
    expected: StatusListExpectations,
  ): Promise<VerifiedStatusList | null> {
    try {
      // A compact JWS begins with `{` in base64url.
      const text = bytes[0] === 0x65 ? Buffer.from(bytes).toString('latin1').trim() : null;
      return text === null ? verifyStatusListCwt(bytes, expected) : verifyStatusListJwt(text, expected);
    } catch (error) {
      if (!(error instanceof StatusListError)) throw error;
      this.#warnings.push(warningWords('listNotBelieved', { name, problem: error.message }));
      return null;
    }
  }

  #pathOf(uri: string): string {
    return join(this.#world.folder.path, `status-${nameOf(uri).slice(0, 32)}`);
  }
}

function keep({ path: folder }: CounterFolder, path: string, bytes: Uint8Array): void {
  makeFolder(folder, PRIVATE);
  replaceFile(path, [bytes]);
}
