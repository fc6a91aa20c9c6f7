import { z } from 'zod';
import type { KeySpecification } from '../../../src/applet/image/specification.ts';
import { CURVE_NAMES } from '../../../src/hal/crypto.ts';
import {
  CIPHER_NAMES,
  type CipherName,
  keyLength,
  rightNumber,
  rightsOfType,
  type TerminalType,
} from '../../../src/secure-channel/index.ts';
import { conditions } from './access-schema.ts';
import {
  type EnvironmentDocument,
  KEY_USES,
  type KeyDocument,
  type PaceDocument,
  type TrustDocument,
} from './document.ts';
import { byte, bytes, date, integer, text } from './scalars.ts';

const algorithm = z.enum([...CIPHER_NAMES, ...CURVE_NAMES]).transform((name): KeySpecification['algorithm'] => {
  return isCipher(name) ? { kind: 'aes', bytes: keyLength(name) } : { kind: 'ec', curve: name };
});

function isCipher(name: string): name is CipherName {
  return CIPHER_NAMES.some((cipher) => cipher === name);
}

/** What is wrong with a value is said without the value. */
const secretBytes: z.ZodType<Uint8Array> = z.string().transform((written, context) => {
  const hex = written.replace(/\s/g, '');
  if (/^(?:[0-9A-Fa-f]{2}){16,66}$/.test(hex)) {
    return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  }
  context.issues.push({
    code: 'custom',
    message: 'what is written here is not `test`, `random` or 16 to 66 bytes',
    input: '',
  });
  return z.NEVER;
});

/** A word, or bytes: a union would list every way in which neither fits. */
function wordOr<W extends string>(words: readonly W[], otherwise: z.ZodType<Uint8Array>): z.ZodType<Uint8Array | W> {
  return z.string().transform((written, context): Uint8Array | W => {
    const word = words.find((each) => each === written);
    if (word !== undefined) return word;
    const read = otherwise.safeParse(written);
    if (read.success) return read.data;
    for (const { message } of read.error.issues) context.issues.push({ code: 'custom', message, input: '' });
    return z.NEVER;
  });
}

export const key: z.ZodType<KeyDocument> = z
  .strictObject({
    reference: byte,
    use: z.array(z.enum(KEY_USES)).min(1),
    algorithm,
    value: wordOr(['test', 'random'], secretBytes).optional(),
    ciphers: z.array(z.enum(CIPHER_NAMES)).optional(),
    tries: integer(1, 15).optional(),
    access: conditions.optional(),
    generate: conditions.optional(),
  })
  .transform(({ ciphers, tries, access, generate, ...rest }) => ({
    ...rest,
    ciphers: ciphers ?? [],
    tries: tries ?? 0,
    access: access ?? {},
    generate: generate ?? {},
  }));

export const pace: z.ZodType<PaceDocument> = z
  .strictObject({
    curve: z.enum(CURVE_NAMES),
    cipher: z.enum(CIPHER_NAMES),
    mapping: z.enum(['generic', 'chip-authentication']).optional(),
  })
  .transform(({ mapping, ...rest }) => ({ ...rest, mapping: mapping === 'chip-authentication' ? 'CAM' : 'GM' }));

export const trust: z.ZodType<TrustDocument> = z.strictObject({
  date,
  roots: z
    .array(wordOr(['test'], bytes(1, 4096)))
    .min(1)
    .max(2, { error: 'a card has at most two trust points' }),
});

const TYPES: Readonly<Record<string, TerminalType>> = { 'id-IS': 'IS', 'id-AT': 'AT', 'id-ST': 'ST' };

/** `{ id, reference, by }`, `{ id, authorization, right, password, chip }` or `{ id, key }`. */
export const environment: z.ZodType<EnvironmentDocument> = z
  .strictObject({
    id: integer(1, 14),
    reference: byte.optional(),
    by: z.enum(['verify', 'holder']).optional(),
    authorization: z.enum(['id-IS', 'id-AT', 'id-ST']).optional(),
    right: text.optional(),
    password: z.enum(['CAN']).optional(),
    chip: z.enum(['unproven']).optional(),
    key: byte.optional(),
  })
  .transform((written, context): EnvironmentDocument => {
    const { id, reference, by, authorization, right, password, chip, key } = written;
    const say = (message: string, path: string[] = []): EnvironmentDocument => {
      context.issues.push({ code: 'custom', message, path, input: '' });
      return z.NEVER;
    };
    const ofCode = reference !== undefined || by !== undefined;
    const ofTerminal =
      authorization !== undefined || right !== undefined || password !== undefined || chip !== undefined;
    if ([ofCode, ofTerminal, key !== undefined].filter((given) => given).length !== 1) {
      return say('an environment is about a code (`reference`, `by`), a terminal (`authorization`) or a key (`key`)');
    }
    if (key !== undefined) return { id, by: 'key', key };
    if (ofCode) {
      if (reference === undefined) return say('`reference` is missing');
      return by === undefined ? say('`by` is missing') : { id, by, reference };
    }
    if (authorization === undefined) return say('`authorization` is missing');
    const type = TYPES[authorization] as TerminalType;
    if (right !== undefined && rightNumber(type, right) < 0) {
      return say(`${authorization} has no such right: ${rightsOfType(type).join(', ')}`, ['right']);
    }
    return {
      id,
      by: 'terminal',
      right: {
        type,
        right: right ?? null,
        byCan: password === 'CAN',
        ...(chip === 'unproven' && { beforeChip: true }),
      },
    };
  });
