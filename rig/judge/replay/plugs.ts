import { type Crypto, CryptoError, HASH_NAMES, type HashName } from '../../../src/hal/crypto.ts';
import type { Random } from '../../../src/hal/random.ts';
import { TemplateError } from './hex-template.ts';

/** What a plug's parameter is. `key`: a name in the secrets file, or `{name}` of a value. */
export type PlugParameter = 'key' | 'bytes' | 'number' | 'hash';

/** The parameters of one computation, read. Absent ones are absent. */
export interface PlugInputs {
  bytes(name: string): Uint8Array | undefined;
  number(name: string): number | undefined;
  text(name: string): string | undefined;
}

export interface PlugWorld {
  readonly crypto: Crypto;
  readonly random: Random;
  /** Lasts for a whole replay: where a secure channel would keep its keys and counters. */
  readonly memory: Map<string, unknown>;
}

/** Computes bytes of an exchange that no trace can have: a cryptogram, a nonce. */
export interface Plug {
  readonly name: string;
  /** For people, one line. */
  readonly title: string;
  readonly parameters: Readonly<Record<string, { readonly kind: PlugParameter; readonly needed: boolean }>>;
  /** @throws {TemplateError} inputs that do not fit, in one sentence that holds none of them */
  compute(inputs: PlugInputs, world: PlugWorld): Uint8Array;
}

const LONGEST_RANDOM = 65_535;

const needed = (kind: PlugParameter): { kind: PlugParameter; needed: boolean } => ({ kind, needed: true });
const optional = (kind: PlugParameter): { kind: PlugParameter; needed: boolean } => ({ kind, needed: false });

/** The first `length` bytes where a length was given. */
function cut(bytes: Uint8Array, inputs: PlugInputs): Uint8Array {
  const length = inputs.number('length');
  if (length === undefined) return bytes;
  if (length > bytes.length) throw new TemplateError(`${length} bytes are wanted of ${bytes.length}`);
  return bytes.subarray(0, length);
}

function hashName(inputs: PlugInputs): HashName {
  return (inputs.text('hash') ?? 'sha-256') as HashName;
}

export const PLUGS: readonly Plug[] = [
  {
    name: 'aes-cmac',
    title: 'AES-CMAC (RFC 4493) of data, or its first bytes',
    parameters: { key: needed('key'), data: needed('bytes'), length: optional('number') },
    compute: (inputs, { crypto }) => cut(crypto.cmac(inputs.bytes('key')!, inputs.bytes('data')!), inputs),
  },
  {
    name: 'aes-cbc-encrypt',
    title: 'AES-CBC without padding; the IV is zero unless given',
    parameters: { key: needed('key'), data: needed('bytes'), iv: optional('bytes') },
    compute: (inputs, { crypto }) =>
      crypto.aesCbcEncrypt(inputs.bytes('key')!, inputs.bytes('iv') ?? new Uint8Array(16), inputs.bytes('data')!),
  },
  {
    name: 'aes-cbc-decrypt',
    title: 'the reverse of aes-cbc-encrypt',
    parameters: { key: needed('key'), data: needed('bytes'), iv: optional('bytes') },
    compute: (inputs, { crypto }) =>
      crypto.aesCbcDecrypt(inputs.bytes('key')!, inputs.bytes('iv') ?? new Uint8Array(16), inputs.bytes('data')!),
  },
  {
    name: 'hmac',
    title: 'HMAC (RFC 2104) of data, with SHA-256 unless `hash` says otherwise',
    parameters: { key: needed('key'), data: needed('bytes'), hash: optional('hash'), length: optional('number') },
    compute: (inputs, { crypto }) => {
      const keyed = crypto.keyedHash(hashName(inputs), inputs.bytes('key')!);
      const data = inputs.bytes('data')!;
      const result = new Uint8Array(keyed.size);
      keyed.digest(data, 0, data.length, result, 0);
      return cut(result, inputs);
    },
  },
  {
    name: 'hash',
    title: 'a hash of data, SHA-256 unless `hash` says otherwise',
    parameters: { data: needed('bytes'), hash: optional('hash'), length: optional('number') },
    compute: (inputs, { crypto }) => cut(crypto.hash(hashName(inputs), inputs.bytes('data')!), inputs),
  },
  {
    name: 'random',
    title: 'random bytes, others each time',
    parameters: { length: needed('number') },
    compute: (inputs, { random }) => {
      const bytes = new Uint8Array(Math.min(inputs.number('length')!, LONGEST_RANDOM));
      random.fill(bytes, 0, bytes.length);
      return bytes;
    },
  },
  {
    name: 'xor',
    title: 'data combined with other bytes of the same length by exclusive or',
    parameters: { data: needed('bytes'), with: needed('bytes') },
    compute: (inputs) => {
      const data = inputs.bytes('data')!;
      const other = inputs.bytes('with')!;
      if (data.length !== other.length) throw new TemplateError(`${data.length} bytes and ${other.length} bytes`);
      return data.map((byte, i) => byte ^ (other[i] as number));
    },
  },
  {
    name: 'bytes',
    title: 'bytes put together from others',
    parameters: { data: needed('bytes'), length: optional('number') },
    compute: (inputs) => cut(inputs.bytes('data')!, inputs),
  },
];

export function plugNamed(name: string): Plug | null {
  return PLUGS.find((plug) => plug.name === name) ?? null;
}

export function isHashName(text: string): text is HashName {
  return HASH_NAMES.includes(text as HashName);
}

/** Runs a plug; what the cryptography refuses becomes a sentence. @throws {TemplateError} */
export function runPlug(plug: Plug, inputs: PlugInputs, world: PlugWorld): Uint8Array {
  try {
    return plug.compute(inputs, world);
  } catch (error) {
    if (error instanceof CryptoError) throw new TemplateError(`${plug.name}: ${error.message}`, { cause: error });
    throw error;
  }
}
