import { z } from 'zod';
import { toHex } from '../../../src/apdu/hex.ts';
import { Issues } from '../../card/profile/issues.ts';
import { byte, bytes, fid, integer, sfi, text, yesNo } from '../../card/profile/scalars.ts';
import { plain, readSource } from '../../card/profile/source.ts';
import { readInputText } from '../../console/input-file.ts';
import {
  type CardDeclaration,
  type CodeDeclaration,
  type Condition,
  type DirectoryDeclaration,
  type ElementaryDeclaration,
  LIFE_CYCLES,
  type LifeCycle,
  OPERATIONS,
  type Rules,
  STRUCTURES,
} from './declaration.ts';
import type { ChannelWords, ReadableFile } from './terminal/channel-declaration.ts';

/**
 * A card as its owner declares it, in YAML: what the suite works from on a card that is none of ours.
 * @throws {ProfileError} every fault with file, line and column
 */
export function readDeclaration(path: string): CardDeclaration {
  return parseDeclaration(readInputText(path, 'a declaration'), path);
}

/** @param name what errors call the text */
export function parseDeclaration(source: string, name: string): CardDeclaration {
  const written = readSource(source, name);
  const issues = new Issues(written);
  const result = declarationSchema.safeParse(plain(written), { reportInput: true });
  if (!result.success) {
    for (const issue of result.error.issues) issues.reportSchema(issue);
    issues.throwIfAny();
    throw result.error;
  }
  const document = result.data;
  return {
    title: document.card,
    decisions: null,
    protocol: document.protocol ?? 'T=1',
    interface: document.interface ?? null,
    extendedLength: document.extendedLength ?? false,
    chaining: document.chaining ?? false,
    channels: document.channels ?? 1,
    identifierIsFirstByte: document.identifierIsFirstByte ?? false,
    commands: document.commands ?? null,
    free: document.free ?? null,
    masterFile: document.masterFile === undefined ? null : asDirectory({ ...document.masterFile, fid: 0x3f00 }),
    applications: (document.applications ?? []).map(asDirectory),
    ...(document.channel !== undefined && { channelWords: asChannel(document.channel) }),
  };
}

/** `free`, `never`, `out-of-reach`, `code 81`. */
const conditionWord: z.ZodType<Condition> = z.string().transform((word, context) => {
  if (word === 'free' || word === 'never' || word === 'out-of-reach') return word;
  const reference = /^code ([0-9A-Fa-f]{2})$/.exec(word)?.[1];
  if (reference !== undefined) return { code: Number.parseInt(reference, 16) };
  context.issues.push({
    code: 'custom',
    message: 'a condition is free, never, out-of-reach, `code` with two hexadecimal digits, or all, any, not of those',
    input: word,
  });
  return z.NEVER;
});

const condition: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    conditionWord,
    z.strictObject({ all: z.array(condition) }),
    z.strictObject({ any: z.array(condition) }),
    z.strictObject({ not: condition }),
  ]),
);

const rules: z.ZodType<Rules> = z.partialRecord(z.enum(OPERATIONS), condition);

const code = z.strictObject({
  reference: byte,
  /** Digits in ASCII, or a block in hex. */
  code: text.optional(),
  block: bytes(1, 64).optional(),
  wrong: bytes(1, 64).optional(),
  tries: integer(1, 15),
  /** Bytes of the shortest block that it takes. */
  shortest: integer(1, 64).optional(),
  unblockedBy: byte.optional(),
  requirementOptional: yesNo.optional(),
});

const file = z.strictObject({
  fid,
  sfi: sfi.optional(),
  structure: z.enum(STRUCTURES),
  lifeCycle: z.enum(LIFE_CYCLES).optional(),
  access: rules.optional(),
  content: bytes(1, 65_535).optional(),
  size: integer(1, 65_535).optional(),
  records: z.array(bytes(0, 65_535)).optional(),
  recordSize: integer(1, 65_535).optional(),
  capacity: integer(1, 254).optional(),
});

interface DirectoryDocument {
  readonly fid?: number | undefined;
  readonly name?: Uint8Array | undefined;
  readonly label?: Uint8Array | undefined;
  readonly lifeCycle?: LifeCycle | undefined;
  readonly access?: Rules | undefined;
  readonly codes?: readonly z.infer<typeof code>[] | undefined;
  readonly files?: readonly z.infer<typeof file>[] | undefined;
  readonly directories?: readonly DirectoryDocument[] | undefined;
}

const directory: z.ZodType<DirectoryDocument> = z.strictObject({
  fid: fid.optional(),
  name: bytes(1, 16).optional(),
  label: bytes(1, 16).optional(),
  lifeCycle: z.enum(LIFE_CYCLES).optional(),
  access: rules.optional(),
  codes: z.array(code).optional(),
  files: z.array(file).optional(),
  directories: z.array(z.lazy(() => directory)).optional(),
});

/** A password of PACE that is counted. */
const countedCode = z.strictObject({ code: text, tries: integer(1, 15) });

/** How a file is read: commands in hex. */
const readable = z.strictObject({
  select: z.array(bytes(4, 255)).optional(),
  read: bytes(4, 255),
});

const channel = z.strictObject({
  can: text.optional(),
  pin: countedCode.optional(),
  puk: countedCode.optional(),
  /** Read inside any channel, and never in clear. */
  confined: readable.optional(),
  /** Read by a terminal with this right, and by nobody without it. */
  granted: z.strictObject({ select: z.array(bytes(4, 255)).optional(), read: bytes(4, 255), right: text }).optional(),
});

const declarationSchema = z.strictObject({
  card: text,
  protocol: z.enum(['T=0', 'T=1']).optional(),
  interface: z.enum(['contact', 'contactless']).optional(),
  extendedLength: yesNo.optional(),
  chaining: yesNo.optional(),
  channels: integer(1, 20).optional(),
  identifierIsFirstByte: yesNo.optional(),
  commands: z.array(text).optional(),
  free: z.strictObject({ entries: integer(0, 1000), bytes: integer(0, 1_000_000) }).optional(),
  masterFile: directory.optional(),
  applications: z.array(directory).optional(),
  channel: channel.optional(),
});

function asReadable({ select = [], read }: { select?: Uint8Array[] | undefined; read: Uint8Array }): ReadableFile {
  return { select: select.map((command) => toHex(command)), read: toHex(read) };
}

function asChannel({ can, pin, puk, confined, granted }: z.infer<typeof channel>): ChannelWords {
  const code = (digits: string): Uint8Array => new TextEncoder().encode(digits);
  return {
    passwords: {
      ...(can !== undefined && { CAN: code(can) }),
      ...(pin !== undefined && { PIN: code(pin.code) }),
      ...(puk !== undefined && { PUK: code(puk.code) }),
    },
    tries: { ...(pin !== undefined && { PIN: pin.tries }), ...(puk !== undefined && { PUK: puk.tries }) },
    confined: confined === undefined ? null : asReadable(confined),
    granted: granted === undefined ? null : { ...asReadable(granted), right: granted.right },
  };
}

function asDirectory(document: DirectoryDocument): DirectoryDeclaration {
  return {
    kind: 'directory',
    fid: document.fid ?? null,
    name: document.name ?? null,
    label: document.label ?? null,
    lifeCycle: document.lifeCycle ?? 'activated',
    access: document.access ?? {},
    codes: (document.codes ?? []).flatMap(asCode),
    children: [...(document.files ?? []).map(asFile), ...(document.directories ?? []).map(asDirectory)],
  };
}

function asFile(document: z.infer<typeof file>): ElementaryDeclaration {
  const { records } = document;
  return {
    kind: 'elementary',
    fid: document.fid,
    sfi: document.sfi ?? null,
    structure: document.structure,
    lifeCycle: document.lifeCycle ?? 'activated',
    access: document.access ?? {},
    rulesIn: null,
    content: document.content ?? null,
    size: document.size ?? null,
    records: records ?? null,
    recordSize:
      document.recordSize ?? (records === undefined ? null : Math.max(0, ...records.map((each) => each.length))),
    capacity: document.capacity ?? null,
  };
}

/** A code without its value cannot be presented, and is of no use to any case. */
function asCode(document: z.infer<typeof code>): readonly CodeDeclaration[] {
  const block = document.block ?? (document.code === undefined ? null : new TextEncoder().encode(document.code));
  if (block === null) return [];
  const wrong = document.wrong ?? block.map((value, i) => (i === 0 ? value ^ 0x01 : value));
  return [
    {
      reference: document.reference,
      block,
      wrong,
      tries: document.tries,
      shortest: document.shortest ?? null,
      presentable: true,
      canBeDisabled: document.requirementOptional ?? null,
      unblockedBy: document.unblockedBy ?? null,
    },
  ];
}
