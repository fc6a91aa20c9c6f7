import { z } from 'zod';
import { access, conditions, INTERFACES } from './access-schema.ts';
import { content } from './content-schema.ts';
import { dataSchema } from './data-schema.ts';
import {
  DF_MODES,
  type DirectoryDocument,
  EF_MODES,
  LIFE_CYCLES,
  PASSWORDS,
  type ProfileDocument,
  STRUCTURES,
} from './document.ts';
import { environment, key, pace, trust } from './key-schema.ts';
import { byte, bytes, date, fid, integer, matching, sfi, text, yesNo } from './scalars.ts';

const file = z
  .strictObject({
    fid,
    name: text.optional(),
    sfi: sfi.optional(),
    structure: z.enum(STRUCTURES),
    recordSize: integer(1, 65_535).optional(),
    capacity: integer(1, 254).optional(),
    size: integer(1, 65_535).optional(),
    lifeCycle: z.enum(LIFE_CYCLES).optional(),
    access: access(EF_MODES),
    content: content.optional(),
    records: z.array(content).optional(),
  })
  .check((context) => {
    const { structure, recordSize, capacity, content, records } = context.value;
    const say = (key: string, message: string): void => {
      context.issues.push({ code: 'custom', message, path: [key], input: '' });
    };
    if (context.value.size !== undefined && structure !== 'ber-tlv') say('size', '`size` is of a `ber-tlv` file');
    if (structure === 'ber-tlv') {
      for (const key of ['recordSize', 'capacity', 'records'] as const) {
        if (context.value[key] !== undefined) say(key, 'a file of data objects has no records');
      }
      if (context.value.size === undefined) say('size', '`size` is missing');
      if (content !== undefined && content.tlv === undefined) say('content', 'a file of data objects holds `tlv`');
      return;
    }
    if (structure === 'transparent') {
      for (const key of ['recordSize', 'capacity', 'records'] as const) {
        if (context.value[key] !== undefined) say(key, 'a transparent file has no records');
      }
      if (content === undefined) say('content', '`content` is missing');
      return;
    }
    if (recordSize === undefined) say('recordSize', '`recordSize` is missing');
    if (capacity === undefined) say('capacity', '`capacity` is missing');
    if (content !== undefined && records !== undefined) say('records', '`content` and `records`: one of them');
    else if (content !== undefined && content.generator === undefined) {
      say('content', 'a file of records has the name of a generator here, or a list in `records`');
    }
  });

/** A counter that no PACE lowers. */
const UNCOUNTED = 15;

const code = z
  .strictObject({
    reference: byte,
    code: matching(/^\d{1,16}$/, '1 to 16 digits', { secret: true }),
    minLength: integer(1, 16),
    maxLength: integer(1, 16),
    paddedLength: integer(0, 16).optional(),
    paddingByte: byte.optional(),
    tries: integer(1, 15).optional(),
    access: conditions,
    unlocksHolder: yesNo.optional(),
    requirementOptional: yesNo.optional(),
    unblockedBy: byte.optional(),
    password: z.enum(PASSWORDS).optional(),
  })
  .check((context) => {
    const { tries, password, paddedLength = 0 } = context.value;
    const say = (key: string, message: string): void => {
      context.issues.push({ code: 'custom', message, path: [key], input: '' });
    };
    if (password === 'CAN') {
      if (tries !== undefined) say('tries', 'a CAN is printed on the card: its tries are not counted');
    } else if (tries === undefined) say('tries', '`tries` is missing');
    if (password !== undefined && paddedLength > 0) say('paddedLength', 'a password of PACE is not padded');
  })
  .transform(({ paddedLength, paddingByte, unlocksHolder, requirementOptional, tries, ...rest }) => ({
    ...rest,
    tries: tries ?? UNCOUNTED,
    paddedLength: paddedLength ?? 0,
    paddingByte: paddingByte ?? 0xff,
    unlocksHolder: unlocksHolder ?? false,
    requirementOptional: requirementOptional ?? false,
  }));

/** A list that may be left out. */
function list<T>(item: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z
    .array(item)
    .optional()
    .transform((items) => items ?? []);
}

const directoryShape = {
  name: bytes(1, 16).optional(),
  label: text.optional(),
  fci: z.enum(['full', 'name']).optional(),
  lifeCycle: z.enum(LIFE_CYCLES).optional(),
  access: access(DF_MODES),
  codes: list(code),
  environments: z
    .record(z.string(), environment)
    .optional()
    .transform((environments) => environments ?? {}),
  keys: list(key),
  files: list(file),
};

const directory: z.ZodType<DirectoryDocument> = z.strictObject({
  fid,
  ...directoryShape,
  directories: list(z.lazy(() => directory)),
});

const uid = z.preprocess(
  (written) => (written === 'random' ? null : written),
  bytes(4, 10)
    .refine(({ length }) => [4, 7, 10].includes(length), { error: 'a UID has 4, 7 or 10 bytes, or is `random`' })
    .nullable(),
);

/** A whole profile, each part judged on its own; what ties parts together is judged when the card is made. */
export const profileSchema: z.ZodType<ProfileDocument> = z.strictObject({
  profile: matching(/^[a-z0-9][a-z0-9-]{0,15}$/, 'a name of 1 to 16 small letters, digits and hyphens'),
  description: text.optional(),
  link: z.strictObject({
    interface: z.enum(INTERFACES),
    protocol: z.enum(['T=0', 'T=1']),
    historicalBytes: bytes(0, 15),
    atr: bytes(2, 33).optional(),
    uid,
  }),
  card: z.strictObject({
    serial: bytes(1, 16),
    type: z.literal('T', { error: 'must be T, a test card' }),
    validFrom: date,
  }),
  holder: z.strictObject({ windowSeconds: integer(1, 3600), uses: integer(1, 255) }).optional(),
  free: z.strictObject({ entries: integer(0, 1000), bytes: integer(0, 1_000_000) }).optional(),
  data: dataSchema.optional(),
  trust: trust.optional(),
  pace: list(pace),
  masterFile: z.strictObject({ ...directoryShape, directories: list(z.lazy(() => directory)) }),
});
