/**
 * The card image, format version 1. All numbers are big-endian; addresses count from the image's first byte.
 *
 * | region | size | content |
 * |---|---|---|
 * | superblock | 64 | {@link SUPERBLOCK}: magic, version, counts, addresses of the regions, CRC-32 |
 * | card object | 162 | {@link CARD}: profile name, serial, secret, link personality, holder, CRC-32; life cycle |
 * | file table | 80 a file | {@link FILE}: what a file is and what guards it, CRC-32 each; entry 0 is the MF, some are free |
 * | code table | 64 a code | {@link PIN}: policy with CRC-32, then tries left and keyed hash |
 * | environment table | 8 each | {@link ENVIRONMENT}: directory, number, code, right or key meant, CRC-32 |
 * | key region | | {@link KEY_REGION}: for each key {@link KEY}; then {@link TRUST}, if the card trusts anybody. A card without keys has none |
 * | bodies | | for each file {@link BODY}: state, the data or the record slots, security attributes with CRC-32; and free space |
 * | journal | | a ring of records, see nvm/journal.ts: what makes the writes of one command happen together |
 *
 * What a command may change lies outside the CRCs: a body's state and data, a code's counter and hash, a key's counter and
 * value, the card's life cycle. A key's value and the trust points have a CRC of their own, written with them. Life cycle bytes come with their complement. Space is free when no file of the table has it: see allocation.ts.
 */
export const IMAGE_MAGIC: Uint8Array = new Uint8Array([0x56, 0x49, 0x54, 0x41, 0x50, 0x49, 0x4d, 0x47]); // VITAPIMG
export const IMAGE_VERSION = 1;

export const SUPERBLOCK = {
  SIZE: 64,
  VERSION: 8,
  FILE_COUNT: 10,
  PIN_COUNT: 12,
  ENVIRONMENT_COUNT: 14,
  IMAGE_SIZE: 16,
  CARD: 20,
  FILES: 24,
  PINS: 28,
  ENVIRONMENTS: 32,
  BODIES: 36,
  /** Address and size of the journal; both 0 for an image without one. */
  JOURNAL: 40,
  JOURNAL_SIZE: 44,
  /** Bytes of the region of the bodies, free space included. */
  BODIES_SIZE: 48,
  /** Address and size of the key region; both 0, or FF in older images, for a card without keys. */
  KEYS: 52,
  KEYS_SIZE: 56,
  CRC: 60,
} as const;

export const CARD = {
  SIZE: 162,
  PROFILE: 0, // 16, padded with 00
  SERIAL_LENGTH: 16,
  SERIAL: 17, // 16
  SECRET: 33, // 32
  INTERFACE: 65,
  PROTOCOL: 66, // 0 T=0, 1 T=1
  HISTORICAL_LENGTH: 67,
  HISTORICAL: 68, // 15
  ATR_LENGTH: 83,
  ATR: 84, // 33, the longest ATR
  UID_LENGTH: 117,
  UID: 118, // 10
  HOLDER: 128, // 0 none, 1 present
  WINDOW_SECONDS: 129, // 2
  WINDOW_USES: 131,
  CRC: 156,
  /** 05 or 0C, then its complement. */
  LIFE_CYCLE: 160,
} as const;

export const FILE = {
  SIZE: 80,
  KIND: 0,
  FLAGS: 1,
  FID: 2,
  PARENT: 4,
  SFI: 6,
  NAME_LENGTH: 7,
  NAME: 8, // 16
  LABEL_LENGTH: 24,
  LABEL: 25, // 16
  RULES: 41, // 3 interfaces of 7 security condition bytes
  /** Bytes of security attributes behind the data; 0 for a file that has compact rules alone. */
  ATTRIBUTES_LENGTH: 62, // 2
  RECORD_SIZE: 64,
  CAPACITY: 66,
  BODY: 68,
  DATA_SIZE: 72,
  CRC: 76,
} as const;

/** FLAGS bit: SELECT answers with the DF name alone. */
export const FLAG_NAME_ONLY = 0x01;

export const PIN = {
  SIZE: 64,
  REFERENCE: 0,
  FLAGS: 1, // bit 0: unlocks the holder; bit 1: its requirement may be disabled
  DIRECTORY: 2,
  MIN_LENGTH: 4,
  MAX_LENGTH: 5,
  PADDED_LENGTH: 6,
  PADDING: 7,
  TRIES: 8,
  ACCESS: 9, // contact, contactless, wired
  UNBLOCKED_BY: 12,
  /** Reference as a password of PACE: 1 MRZ, 2 CAN, 3 PIN, 4 PUK; 0: it is none. */
  PASSWORD: 13,
  CRC: 16,
  TRIES_LEFT: 20,
  /** Bit 0: its requirement is disabled; bit 1: it is deactivated. */
  STATE: 21,
  /** The keyed hash; of a password, which PACE needs itself, the password under a keyed mask. */
  HASH: 24, // 32
} as const;

export const ENVIRONMENT = {
  SIZE: 8,
  DIRECTORY: 0,
  /** Number in the low half; in the high half {@link ENVIRONMENT_KIND}. */
  ID: 2,
  /** Place in the code table; or of the key; or {@link TERMINAL_RIGHT}. */
  MEANS: 3,
  CRC: 4,
} as const;

/**
 * What a security environment is about: a code, presented or typed on the phone; a terminal; a symmetric key; a terminal
 * that comes before the card has a key of its own to prove.
 */
export const ENVIRONMENT_KIND = {
  VERIFY: 0,
  HOLDER: 1,
  TERMINAL: 2,
  TERMINAL_BY_CAN: 3,
  KEY: 4,
  TERMINAL_BEFORE_CHIP: 5,
  TERMINAL_BY_CAN_BEFORE_CHIP: 6,
} as const;

/** Terminal type in the two high bits, in the order of {@link TERMINAL_TYPES}; number of the right, or ANY, in the others. */
export const TERMINAL_RIGHT = { TYPE_SHIFT: 6, NUMBER: 0x3f, ANY: 0x3f } as const;
export const TERMINAL_TYPES = ['IS', 'AT', 'ST'] as const;

/** What the key region begins with. */
export const KEY_REGION = { SIZE: 8, COUNT: 0, HAS_TRUST: 1, CRC: 4 } as const;

export const KEY = {
  SIZE: 96,
  KIND: 0, // 1 AES, 2 private key on a curve
  /** Bits of {@link KEY_USE}. */
  USES: 1,
  DIRECTORY: 2, // 2
  REFERENCE: 4,
  /** Bytes of an AES key; number of the curve's standardized domain parameters (BSI TR-03110-3). */
  PARAMETER: 5,
  /** Chip authentication with AES-128, 192, 256: bits 0 to 2. */
  CIPHERS: 6,
  /** 0 for a key without a counter. */
  TRIES: 7,
  ACCESS: 8, // contact, contactless, wired: to use it
  GENERATE: 11, // the same: to make it anew
  CRC: 16,
  TRIES_LEFT: 20,
  /** 1 there; 0 not generated yet. */
  PRESENT: 21,
  VALUE: 24, // 66, the longest private key
  VALUE_CRC: 92,
} as const;

export const LARGEST_KEY_VALUE = 66;

/** What a key may do, as bits of KEY.USES. */
export const KEY_USE = {
  CHIP_AUTHENTICATION: 0x01,
  INTERNAL_AUTHENTICATION: 0x02,
  EXTERNAL_AUTHENTICATION: 0x04,
  MUTUAL_AUTHENTICATION: 0x08,
  SIGNATURE: 0x10,
} as const;

/** Trust points and the card's own date, all of it written at once. */
export const TRUST = {
  SIZE: 360,
  DATE: 0, // 4, YYMMDD as a number
  COUNT: 4,
  POINTS: 8,
  CRC: 356,
} as const;
export const MOST_TRUST_POINTS = 2;

export const TRUST_POINT = {
  SIZE: 174,
  NAME_LENGTH: 0,
  NAME: 1, // 16
  HASH: 17,
  CURVE: 18, // as KEY.PARAMETER
  TYPE: 19,
  /** Role and rights as they are encoded, filled up with 00. */
  RIGHTS: 20, // 5
  EFFECTIVE: 26, // 4
  EXPIRATION: 30, // 4
  POINT_LENGTH: 34,
  POINT: 35, // 133, 04 X Y on the largest curve
} as const;

/** CRC-32 behind the security attributes of a file. */
export const ATTRIBUTES_CRC_SIZE = 4;

/**
 * Where what precedes the data of a file lies. LIFE_CYCLE: the byte of tag 8A, then its complement. USED: bytes of data
 * objects in a BER-TLV file; the other two are of record files.
 */
export const BODY = { LIFE_CYCLE: 0, RECORD_COUNT: 2, NEWEST: 4, USED: 2, DATA: 8 } as const;

/** Kinds of file in FILE.KIND. */
export const FILE_KIND = {
  FREE: 0,
  DIRECTORY: 1,
  TRANSPARENT: 2,
  LINEAR_FIXED: 3,
  LINEAR_VARIABLE: 4,
  CYCLIC: 5,
  BER_TLV: 6,
} as const;

export type FileKind = Exclude<(typeof FILE_KIND)[keyof typeof FILE_KIND], typeof FILE_KIND.FREE>;

/** Index of an interface in the rules of files and codes. */
export const INTERFACE_INDEX = { contact: 0, contactless: 1, wired: 2 } as const;

/** The same for an interface that only turns up while a command runs: a comparison costs less than a look-up by name. */
export function interfaceIndex(cardInterface: keyof typeof INTERFACE_INDEX): number {
  return cardInterface === 'contact'
    ? INTERFACE_INDEX.contact
    : cardInterface === 'contactless'
      ? INTERFACE_INDEX.contactless
      : 2;
}

/** Interfaces by that index. */
export const INTERFACES: readonly (keyof typeof INTERFACE_INDEX)[] = ['contact', 'contactless', 'wired'];

/** In a linear variable file each slot starts with the record's length. */
export const SLOT_LENGTH_SIZE = 2;

/** In FILE.PARENT: the MF. In PIN.DIRECTORY and ENVIRONMENT.DIRECTORY: its DF was deleted, the entry is of no use. */
export const NO_PARENT = 0xffff;

/** Most bytes of content that a file has, records and all: two bytes hold a length. */
export const LARGEST_FILE = 65_535;
/** Most records of a file: one byte holds a record number, and FF is none. */
export const LARGEST_CAPACITY = 254;
