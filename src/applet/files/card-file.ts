import type { CardInterface } from '../../hal/card-link.ts';
import type { SecurityAttribute, SecurityAttributes } from '../access/security-attribute.ts';
import { BODY, FILE_KIND, type FileKind, FLAG_NAME_ONLY, interfaceIndex, SLOT_LENGTH_SIZE } from '../image/layout.ts';

/** Access mode bits of the compact format for an EF, as an index into a rule: b1 is 0. */
export const EF_ACCESS = { READ: 0, UPDATE: 1, WRITE: 2, DEACTIVATE: 3, ACTIVATE: 4, TERMINATE: 5, DELETE: 6 } as const;

/** Access mode bits of a DF, in the same way. The last four are those of an EF. */
export const DF_ACCESS = {
  DELETE_CHILD: 0,
  CREATE_EF: 1,
  CREATE_DF: 2,
  DEACTIVATE: 3,
  ACTIVATE: 4,
  TERMINATE: 5,
  DELETE: 6,
} as const;

/** In {@link CardFile.requirements}, where it is no code: not looked at yet; the rule has to be judged each time. */
export const REQUIREMENT = { UNKNOWN: -1, JUDGEMENT: -2, NOTHING: -3, IMPOSSIBLE: -4 } as const;

/** What the file table says of a file; the file's data stay in the image. */
export interface FileEntry {
  readonly index: number;
  readonly kind: FileKind;
  readonly flags: number;
  readonly fid: number;
  readonly sfi: number;
  readonly name: Uint8Array | null;
  readonly label: Uint8Array | null;
  /** 21 security condition bytes: contact, contactless, wired; b1 to b7 each. */
  readonly rules: Uint8Array;
  readonly recordSize: number;
  readonly capacity: number;
  readonly body: number;
  readonly dataSize: number;
  /** Bytes behind the data: rules that are not compact, as the control parameters show them; may be empty. */
  readonly attributeBytes: Uint8Array;
  readonly attributes: SecurityAttributes;
}

/** A file of the card: MF, DF or EF. Made at boot or when it is created; looking up a child, an SFI or a rule costs the same in any tree. */
export class CardFile {
  readonly index: number;
  readonly kind: FileKind;
  readonly isDirectory: boolean;
  readonly isTransparent: boolean;
  readonly hasRecords: boolean;
  readonly hasDataObjects: boolean;
  readonly fid: number;
  /** Short EF identifier, 0 for none. */
  readonly sfi: number;
  /** DF name, or null. */
  readonly name: Uint8Array | null;
  readonly label: Uint8Array | null;
  readonly nameOnly: boolean;
  readonly rules: Uint8Array;
  readonly attributeBytes: Uint8Array;
  readonly attributes: SecurityAttributes;
  /** Bytes of a record, the longest for a linear variable file. */
  readonly recordSize: number;
  /** Records that there is room for. */
  readonly capacity: number;
  /** Bytes of a transparent EF, or that a BER-TLV EF has room for. */
  readonly dataSize: number;
  /** Address of the state that comes before the data. */
  readonly body: number;
  /** Address of the first data byte or record slot. */
  readonly data: number;
  /** Bytes of a record's slot, and of the length with which it starts in a linear variable file. */
  readonly slotSize: number;
  readonly slotPrefix: number;
  /** The DF it stands in; the MF stands in itself. */
  readonly parent: CardFile;
  /** The DF that gives meaning to the file's rules: itself, or the one it stands in. */
  readonly directory: CardFile;
  /** The DF whose name selects it: itself, or the nearest one above with a name, or the MF. */
  readonly application: CardFile;
  /** Files of a DF by their identifier. */
  readonly children: Map<number, CardFile> = new Map();
  /** EFs of a DF by their short identifier. */
  readonly bySfi: (CardFile | undefined)[];
  /**
   * What each rule comes down to, in the order of `rules`: {@link REQUIREMENT}, or the code that must be verified. Rules,
   * environments and codes last as long as the file: found once, it holds.
   */
  readonly requirements: Int8Array = new Int8Array(21).fill(REQUIREMENT.UNKNOWN);
  /** Views of the memory at the slots of records of one length, each made when its record is first read. */
  readonly slots: (Uint8Array | undefined)[] = [];
  /** Place among the DF names in byte order, or -1. */
  nameRank = -1;

  constructor(entry: FileEntry, parent: CardFile | null) {
    this.index = entry.index;
    this.kind = entry.kind;
    this.isDirectory = entry.kind === FILE_KIND.DIRECTORY;
    this.isTransparent = entry.kind === FILE_KIND.TRANSPARENT;
    this.hasRecords = entry.kind >= FILE_KIND.LINEAR_FIXED && entry.kind <= FILE_KIND.CYCLIC;
    this.hasDataObjects = entry.kind === FILE_KIND.BER_TLV;
    this.fid = entry.fid;
    this.sfi = entry.sfi;
    this.name = entry.name;
    this.label = entry.label;
    this.nameOnly = (entry.flags & FLAG_NAME_ONLY) !== 0;
    this.rules = entry.rules;
    this.attributeBytes = entry.attributeBytes;
    this.attributes = entry.attributes;
    this.recordSize = entry.recordSize;
    this.capacity = entry.capacity;
    this.dataSize = entry.dataSize;
    this.body = entry.body;
    this.data = entry.body + BODY.DATA;
    this.slotPrefix = entry.kind === FILE_KIND.LINEAR_VARIABLE ? SLOT_LENGTH_SIZE : 0;
    this.slotSize = entry.recordSize + this.slotPrefix;
    this.parent = parent ?? this;
    this.directory = this.isDirectory ? this : this.parent;
    // Without holes: they would make a look-up slower than by index.
    this.bySfi = entry.kind === FILE_KIND.DIRECTORY ? new Array(32).fill(undefined) : [];
    this.application = parent === null || entry.name !== null ? this : parent.application;
  }

  get isLinear(): boolean {
    return this.kind === FILE_KIND.LINEAR_FIXED || this.kind === FILE_KIND.LINEAR_VARIABLE;
  }

  /** The rule that takes the place of the compact one on an interface, or null. */
  attributeFor(cardInterface: CardInterface): SecurityAttribute | null {
    return this.attributes[interfaceIndex(cardInterface)] as SecurityAttribute | null;
  }

  /** Security condition byte for an operation ({@link EF_ACCESS} for an EF) on an interface. */
  condition(operation: number, cardInterface: CardInterface): number {
    return this.rules[interfaceIndex(cardInterface) * 7 + operation] as number;
  }
}
