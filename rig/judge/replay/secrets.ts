import { z } from 'zod';
import { Issues } from '../../card/profile/issues.ts';
import { plain, readSource } from '../../card/profile/source.ts';
import { readInputText } from '../../console/input-file.ts';
import { commandLayout } from '../../trace/command-layout.ts';
import type { CommandEvent } from '../../trace/model.ts';
import { bytesOfHex } from './hex-template.ts';

/** A code that a trace masks, and those that go with it. */
export interface CodeSecret {
  readonly code: Uint8Array | null;
  /** What CHANGE REFERENCE DATA and RESET RETRY COUNTER set. */
  readonly new: Uint8Array | null;
  /** What RESET RETRY COUNTER presents. */
  readonly unblock: Uint8Array | null;
}

/** What a replay needs and no trace and no rule file may hold. */
export interface Secrets {
  /** For people: the file, or `no secrets file`. */
  readonly name: string;
  /** By reference, two digits: `81`. */
  readonly codes: ReadonlyMap<string, CodeSecret>;
  readonly keys: ReadonlyMap<string, Uint8Array>;
  /** The masked bytes of the command of an exchange, one after the other. */
  readonly exchanges: ReadonlyMap<number, Uint8Array>;
  /** The code in VITAP_PIN, for VERIFY where the file has none; null: there is none. */
  readonly pin: Uint8Array | null;
}

export const NO_SECRETS: Secrets = {
  name: 'no secrets file',
  codes: new Map(),
  keys: new Map(),
  exchanges: new Map(),
  pin: null,
};

/** Text in single quotes in YAML is a code of digits; `hex: 3132FFFF` is any block. What is there is never repeated. */
const hex = z.string().transform((written, context) => {
  const digits = written.replace(/\s+/g, '');
  if (/^(?:[0-9A-Fa-f]{2})+$/.test(digits)) return bytesOfHex(digits.toUpperCase());
  context.issues.push({ code: 'custom', message: 'what is written here is not hexadecimal bytes', input: '' });
  return z.NEVER;
});
const code = z.union([
  z.string().transform((written, context) => {
    if (/^[0-9]{1,16}$/.test(written)) return new TextEncoder().encode(written);
    const message = 'what is written here is not a code of digits; a block is written `hex: …`';
    context.issues.push({ code: 'custom', message, input: '' });
    return z.NEVER;
  }),
  z.strictObject({ hex }).transform((block) => block.hex),
]);
const codeEntry = z.union([
  code.transform((value) => ({ code: value, new: undefined, unblock: undefined })),
  z.strictObject({ code: code.optional(), new: code.optional(), unblock: code.optional() }),
]);

const document = z.strictObject({
  codes: z
    .record(z.string().regex(/^[0-9A-Fa-f]{2}$/, { error: 'a reference is two hexadecimal digits' }), codeEntry)
    .optional(),
  keys: z.record(z.string(), hex).optional(),
  exchanges: z.record(z.string().regex(/^[1-9]\d{0,8}$/, { error: 'exchanges are numbered from 1' }), hex).optional(),
});

/** @throws {ProfileError} with file, line and column, and nothing of what is secret */
export function readSecrets(path: string): Secrets {
  return parseSecrets(readInputText(path, 'a secrets file'), path);
}

export function parseSecrets(source: string, name: string): Secrets {
  const written = readSource(source, name);
  const issues = new Issues(written);
  const result = document.safeParse(plain(written), { reportInput: true });
  if (!result.success) {
    // A union says what each of its forms wanted, and the text with it: only the first, plain form is told.
    for (const issue of result.error.issues) {
      if (issue.code === 'invalid_union') {
        issues.report(issue.path, 'a code is digits in quotes, `hex: …`, or `code`, `new` and `unblock` of these');
      } else if (issue.code === 'invalid_key') {
        issues.report(issue.path, issue.issues[0]?.message ?? issue.message);
      } else issues.reportSchema(issue);
    }
    issues.throwIfAny();
    throw result.error;
  }
  const { codes = {}, keys = {}, exchanges = {} } = result.data;
  return {
    name,
    codes: new Map(
      Object.entries(codes).map(([reference, each]) => [
        reference.toUpperCase(),
        { code: each.code ?? null, new: each.new ?? null, unblock: each.unblock ?? null },
      ]),
    ),
    keys: new Map(Object.entries(keys)),
    exchanges: new Map(Object.entries(exchanges).map(([index, bytes]) => [Number(index), bytes])),
    pin: null,
  };
}

/** The command as it is to be sent, or what is missing for it. */
export type Unmasked = UnmaskedCommand | { readonly missing: string };

export interface UnmaskedCommand {
  readonly hex: string;
  /** Reference of the code for which VITAP_PIN was taken. */
  readonly pinFor?: string;
}

const INS_CHANGE = 0x24;
const INS_RESET = 0x2c;
const WHOLE_CODE: ReadonlySet<number> = new Set([0x20, 0x26, 0x28]);

/**
 * Puts secrets into the places of a command's masks.
 * @param index number of the exchange, from 1
 */
export function unmask(command: CommandEvent, index: number, secrets: Secrets): Unmasked {
  const masks = command.masks ?? [];
  const length = masks.reduce((sum, mask) => sum + mask.length, 0);
  if (length === 0) return { hex: command.apdu };
  const found = secrets.exchanges.get(index) ?? codeBytes(command, secrets);
  if (typeof found === 'string') return { missing: `${found} (exchange ${index}, ${length} bytes)` };
  const fromPin = !(found instanceof Uint8Array);
  const given = fromPin ? found.pin : found;
  if (given.length !== length) {
    const name = fromPin ? 'VITAP_PIN' : secrets.name;
    return { missing: `exchange ${index} masks ${length} bytes, and ${name} has ${given.length} for it` };
  }
  let { apdu } = command;
  let taken = 0;
  for (const mask of masks) {
    const part = Buffer.from(given.subarray(taken, taken + mask.length))
      .toString('hex')
      .toUpperCase();
    apdu = apdu.slice(0, 2 * mask.offset) + part + apdu.slice(2 * (mask.offset + mask.length));
    taken += mask.length;
  }
  return fromPin ? { hex: apdu, pinFor: found.reference } : { hex: apdu };
}

/** The data field that a command with a code has, from the file or VITAP_PIN; or the name of what is missing. */
function codeBytes(
  command: CommandEvent,
  secrets: Secrets,
): Uint8Array | { readonly pin: Uint8Array; readonly reference: string } | string {
  const bytes = bytesOfHex(command.apdu);
  const [, instruction = 0, p1 = 0, p2 = 0] = bytes;
  const masks = command.masks ?? [];
  const { dataOffset, dataLength } = commandLayout(bytes);
  const wholeField = masks.length === 1 && masks[0]?.offset === dataOffset && masks[0].length === dataLength;
  if (!wholeField || masks.some(({ what }) => what !== 'code')) return 'bytes under `exchanges`';
  const reference = p2.toString(16).toUpperCase().padStart(2, '0');
  const parts = partsOf(instruction, p1);
  if (parts === null) return 'bytes under `exchanges`';
  const entry = secrets.codes.get(reference);
  const found = parts.map((part) => entry?.[part] ?? null);
  const absent = parts.filter((_, i) => found[i] === null);
  // A code alone: of what is set or unblocks, VITAP_PIN says nothing.
  if (secrets.pin !== null && absent.length === 1 && parts.length === 1 && parts[0] === 'code') {
    return { pin: secrets.pin, reference };
  }
  if (absent.length > 0) {
    return absent
      .map((part) => (part === 'code' ? `code ${reference}` : `\`${part}\` of code ${reference}`))
      .join(' and ');
  }
  return Uint8Array.from(found.flatMap((each) => [...(each as Uint8Array)]));
}

/** What the data field of a command with codes is made of; null where that is written otherwise. */
function partsOf(instruction: number, p1: number): readonly (keyof CodeSecret)[] | null {
  if (WHOLE_CODE.has(instruction)) return ['code'];
  if (instruction === INS_CHANGE) return p1 === 1 ? ['new'] : p1 === 0 ? ['code', 'new'] : null;
  if (instruction !== INS_RESET) return null;
  return p1 === 0 ? ['unblock', 'new'] : p1 === 1 ? ['unblock'] : p1 === 2 ? ['new'] : null;
}
