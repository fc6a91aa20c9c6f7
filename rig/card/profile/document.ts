import type { KeySpecification, KeyUse, TerminalRight } from '../../../src/applet/image/specification.ts';
import type { Card, CardData } from '../../../src/applet/vitale/index.ts';
import type { CardInterface, CurveName } from '../../../src/hal/index.ts';
import type { CipherName, PaceProtocol } from '../../../src/secure-channel/index.ts';

/** A profile as it is written, every value read and judged on its own: what the schema makes of the YAML. */
export interface ProfileDocument {
  readonly profile: string;
  readonly description?: string | undefined;
  readonly link: LinkDocument;
  readonly card: Card;
  readonly holder?: { readonly windowSeconds: number; readonly uses: number } | undefined;
  /** Room for files that are created later. */
  readonly free?: { readonly entries: number; readonly bytes: number } | undefined;
  readonly data?: DataDocument | undefined;
  readonly trust?: TrustDocument | undefined;
  /** What EF.CardAccess offers, the preferred one first. */
  readonly pace: readonly PaceDocument[];
  readonly masterFile: DirectoryDocument;
}

export interface LinkDocument {
  readonly interface: CardInterface;
  readonly protocol: 'T=0' | 'T=1';
  readonly historicalBytes: Uint8Array;
  readonly atr?: Uint8Array | undefined;
  readonly uid: Uint8Array | null;
}

/** The section `data`: everything about people; the card itself is in `card`. */
export type DataDocument = Omit<CardData, 'card'>;

/** A security condition: a word, a key of the other side, or other conditions together. */
export type ConditionDocument =
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'key'; readonly key: number }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly ConditionDocument[] }
  | { readonly kind: 'not'; readonly part: ConditionDocument };

/** A condition for each interface; one that is left out is `never`. */
export type InterfaceConditions = { readonly [I in CardInterface]?: ConditionDocument | undefined };

/** Who may do what with a file: access modes in words; or a record of an EF.ARR; or bytes of the expanded format. */
export interface AccessDocument {
  readonly modes: Readonly<Record<string, InterfaceConditions | undefined>>;
  readonly reference?:
    | { readonly file: number; readonly records: { readonly [I in CardInterface]?: number | undefined } }
    | undefined;
  readonly expanded?: Uint8Array | undefined;
}

/** Access modes in words, each with one condition: a record of an EF.ARR. */
export type RecordRules = Readonly<Record<string, ConditionDocument | undefined>>;

export interface DirectoryDocument {
  /** Absent in the master file. */
  readonly fid?: number | undefined;
  readonly name?: Uint8Array | undefined;
  readonly label?: string | undefined;
  readonly fci?: 'full' | 'name' | undefined;
  readonly lifeCycle?: LifeCycleName | undefined;
  readonly access: AccessDocument;
  readonly codes: readonly CodeDocument[];
  /** By the word that rules of this directory use. */
  readonly environments: Readonly<Record<string, EnvironmentDocument>>;
  readonly keys: readonly KeyDocument[];
  readonly files: readonly FileDocument[];
  readonly directories: readonly DirectoryDocument[];
}

export interface CodeDocument {
  readonly reference: number;
  readonly code: string;
  readonly minLength: number;
  readonly maxLength: number;
  readonly paddedLength: number;
  readonly paddingByte: number;
  /** 15 where tries are not counted. */
  readonly tries: number;
  readonly access: InterfaceConditions;
  readonly unlocksHolder: boolean;
  readonly requirementOptional: boolean;
  readonly unblockedBy?: number | undefined;
  /** Which password of PACE it is. */
  readonly password?: (typeof PASSWORDS)[number] | undefined;
}

export const PASSWORDS: readonly ['CAN', 'PIN', 'PUK'] = ['CAN', 'PIN', 'PUK'];

/** One PACEInfo. */
export interface PaceDocument extends PaceProtocol {
  readonly curve: CurveName;
}

export type EnvironmentDocument = { readonly id: number } & (
  | { readonly by: 'verify' | 'holder'; readonly reference: number }
  | { readonly by: 'terminal'; readonly right: TerminalRight }
  | { readonly by: 'key'; readonly key: number }
);

export const KEY_USES: readonly [KeyUse, ...KeyUse[]] = [
  'chip-authentication',
  'internal-authentication',
  'external-authentication',
  'mutual-authentication',
  'signature',
];

export interface KeyDocument {
  readonly reference: number;
  readonly use: readonly KeyUse[];
  readonly algorithm: KeySpecification['algorithm'];
  /** `test` is made from the profile's name and the reference alone; `random` is drawn; absent: to be generated. */
  readonly value?: Uint8Array | 'test' | 'random' | undefined;
  readonly ciphers: readonly CipherName[];
  readonly tries: number;
  readonly access: InterfaceConditions;
  readonly generate: InterfaceConditions;
}

export interface TrustDocument {
  /** AAAAMMJJ. */
  readonly date: string;
  /** Certificates 7F21: self-signed ones, or link certificates from one before; `test` is that of rig/pki. */
  readonly roots: readonly (Uint8Array | 'test')[];
}

export const STRUCTURES = ['transparent', 'linear-fixed', 'linear-variable', 'cyclic', 'ber-tlv'] as const;

export const LIFE_CYCLES = ['creation', 'initialisation', 'activated', 'deactivated', 'terminated'] as const;
export type LifeCycleName = (typeof LIFE_CYCLES)[number];

export interface FileDocument {
  readonly fid: number;
  readonly name?: string | undefined;
  readonly sfi?: number | undefined;
  readonly structure: (typeof STRUCTURES)[number];
  readonly recordSize?: number | undefined;
  readonly capacity?: number | undefined;
  /** Room for data objects in bytes. */
  readonly size?: number | undefined;
  readonly lifeCycle?: LifeCycleName | undefined;
  readonly access: AccessDocument;
  readonly content?: ContentDocument | undefined;
  readonly records?: readonly ContentDocument[] | undefined;
}

export const GENERATORS = [
  'identity',
  'nirs',
  'card-data',
  'directory',
  'affiliation',
  'beneficiaries',
  'rights',
  'invoices',
  'signature',
  'card-access',
  'card-security',
] as const;
export type GeneratorName = (typeof GENERATORS)[number];

/** Exactly one of `generator`, `hex`, `text`, `counting`, `tlv`, `pointers`, `ndef` and `rules`. */
export interface ContentDocument {
  readonly generator?: GeneratorName | undefined;
  readonly hex?: Uint8Array | undefined;
  /** Only with `hex`: how often it stands there. */
  readonly repeat?: number | undefined;
  readonly text?: string | undefined;
  /** Only with `text`. */
  readonly encoding?: 'utf-8' | 'latin-1' | undefined;
  /** So many bytes 00 01 02 … FF 00 … */
  readonly counting?: number | undefined;
  readonly tlv?: readonly TlvDocument[] | undefined;
  readonly pointers?: readonly PointersDocument[] | undefined;
  readonly ndef?: NdefDocument | undefined;
  /** A record of an EF.ARR. */
  readonly rules?: RecordRules | undefined;
}

/** A data object: a value of bytes or text, or the objects inside it. */
export interface TlvDocument extends Omit<ContentDocument, 'generator' | 'pointers' | 'ndef' | 'counting' | 'rules'> {
  readonly tag: number;
}

/** The NDEF file of a Type 4 Tag: length, message, and room up to `size`. */
export interface NdefDocument {
  /** Bytes of the whole file. */
  readonly size: number;
  /** Exactly one of `uri` and `text` each; `language` goes with `text`. */
  readonly records: readonly {
    readonly uri?: string | undefined;
    readonly text?: string | undefined;
    readonly language?: string | undefined;
  }[];
}

export interface PointersDocument {
  readonly application: Uint8Array;
  readonly files: readonly { readonly name: string; readonly fid: number }[];
}

/** Access modes of an EF in words, b1 of the access mode byte first (ISO/IEC 7816-4). */
export const EF_MODES = ['read', 'update', 'append', 'deactivate', 'activate', 'terminate', 'delete'] as const;

/** Access modes of a DF in words, b1 first. */
export const DF_MODES = [
  'delete-child',
  'create-file',
  'create-directory',
  'deactivate',
  'activate',
  'terminate',
  'delete',
] as const;
