import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { ChannelDeclaration, ChannelWords } from './terminal/channel-declaration.ts';

/**
 * What a card under test is said to hold. A case asks it for what it needs and never names a file itself, so that the
 * same case judges any card that has such a file. What is not stated is unknown, and what needs it is not applicable.
 */
export interface CardDeclaration {
  /** For reports. */
  readonly title: string;
  /**
   * `vitap`: where the standard leaves room, the card decides as Vitap's documentation says, and is held to that.
   * null: any answer that the standard allows will do.
   */
  readonly decisions: 'vitap' | null;
  /** T=0 rules: 61xx and 6Cxx are followed before an answer is judged. */
  readonly protocol: 'T=0' | 'T=1';
  readonly interface: CardInterface | null;
  /** Whether every command of this run goes through a secure channel, so that none is in clear; absent: no. */
  readonly inChannel?: boolean;
  readonly extendedLength: boolean;
  readonly chaining: boolean;
  /** Logical channels that can be open at once, the basic one included; 1 for none but that. */
  readonly channels: number;
  /** Whether the first byte of a record is its identifier. */
  readonly identifierIsFirstByte: boolean;
  /** Names of the commands that it has, or null when that is not known. */
  readonly commands: readonly string[] | null;
  /** Room for files that CREATE FILE makes, or null when that is not known. */
  readonly free: FreeRoom | null;
  readonly masterFile: DirectoryDeclaration | null;
  /** Applications outside of any tree that is known: DFs that are reached by name alone. */
  readonly applications: readonly DirectoryDeclaration[];
  /** How the card lets itself be told which file is meant; absent: as Vitap's card does. */
  readonly ways?: SelectionWays;
  /** What is said of its secure channel beforehand; absent: nothing. */
  readonly channelWords?: ChannelWords;
  /** How a secure channel to it is opened, once the card was asked; absent: not known, or it has none. */
  readonly channel?: ChannelDeclaration;
  /** Told of each part that a case makes a command for. */
  readonly used?: Set<Part>;
}

/** What of a card can be spoilt: a file, a directory, a code. */
export type Part = DirectoryDeclaration | ElementaryDeclaration | CodeDeclaration;

/** The forms of SELECT that a card was seen to take. */
export interface SelectionWays {
  /** P1 for an EF: under the current DF, by identifier, by path from the current DF or from the MF. */
  readonly ef: '02' | '00' | '09' | '08';
  /** P1 for a DF without a name. */
  readonly df: '00' | '01' | '08';
  /** P2, and Le where the answer has control information. */
  readonly answer: { readonly p2: string; readonly le: string };
}

export interface FreeRoom {
  /** Files and directories. */
  readonly entries: number;
  /** For what they hold, and what the card keeps of them besides. */
  readonly bytes: number;
}

export interface DirectoryDeclaration {
  readonly kind: 'directory';
  /** null where only its name is known. */
  readonly fid: number | null;
  readonly name: Uint8Array | null;
  readonly label: Uint8Array | null;
  readonly lifeCycle: LifeCycle;
  readonly access: Rules;
  readonly codes: readonly CodeDeclaration[];
  readonly children: readonly FileDeclaration[];
  /** Files may stand in it that are not declared: what it does not have is unknown. */
  readonly partial?: boolean;
}

export const STRUCTURES = ['transparent', 'linear-fixed', 'linear-variable', 'cyclic', 'ber-tlv'] as const;
export type Structure = (typeof STRUCTURES)[number];
/** No case works on a file in `creation` or `initialisation`, but its names are taken. */
export const LIFE_CYCLES = ['creation', 'initialisation', 'activated', 'deactivated', 'terminated'] as const;
export type LifeCycle = (typeof LIFE_CYCLES)[number];

export interface ElementaryDeclaration {
  readonly kind: 'elementary';
  readonly fid: number;
  /** 1 to 30, or null. */
  readonly sfi: number | null;
  readonly structure: Structure;
  readonly lifeCycle: LifeCycle;
  readonly access: Rules;
  /** The EF.ARR of its DF and the record there that hold its rules, or null. */
  readonly rulesIn: { readonly fid: number; readonly record: number } | null;
  /** Bytes of a transparent EF; all the data objects of a BER-TLV EF. null: not known. */
  readonly content: Uint8Array | null;
  /** Bytes that a BER-TLV EF has room for, or null. */
  readonly size: number | null;
  /** Records, the first one first (in a cyclic EF the newest), or null when not known. */
  readonly records: readonly Uint8Array[] | null;
  /** Length of a record, the longest of a linear variable EF; null where there are none or it is not known. */
  readonly recordSize: number | null;
  /** Records that there is room for, or null. */
  readonly capacity: number | null;
}

export type FileDeclaration = DirectoryDeclaration | ElementaryDeclaration;

/** Words of access rules, with the operation that each guards. `create` and `delete-child` are of directories. */
export const OPERATIONS = [
  'read',
  'update',
  'append',
  'deactivate',
  'activate',
  'terminate',
  'delete',
  'create-ef',
  'create-df',
  'delete-child',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What must be so before an operation is permitted. An operation without a condition: not known. */
export type Rules = Readonly<Partial<Record<Operation, Condition>>>;

export type Condition =
  | 'free'
  | 'never'
  /** Something that this bench cannot give: a key, secure messaging, the holder. */
  | 'out-of-reach'
  | { readonly code: number }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

export interface CodeDeclaration {
  /** P2 of VERIFY. */
  readonly reference: number;
  /** The block as VERIFY carries it, padding included. */
  readonly block: Uint8Array;
  /** A block of the same length that is another code. */
  readonly wrong: Uint8Array;
  readonly tries: number;
  /** Shortest block that it takes, or null when that is not known. */
  readonly shortest: number | null;
  /** Whether it can be presented in the clear on this interface. */
  readonly presentable: boolean;
  /** Whether DISABLE VERIFICATION REQUIREMENT may be used on it, or null when that is not known. */
  readonly canBeDisabled: boolean | null;
  /** Reference of the code that gives the tries back, or null. */
  readonly unblockedBy: number | null;
}
