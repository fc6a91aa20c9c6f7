/*
 * Which way the data of a command goes. A GSMTAP packet holds a command and its answer without a mark between them, as
 * T=0 sends them: header and P3, then data of one direction, then the status word. Only the instruction tells the
 * direction.
 *
 * Sources: ETSI TS 102 221 (UICC), TS 102 222 (administrative commands), 3GPP TS 51.011 (class A0) and TS 31.102,
 * GlobalPlatform Card Specification, ISO/IEC 7816-4; the cases were compared with those that Osmocom's pySim keeps for
 * the first three and for GlobalPlatform.
 */

/** `in`: the command brings data. `out`: it only wants some, or has none at all. */
export type DataDirection = 'in' | 'out';

/** CLA, INS, P1, P2. */
type Header = Uint8Array;
type Family = 'interindustry' | 'proprietary' | 'gsm';

interface InstructionRow {
  readonly name: string;
  /** Classes in which the row counts; absent: all. */
  readonly families?: readonly Family[];
  readonly data: DataDirection | ((header: Header) => DataDirection);
}

/** What brings data is the rule and needs no row, unless something in the header decides. */
const ROWS: ReadonlyMap<number, readonly InstructionRow[]> = new Map<number, readonly InstructionRow[]>([
  [0x12, [{ name: 'FETCH', data: 'out' }]],
  [0x70, [{ name: 'MANAGE CHANNEL', data: 'out' }]],
  [0x73, [{ name: 'MANAGE SECURE CHANNEL', families: ['interindustry'], data: manageSecureChannel }]],
  // P1 bit 3: the command data of a session that goes both ways in turns.
  [0x75, [{ name: 'TRANSACT DATA', families: ['interindustry'], data: (h) => (p1(h) & 0x04 ? 'in' : 'out') }]],
  [0x84, [{ name: 'GET CHALLENGE', data: 'out' }]],
  [0xb0, [{ name: 'READ BINARY', data: 'out' }]],
  [0xb2, [{ name: 'READ RECORD', data: 'out' }]],
  [0xc0, [{ name: 'GET RESPONSE', data: 'out' }]],
  [
    0xca,
    [
      // GlobalPlatform: the list of applications on the card is asked for with a tag list.
      { name: 'GET DATA', families: ['proprietary'], data: (h) => (p1(h) === 0x2f && p2(h) === 0 ? 'in' : 'out') },
      { name: 'GET DATA', data: 'out' },
    ],
  ],
  // The first block of a data object is asked for by its tag, the next and the repeated one are not.
  [0xcb, [{ name: 'RETRIEVE DATA', families: ['proprietary'], data: (h) => ((p2(h) & 0xc0) === 0x80 ? 'in' : 'out') }]],
  [
    0xf2,
    [
      // P1 of STATUS says what the terminal does, 0 to 2; that of GlobalPlatform's GET STATUS which part of the registry.
      { name: 'STATUS, GET STATUS', families: ['proprietary'], data: (h) => (p1(h) >= 0x10 ? 'in' : 'out') },
      { name: 'STATUS', data: 'out' },
    ],
  ],
]);

/** @param header CLA, INS, P1 and P2 */
export function dataDirection(header: Header): DataDirection {
  // Secure messaging: a checksum at least goes with every command.
  if (isSecured(header[0] as number)) return 'in';
  const family = familyOf(header[0] as number);
  const row = ROWS.get(header[1] as number)?.find(({ families }) => families?.includes(family) ?? true);
  if (row === undefined) return 'in';
  return typeof row.data === 'string' ? row.data : row.data(header);
}

function familyOf(cla: number): Family {
  if (cla === 0xa0) return 'gsm';
  return cla < 0x80 ? 'interindustry' : 'proprietary';
}

/** Bits of the first interindustry class (and the proprietary one built like it) and of the further one. */
function isSecured(cla: number): boolean {
  if (cla === 0xa0) return false;
  return (cla & 0x40) === 0 ? (cla & 0x0c) !== 0 : (cla & 0x20) !== 0;
}

/** P1 names the operation; in those of several steps the upper bits of P2 tell command data from response data. */
function manageSecureChannel(header: Header): DataDirection {
  const operation = p1(header) & 0x0f;
  if ((operation & 0x07) === 0) return 'out';
  if (operation >= 1 && operation <= 3) return ((p2(header) >> 5) & 1) === 0 ? 'in' : 'out';
  return 'in';
}

function p1(header: Header): number {
  return header[2] as number;
}

function p2(header: Header): number {
  return header[3] as number;
}
