/**
 * The certificate holder authorization template, CHAT (BSI TR-03110-3 C.1.5): `7F4C { 06 terminal type, 53 role and
 * rights }`. The bits of each terminal type are those of BSI TR-03110-4; the two highest are the role.
 */
import { copyBytes } from '../apdu/copy-bytes.ts';
import { findTlv, fromHex, TlvError, TlvWriter } from '../apdu/index.ts';
import { sameBytes } from '../apdu/same-bytes.ts';

/** Inspection system, authentication terminal, signature terminal. */
export type TerminalType = 'IS' | 'AT' | 'ST';

/** The two highest bits of a CHAT's rights. */
export type Role = 'CVCA' | 'DV-official-domestic' | 'DV-other' | 'terminal';

/** Who may do what. */
export interface Authorization {
  readonly type: TerminalType;
  /** Role and rights as they are encoded: 1 byte for IS and ST, 5 for AT. */
  readonly bits: Uint8Array;
}

export const CHAT = 0x7f4c;
const OBJECT_IDENTIFIER = 0x06;
const DISCRETIONARY_DATA = 0x53;

const ROLES: readonly Role[] = ['terminal', 'DV-other', 'DV-official-domestic', 'CVCA'];

interface TypeRow {
  readonly type: TerminalType;
  /** id-roles: bsi-de applications(3) mrtd(1) 2. */
  readonly oid: Uint8Array;
  readonly length: number;
  /** Names by bit number, the lowest first; the role's bits are not among them. */
  readonly rights: readonly (string | null)[];
}

const dataGroups = (verb: string, from: number, to: number): string[] =>
  Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => `${verb} DG${from < to ? from + i : from - i}`);

const TYPES: readonly TypeRow[] = [
  {
    type: 'IS',
    oid: fromHex('04007F000703010201'),
    length: 1,
    rights: ['read DG3', 'read DG4', null, null, null, 'read eID application'],
  },
  {
    type: 'AT',
    oid: fromHex('04007F000703010202'),
    length: 5,
    rights: [
      'age verification',
      'municipality ID verification',
      'restricted identification',
      'privileged terminal',
      'CAN allowed',
      'PIN management',
      'install certificate',
      'install qualified certificate',
      ...dataGroups('read', 1, 22),
      'PSA',
      null,
      ...dataGroups('write', 22, 17),
    ],
  },
  {
    type: 'ST',
    oid: fromHex('04007F000703010203'),
    length: 1,
    rights: ['generate electronic signature', 'generate qualified electronic signature', null, null, null, null],
  },
];

/**
 * @param chat value of template 7F4C
 * @returns null when it is malformed, of another terminal type or of another length
 */
export function parseAuthorization(chat: Uint8Array): Authorization | null {
  try {
    const oid = findTlv(chat, OBJECT_IDENTIFIER);
    const bits = findTlv(chat, DISCRETIONARY_DATA);
    const row = TYPES.find((candidate) => oid !== null && sameBytes(candidate.oid, oid));
    if (row === undefined || bits === null || bits.length !== row.length) return null;
    // Nothing else, nothing twice, nothing between.
    const authorization = { type: row.type, bits: copyBytes(bits) };
    return sameBytes(encodeAuthorization(authorization), chat) ? authorization : null;
  } catch (error) {
    if (error instanceof TlvError) return null;
    throw error;
  }
}

/** The value of template 7F4C. */
export function encodeAuthorization({ type, bits }: Authorization): Uint8Array {
  const writer = new TlvWriter(32);
  writer.primitive(OBJECT_IDENTIFIER, rowOf(type).oid);
  writer.primitive(DISCRETIONARY_DATA, bits);
  return writer.finish();
}

/** @throws {RangeError} a right that this terminal type does not have */
export function authorizationOf(type: TerminalType, role: Role, rights: readonly string[]): Authorization {
  const row = rowOf(type);
  const bits = new Uint8Array(row.length);
  bits[0] = ROLES.indexOf(role) << 6;
  for (const right of rights) {
    const bit = row.rights.indexOf(right);
    if (bit < 0) throw new RangeError(`${type} terminals have no right "${right}"`);
    const at = row.length - 1 - (bit >> 3);
    bits[at] = (bits[at] as number) | (1 << (bit & 7));
  }
  return { type, bits };
}

export function roleOf({ bits }: Authorization): Role {
  return ROLES[(bits[0] as number) >> 6] as Role;
}

/** Every right that a terminal of this type can have, the lowest bit first. */
export function rightsOfType(type: TerminalType): readonly string[] {
  return rowOf(type).rights.filter((right) => right !== null);
}

/** The rights that are granted, by name, the lowest bit first. Reserved bits have no name and grant nothing. */
export function rightsOf({ type, bits }: Authorization): readonly string[] {
  return rowOf(type).rights.filter((right, bit): right is string => right !== null && isSet(bits, bit));
}

/** Bit number of a right, or -1 when this terminal type does not have it. */
export function rightNumber(type: TerminalType, right: string): number {
  return rowOf(type).rights.indexOf(right);
}

/** The right of a bit number, or null when it has no name. */
export function rightByNumber(type: TerminalType, number: number): string | null {
  return rowOf(type).rights[number] ?? null;
}

/** Bytes of role and rights of a terminal type. */
export function authorizationLength(type: TerminalType): number {
  return rowOf(type).length;
}

/** Whether one right is granted. */
export function grants(authorization: Authorization, right: string): boolean {
  const bit = rowOf(authorization.type).rights.indexOf(right);
  return bit >= 0 && isSet(authorization.bits, bit);
}

/**
 * What a chain leaves: the AND of all rights (BSI TR-03110-3 2.7), with the role of the last one, a terminal's.
 * @returns null when the terminal types differ
 */
export function effectiveAuthorization(chain: readonly Authorization[]): Authorization | null {
  const last = chain[chain.length - 1];
  if (last === undefined) return null;
  const bits = copyBytes(last.bits);
  for (const { type, bits: others } of chain) {
    if (type !== last.type) return null;
    for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] as number) & (others[i] as number);
  }
  bits[0] = ((bits[0] as number) & 0x3f) | ((last.bits[0] as number) & 0xc0);
  return { type: last.type, bits };
}

function isSet(bits: Uint8Array, bit: number): boolean {
  return (((bits[bits.length - 1 - (bit >> 3)] as number) >> (bit & 7)) & 1) === 1;
}

function rowOf(type: TerminalType): TypeRow {
  return TYPES.find((row) => row.type === type)!;
}
