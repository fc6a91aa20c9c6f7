import type { Crypto } from '../../../../src/hal/crypto.ts';
import {
  base64url,
  base64urlBytes,
  isJsonObject,
  type JsonObject,
  type ReadJws,
  readJws,
} from '../../credential/jws.ts';
import { SdJwtRefusal, type SdJwtRefusalCode } from './refusals.ts';

/**
 * The form of an SD-JWT (RFC 9901): issuer's JWT, disclosures and key binding, joined by `~`. Everything that can be
 * judged without a key is judged here, more strictly than libraries do: a digest stands once, a disclosure belongs to
 * one digest, and no disclosure replaces a claim.
 */

export interface Disclosure {
  /** As it was sent: the digest is over these characters. */
  readonly encoded: string;
  readonly digest: string;
  /** Null for an element of an array. */
  readonly name: string | null;
  readonly value: unknown;
}

export interface ReadSdJwt {
  readonly issued: ReadJws;
  readonly disclosures: readonly Disclosure[];
  /** The last part, or null where it is empty. */
  readonly keyBinding: string | null;
  /** All up to the last `~`, with it: what `sd_hash` is over. */
  readonly bound: string;
}

/** An identity or a family with its photographs left out is far below this. */
const MAX_CHARACTERS = 64 * 1024;
const MAX_DISCLOSURES = 500;
const MAX_DEPTH = 16;
const DIGEST_CHARACTERS = 43;

/** What SD-JWT VC wants to see in clear, at the top of the credential. */
const NEVER_SELECTIVE = ['iss', 'nbf', 'exp', 'cnf', 'vct', 'vct#integrity', 'status'];
/** The first two belong to the format; the last would change objects of this program instead of naming a claim. */
const NEVER_NAMES = ['_sd', '...', '__proto__'];

/** @throws {SdJwtRefusal} */
export function readSdJwt(crypto: Pick<Crypto, 'hash'>, text: string, types: readonly string[]): ReadSdJwt {
  if (text.length > MAX_CHARACTERS) throw new SdJwtRefusal('too-large');
  const parts = text.split('~');
  if (parts.length < 2) throw new SdJwtRefusal('malformed');
  if (parts.length - 2 > MAX_DISCLOSURES) throw new SdJwtRefusal('too-large');
  const issued = readIssued(parts[0]!, types);
  const algorithm = issued.payload._sd_alg;
  if (algorithm !== undefined && algorithm !== 'sha-256') throw new SdJwtRefusal('digest-algorithm');
  const disclosures = parts.slice(1, -1).map((encoded) => readDisclosure(crypto, encoded));
  checkReferences(issued.payload, disclosures);
  const last = parts.at(-1)!;
  return {
    issued,
    disclosures,
    keyBinding: last === '' ? null : last,
    bound: text.slice(0, text.length - last.length),
  };
}

/** SHA-256 over ASCII, base64url: of a disclosure, or of what a presentation shows. */
export function digestOf(crypto: Pick<Crypto, 'hash'>, text: string): string {
  return base64url(crypto.hash('sha-256', new TextEncoder().encode(text)));
}

function readIssued(text: string, types: readonly string[]): ReadJws {
  try {
    return readJws(text, { typ: types, maxCharacters: MAX_CHARACTERS });
  } catch (cause) {
    const otherType = cause instanceof Error && cause.message.startsWith('the type of the token');
    throw new SdJwtRefusal(otherType ? 'wrong-type' : 'malformed', { cause });
  }
}

function readDisclosure(crypto: Pick<Crypto, 'hash'>, encoded: string): Disclosure {
  const bytes = base64urlBytes(encoded);
  if (bytes === null) throw new SdJwtRefusal('bad-disclosure');
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new SdJwtRefusal('bad-disclosure', { cause });
  }
  if (!Array.isArray(value) || value.length < 2 || value.length > 3 || typeof value[0] !== 'string') {
    throw new SdJwtRefusal('bad-disclosure');
  }
  const digest = digestOf(crypto, encoded);
  if (value.length === 2) return { encoded, digest, name: null, value: value[1] };
  const name: unknown = value[1];
  if (typeof name !== 'string' || NEVER_NAMES.includes(name)) throw new SdJwtRefusal('bad-disclosure');
  return { encoded, digest, name, value: value[2] };
}

function checkReferences(payload: JsonObject, disclosures: readonly Disclosure[]): void {
  const open = new Map<string, Disclosure>();
  for (const disclosure of disclosures) {
    if (open.has(disclosure.digest)) throw new SdJwtRefusal('duplicate-disclosure');
    open.set(disclosure.digest, disclosure);
  }
  const seen = new Set<string>();
  /** The disclosure of a digest, if it was sent. */
  const take = (digest: unknown): Disclosure | null => {
    if (typeof digest !== 'string' || digest.length !== DIGEST_CHARACTERS) throw new SdJwtRefusal('malformed');
    if (seen.has(digest)) throw new SdJwtRefusal('duplicate-digest');
    seen.add(digest);
    const disclosure = open.get(digest) ?? null;
    open.delete(digest);
    return disclosure;
  };
  const walk = (value: unknown, depth: number): void => {
    if (depth > MAX_DEPTH) throw new SdJwtRefusal('malformed');
    if (Array.isArray(value)) for (const element of value) walkElement(element, depth);
    else if (isJsonObject(value)) walkMembers(value, depth);
  };
  const walkElement = (element: unknown, depth: number): void => {
    if (!isJsonObject(element) || !('...' in element)) {
      walk(element, depth + 1);
      return;
    }
    if (Object.keys(element).length !== 1) throw new SdJwtRefusal('malformed');
    const disclosure = take(element['...']);
    if (disclosure === null) return;
    refuseIf(disclosure.name !== null, 'bad-disclosure');
    walk(disclosure.value, depth + 1);
  };
  const walkMembers = (members: JsonObject, depth: number): void => {
    refuseIf('...' in members, 'malformed');
    for (const [name, value] of Object.entries(members)) if (name !== '_sd') walk(value, depth + 1);
    if (!('_sd' in members)) return;
    if (!Array.isArray(members._sd)) throw new SdJwtRefusal('malformed');
    const names = new Set(Object.keys(members));
    for (const digest of members._sd) {
      const disclosure = take(digest);
      if (disclosure === null) continue;
      if (disclosure.name === null) throw new SdJwtRefusal('bad-disclosure');
      refuseIf(depth === 0 && NEVER_SELECTIVE.includes(disclosure.name), 'bad-disclosure');
      refuseIf(names.has(disclosure.name), 'claim-twice');
      names.add(disclosure.name);
      walk(disclosure.value, depth + 1);
    }
  };
  walk(payload, 0);
  if (open.size > 0) throw new SdJwtRefusal('unreferenced-disclosure');
}

function refuseIf(condition: boolean, code: SdJwtRefusalCode): void {
  if (condition) throw new SdJwtRefusal(code);
}
