import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { toHex } from '../../../src/apdu/hex.ts';
import type {
  AccessRules,
  CardSpecification,
  DirectorySpecification,
  FileSpecification,
  PinSpecification,
} from '../../../src/applet/image/specification.ts';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { PasswordName } from '../../../src/secure-channel/password.ts';
import type {
  CardDeclaration,
  CodeDeclaration,
  Condition,
  DirectoryDeclaration,
  FileDeclaration,
  Operation,
  Rules,
} from './declaration.ts';
import { LAB_RULES, type WrittenRules } from './declarations/lab.ts';
import { OWN_APPLICATION_RULES } from './declarations/vitale.ts';
import { hex } from './hex-pattern.ts';
import type { ChannelWords } from './terminal/channel-declaration.ts';
import { VITAP_COMMANDS } from './vitap-commands.ts';

/** What a person reads in the words of a shipped profile, where its rules are expanded or referenced. */
const WRITTEN: Readonly<Partial<Record<string, WrittenRules>>> = {
  lab: LAB_RULES,
  vitale2: OWN_APPLICATION_RULES,
  'vitale2-t0': OWN_APPLICATION_RULES,
  apcv: OWN_APPLICATION_RULES,
};

/** What a card of a profile of ours is to hold: declared from what it was ordered to be, not from what it answers. */
export function declareProfile(
  specification: CardSpecification,
  cardInterface: CardInterface = specification.interface,
): CardDeclaration {
  return {
    title: `profile ${specification.profile}`,
    decisions: 'vitap',
    protocol: specification.link.protocol,
    interface: cardInterface,
    extendedLength: true,
    chaining: true,
    channels: 20,
    identifierIsFirstByte: true,
    commands: VITAP_COMMANDS,
    free: { entries: specification.freeEntries ?? 0, bytes: specification.freeBytes ?? 0 },
    masterFile: declareDirectory(specification.masterFile, [], {
      cardInterface,
      written: WRITTEN[specification.profile] ?? {},
    }),
    applications: [],
    channelWords: channelOf(specification, cardInterface),
  };
}

/** Passwords of PACE, and a file of the MF that any channel may read and nobody else. */
function channelOf({ masterFile }: CardSpecification, cardInterface: CardInterface): ChannelWords {
  const passwords: Partial<Record<PasswordName, Uint8Array>> = {};
  const tries: Partial<Record<PasswordName, number>> = {};
  for (const pin of masterFile.pins) {
    if (pin.password === undefined) continue;
    passwords[pin.password] = pin.code;
    tries[pin.password] = pin.tries;
  }
  const confined = masterFile.children.find(
    (child) =>
      child.kind === 'transparent' &&
      child.sfi !== null &&
      child.attributes?.[cardInterface] === undefined &&
      child.access[cardInterface][0] === IN_ANY_CHANNEL,
  );
  return {
    passwords,
    tries,
    confined:
      confined?.kind === 'transparent' ? { select: [], read: `00B0${hex(0x80 | (confined.sfi as number))}0004` } : null,
    granted: grantedFile(masterFile, cardInterface),
  };
}

/** The first file of an application that a terminal reads by one right, and nobody without it. */
function grantedFile(masterFile: DirectorySpecification, cardInterface: CardInterface): ChannelWords['granted'] {
  for (const directory of masterFile.children) {
    if (directory.kind !== 'directory' || directory.name === null) continue;
    for (const file of directory.children) {
      if (file.kind !== 'transparent' || file.sfi === null || file.attributes?.[cardInterface] !== undefined) continue;
      const byte = file.access[cardInterface][0] as number;
      const environment = directory.environments.find(({ id }) => id === (byte & 0x0f));
      if ((byte & 0xf0) !== EXTERNAL_AUTHENTICATION || environment?.by !== 'terminal') continue;
      const { right } = environment.right;
      if (right === null) continue;
      return {
        select: [`00A4040C${hex(directory.name.length)}${toHex(directory.name)}`],
        read: `00B0${hex(0x80 | file.sfi)}0004`,
        right,
      };
    }
  }
  return null;
}

/** Security condition byte of the compact format: external authentication, by an environment. */
const EXTERNAL_AUTHENTICATION = 0x20;

/** Security condition byte of the compact format: secure messaging alone. */
const IN_ANY_CHANNEL = 0x40;

/** Words for b1 to b7 of the compact format, and of {@link AccessRules}. */
const EF_OPERATIONS: readonly Operation[] = [
  'read',
  'update',
  'append',
  'deactivate',
  'activate',
  'terminate',
  'delete',
];
const DF_OPERATIONS: readonly Operation[] = [
  'delete-child',
  'create-ef',
  'create-df',
  'deactivate',
  'activate',
  'terminate',
  'delete',
];

/** The interface the cases use, and what the rules say that condition bytes cannot. */
interface AccessView {
  readonly cardInterface: CardInterface;
  readonly written: WrittenRules;
}

function declareDirectory(
  directory: DirectorySpecification,
  above: readonly DirectorySpecification[],
  view: AccessView,
): DirectoryDeclaration {
  const { cardInterface } = view;
  const way = [directory, ...above];
  return {
    kind: 'directory',
    fid: directory.fid,
    name: directory.name,
    label: directory.label,
    lifeCycle: directory.lifeCycle ?? 'activated',
    access:
      directory.attributes?.[cardInterface] === undefined
        ? rules(directory.access, DF_OPERATIONS, way, cardInterface)
        : {},
    codes: directory.pins.map((pin) => declareCode(pin, cardInterface)),
    children: directory.children.map((child) => declareFile(child, way, view)),
  };
}

function declareFile(
  file: FileSpecification,
  way: readonly DirectorySpecification[],
  view: AccessView,
): FileDeclaration {
  const { cardInterface, written } = view;
  if (file.kind === 'directory') return declareDirectory(file, way, view);
  const records = 'records' in file ? file : null;
  // Expanded and referenced rules are declared by hand, or not known.
  const compact = file.attributes?.[cardInterface] === undefined;
  const byHand = compact ? undefined : written[file.fid];
  return {
    kind: 'elementary',
    fid: file.fid,
    sfi: file.sfi,
    structure: file.kind,
    lifeCycle: file.lifeCycle ?? 'activated',
    access: compact ? rules(file.access, EF_OPERATIONS, way, cardInterface) : (byHand?.access[cardInterface] ?? {}),
    rulesIn: byHand?.in ?? null,
    content: 'content' in file ? file.content : null,
    size: file.kind === 'ber-tlv' ? file.capacity : null,
    records: records?.records ?? null,
    recordSize: records?.recordSize ?? null,
    capacity: records?.capacity ?? null,
  };
}

function rules(
  access: AccessRules,
  operations: readonly Operation[],
  way: readonly DirectorySpecification[],
  cardInterface: CardInterface,
): Rules {
  const declared: Partial<Record<Operation, Condition>> = {};
  operations.forEach((operation, bit) => {
    declared[operation] = condition(access[cardInterface][bit] as number, way, cardInterface);
  });
  return declared;
}

/** A security condition byte of the compact format. */
function condition(byte: number, way: readonly DirectorySpecification[], cardInterface: CardInterface): Condition {
  if (byte === 0x00) return 'free';
  if (byte === 0xff) return 'never';
  const parts: Condition[] = [];
  if ((byte & 0x10) !== 0) parts.push(authenticated(byte & 0x0f, way, cardInterface));
  // External authentication and secure messaging: keys that this bench has not.
  if ((byte & 0x60) !== 0) parts.push('out-of-reach');
  if ((byte & 0x80) !== 0) {
    if (parts.includes('out-of-reach')) return 'out-of-reach';
    return parts.length === 1 ? (parts[0] as Condition) : { all: parts };
  }
  // Joined by "one of", what is in reach is enough.
  return parts.find((each) => each !== 'out-of-reach') ?? 'out-of-reach';
}

function authenticated(id: number, way: readonly DirectorySpecification[], cardInterface: CardInterface): Condition {
  for (const directory of way) {
    const environment = directory.environments.find((each) => each.id === id);
    if (environment === undefined) continue;
    if (environment.by !== 'verify') return 'out-of-reach';
    const pin = way.flatMap((each) => each.pins).find((each) => each.reference === environment.pin);
    return pin === undefined || pin.access[cardInterface] !== 0x00 ? 'out-of-reach' : { code: environment.pin };
  }
  return 'out-of-reach';
}

function declareCode(pin: PinSpecification, cardInterface: CardInterface): CodeDeclaration {
  const block = new Uint8Array(pin.paddedLength === 0 ? pin.code.length : pin.paddedLength).fill(pin.paddingByte);
  block.set(pin.code);
  const wrong = copyBytes(block);
  // Another digit in the first place.
  wrong[0] = 0x30 + ((((wrong[0] as number) - 0x30 + 1) % 10) & 0x0f);
  return {
    reference: pin.reference,
    block,
    wrong,
    tries: pin.tries,
    shortest: pin.paddedLength === 0 ? pin.minLength : pin.paddedLength,
    presentable: pin.access[cardInterface] === 0x00,
    canBeDisabled: pin.canBeDisabled ?? false,
    unblockedBy: pin.unblockedBy,
  };
}
