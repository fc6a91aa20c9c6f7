import {
  ALWAYS,
  afterCode,
  afterKey,
  all,
  any,
  byHolder,
  type CardInterface,
  EXTERNAL_AUTHENTICATION,
  NEVER,
  type Rule,
  SECURE_MESSAGING,
} from './rule.ts';

/** The card that the model and the real card both are: files with their rules, codes. Plain data. */

export type Operation = 'read' | 'update' | 'append' | 'deactivate' | 'activate';
export type LifeCycle = 'initialisation' | 'activated' | 'deactivated' | 'terminated';
export type Structure = 'transparent' | 'linear-fixed' | 'linear-variable' | 'cyclic';

export interface FilePlan {
  readonly fid: number;
  readonly sfi: number | null;
  readonly structure: Structure;
  readonly rules: Readonly<Record<Operation, Readonly<Record<CardInterface, Rule>>>>;
  readonly lifeCycle: LifeCycle;
  /** One piece for a transparent file, else records, record 1 first. Only bytes of {@link marks}. */
  readonly content: readonly Uint8Array[];
  readonly recordSize: number;
  readonly capacity: number;
  /** Bytes that stand in this file, ever, and in no other: who sees one knows where it came from. */
  readonly marks: readonly number[];
}

export interface CodePlan {
  /** What rules call it. */
  readonly id: string;
  readonly reference: number;
  readonly value: string;
  readonly minLength: number;
  readonly maxLength: number;
  readonly tries: number;
  readonly rules: Readonly<Record<CardInterface, Rule>>;
  readonly unlocksHolder: boolean;
  readonly canBeDisabled: boolean;
  readonly unblockedBy: number | null;
  /** Which password of PACE it is. */
  readonly password?: PasswordId;
}

export type PasswordId = 'CAN' | 'PIN' | 'PUK';

/** An AES key of 16 bytes for external authentication. */
export interface KeyPlan {
  readonly id: string;
  readonly reference: number;
  /** Hexadecimal. */
  readonly value: string;
  readonly tries: number;
}

export interface DirectoryPlan {
  readonly fid: number;
  readonly name: string | null;
  readonly lifeCycle?: LifeCycle;
  /** For deactivating and activating it; nobody otherwise. */
  readonly switching?: Rule;
  /** For creating files in it, and so for everything in a directory below that is not activated yet; nobody otherwise. */
  readonly creating?: Rule;
  readonly codes: readonly CodePlan[];
  readonly keys: readonly KeyPlan[];
  readonly files: readonly FilePlan[];
  readonly directories: readonly DirectoryPlan[];
}

export const WINDOW_SECONDS = 60;
export const WINDOW_USES = 2;

const everywhere = (rule: Rule): Record<CardInterface, Rule> => ({ contact: rule, contactless: rule, wired: rule });
const perInterface = (contact: Rule, contactless: Rule, wired: Rule): Record<CardInterface, Rule> => ({
  contact,
  contactless,
  wired,
});

/** Bytes AC to FE mark contents: FF is no identifier of a record. */
const FIRST_MARK = 0xac;
const MARKS_PER_FILE = 4;
let used = 0;

function file(
  fid: number,
  sfi: number | null,
  structure: Structure,
  lengths: readonly number[],
  rules: Partial<FilePlan['rules']>,
  more: Partial<FilePlan> = {},
): FilePlan {
  const first = FIRST_MARK + used * MARKS_PER_FILE;
  const marks = Array.from({ length: Math.min(MARKS_PER_FILE, 0xff - first) }, (_, i) => first + i);
  used++;
  let at = 0;
  const content = lengths.map((length) => Uint8Array.from({ length }, () => marks[at++ % marks.length] as number));
  return {
    fid,
    sfi,
    structure,
    rules: {
      read: everywhere(ALWAYS),
      update: everywhere(NEVER),
      append: everywhere(NEVER),
      deactivate: everywhere(NEVER),
      activate: everywhere(NEVER),
      ...rules,
    },
    lifeCycle: 'activated',
    content,
    recordSize: Math.max(...lengths),
    capacity: lengths.length + 2,
    marks,
    ...more,
  };
}

function code(id: string, reference: number, value: string, more: Partial<CodePlan> = {}): CodePlan {
  return {
    id,
    reference,
    value,
    minLength: 4,
    maxLength: 8,
    tries: 3,
    rules: perInterface(ALWAYS, SECURE_MESSAGING, ALWAYS),
    unlocksHolder: false,
    canBeDisabled: false,
    unblockedBy: null,
    ...more,
  };
}

const READER = afterKey('reader');
const LOCAL = afterKey('local');
function password(name: PasswordId, reference: number, value: string, more: Partial<CodePlan>): CodePlan {
  const { length } = value;
  return code(name.toLowerCase(), reference, value, {
    minLength: length,
    maxLength: length,
    rules: everywhere(NEVER),
    password: name,
    ...more,
  });
}

const CARD = afterCode('card');
const OWN = afterCode('own');
const LIGHT = afterCode('light');
const OTHER = afterCode('other');
const HOLDER = byHolder('own');
const OTHER_HOLDER = byHolder('other');

export const PLAN: DirectoryPlan = {
  fid: 0x3f00,
  name: null,
  creating: CARD,
  codes: [
    code('card', 0x01, '9999', { rules: everywhere(ALWAYS) }),
    // Passwords of PACE: nobody presents them in clear. The tries of a CAN are not counted.
    password('CAN', 0x02, '500540', { tries: 15 }),
    password('PIN', 0x03, '123456', { unblockedBy: 0x04 }),
    password('PUK', 0x04, '98765432', { tries: 5 }),
  ],
  keys: [{ id: 'reader', reference: 0x05, value: '000102030405060708090A0B0C0D0E0F', tries: 4 }],
  files: [
    file(0x0101, 1, 'transparent', [300], { update: everywhere(CARD) }),
    file(0x0102, 2, 'transparent', [7], { read: everywhere(CARD), update: everywhere(CARD) }),
    file(0x0104, 4, 'transparent', [260], {
      read: everywhere(SECURE_MESSAGING),
      update: everywhere(all(CARD, SECURE_MESSAGING)),
    }),
    file(0x0103, 3, 'transparent', [5], {
      read: everywhere(READER),
      update: perInterface(READER, NEVER, any(READER, SECURE_MESSAGING)),
    }),
  ],
  directories: [
    {
      // Without a name it belongs to the application of the MF.
      fid: 0x5000,
      name: null,
      codes: [],
      keys: [],
      files: [file(0x5001, 1, 'transparent', [3], { read: perInterface(CARD, CARD, NEVER) })],
      directories: [],
    },
    {
      fid: 0x6000,
      name: '4D4F44454C31',
      codes: [
        code('own', 0x81, '1234', { unlocksHolder: true, unblockedBy: 0x82 }),
        code('unblocking', 0x82, '12345678', { minLength: 8, tries: 4 }),
        code('light', 0x83, '0000', { rules: everywhere(ALWAYS), canBeDisabled: true }),
      ],
      keys: [{ id: 'local', reference: 0x85, value: 'F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF', tries: 3 }],
      files: [
        file(0x6001, 1, 'linear-fixed', [6, 6, 6, 6, 6], { update: everywhere(OWN), append: everywhere(OWN) }),
        file(0x6002, 2, 'linear-variable', [1, 4, 2], {
          read: perInterface(OWN, HOLDER, OWN),
          update: perInterface(NEVER, NEVER, OWN),
        }),
        file(0x6003, 3, 'cyclic', [3, 3, 3], { read: everywhere(LIGHT), append: everywhere(OWN) }),
        file(0x6004, 4, 'transparent', [5], { read: everywhere(NEVER), update: everywhere(ALWAYS) }),
        file(0x6005, 5, 'transparent', [9], {
          read: perInterface(any(OWN, SECURE_MESSAGING), all(OWN, SECURE_MESSAGING), any(OWN, EXTERNAL_AUTHENTICATION)),
          update: perInterface(OWN, HOLDER, ALWAYS),
          deactivate: perInterface(OWN, HOLDER, OWN),
          activate: everywhere(LIGHT),
        }),
        file(
          0x6006,
          6,
          'transparent',
          [4],
          { update: everywhere(ALWAYS), activate: everywhere(OWN), deactivate: everywhere(ALWAYS) },
          { lifeCycle: 'deactivated' },
        ),
        file(0x6007, 7, 'linear-fixed', [2, 2], {}, { lifeCycle: 'terminated' }),
        file(0x6009, 8, 'transparent', [6], { read: everywhere(LOCAL), update: everywhere(LOCAL) }),
        // Longer, all together, than one answer of the contactless link.
        file(0x6008, null, 'cyclic', [60, 60, 60, 60], { read: perInterface(NEVER, HOLDER, ALWAYS) }),
      ],
      directories: [
        {
          fid: 0x6100,
          name: null,
          codes: [],
          keys: [],
          files: [file(0x6101, 1, 'transparent', [8], { read: everywhere(OWN), update: everywhere(LIGHT) })],
          directories: [],
        },
        {
          // It takes what is in it along.
          fid: 0x6200,
          name: null,
          lifeCycle: 'deactivated',
          switching: OWN,
          codes: [],
          keys: [],
          files: [file(0x6201, 1, 'transparent', [4], { update: everywhere(ALWAYS) })],
          directories: [
            {
              fid: 0x6210,
              name: null,
              codes: [],
              keys: [],
              files: [file(0x6211, 1, 'linear-fixed', [2], { append: everywhere(ALWAYS) })],
              directories: [],
            },
          ],
        },
        {
          // An application of its own inside another one: the codes outside are not its codes.
          fid: 0x6300,
          name: '4D4F44454C33',
          switching: ALWAYS,
          codes: [],
          keys: [],
          files: [file(0x6301, 1, 'transparent', [5], { update: everywhere(OWN) })],
          directories: [],
        },
      ],
    },
    {
      // It is not activated yet, and takes what is in it along: the file's own rules do not hold.
      fid: 0x8000,
      name: null,
      lifeCycle: 'initialisation',
      switching: NEVER,
      codes: [],
      keys: [],
      files: [file(0x8001, 1, 'transparent', [4], { update: everywhere(READER) })],
      directories: [],
    },
    {
      // Its name begins with the other one's; its code has the other one's reference.
      fid: 0x7000,
      name: '4D4F44454C3132',
      codes: [code('other', 0x81, '4711', { unlocksHolder: true })],
      keys: [],
      files: [
        file(0x7001, 1, 'transparent', [6], { read: perInterface(OTHER, OTHER_HOLDER, OTHER) }),
        file(0x7002, 2, 'linear-variable', [5, 1], {
          read: perInterface(CARD, CARD, OTHER),
          append: everywhere(OTHER),
        }),
      ],
      directories: [],
    },
  ],
};

/**
 * Commands of an application's own, in classes of its own: INS 20, which is VERIFY in the interindustry class, and
 * READ BINARY's B0, which reads nothing there.
 */
export interface ProprietaryPlan {
  /** Name of the application. */
  readonly name: string;
  readonly classes: readonly number[];
  readonly instructions: readonly number[];
  readonly answer: readonly number[];
}

export const PROPRIETARY: ProprietaryPlan = {
  name: '4D4F44454C31',
  classes: [0x80, 0xb0],
  instructions: [0x20, 0xb0],
  answer: [0x01, 0x02],
};

/** Every directory, each before those in it. */
export function directoriesOf(directory: DirectoryPlan = PLAN): DirectoryPlan[] {
  return [directory, ...directory.directories.flatMap((each) => directoriesOf(each))];
}

export const FILES: readonly FilePlan[] = directoriesOf().flatMap(({ files }) => files);
export const CODES: readonly CodePlan[] = directoriesOf().flatMap(({ codes }) => codes);

/** Identifiers from below the MF down to a file. */
export function pathTo(file: FilePlan, from: DirectoryPlan = PLAN): number[] {
  if (from.files.includes(file)) return [file.fid];
  for (const each of from.directories) {
    const below = pathTo(file, each);
    if (below.length > 0) return [each.fid, ...below];
  }
  return [];
}

const OWNERS: readonly (FilePlan | null)[] = Array.from(
  { length: 256 },
  (_, byte) => FILES.find(({ marks }) => marks.includes(byte)) ?? null,
);

/** The file that a byte marks, or null for a byte that marks none. */
export function ownerOf(byte: number): FilePlan | null {
  return OWNERS[byte] ?? null;
}
