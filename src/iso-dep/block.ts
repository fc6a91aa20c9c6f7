/** Blocks of ISO/IEC 14443-4: the protocol control byte, CID and NAD before the information field. */

export type BlockKind = 'I' | 'R-ACK' | 'R-NAK' | 'S-WTX' | 'S-DESELECT' | 'S-PARAMETERS';

/** A view of a received block: nothing is copied. */
export interface Block {
  readonly kind: BlockKind;
  /** Block number 0 or 1; 0 for S-blocks. */
  readonly number: number;
  /** I-blocks: more follow. */
  readonly chaining: boolean;
  /** Card identifier 0 to 14, or null when the block has none. */
  readonly cid: number | null;
  /** The power level indication in the CID byte's two high bits, 0 to 3; 0 without a CID. */
  readonly power: number;
  /** Node address, or null. Only I-blocks have one. */
  readonly nad: number | null;
  /** Where the information field begins, from the start of the frame. */
  readonly headerLength: number;
}

/** What goes before the information field of a block to send. */
export interface BlockHeader {
  readonly kind: BlockKind;
  readonly number?: number;
  readonly chaining?: boolean;
  readonly cid?: number | null;
  readonly nad?: number | null;
}

const PCB = { HAS_CID: 0x08, HAS_NAD: 0x04, CHAINING: 0x10, NUMBER: 0x01 } as const;

/** A block that was received, parsed in place: the machines keep one and allocate nothing for a block. */
export class ReceivedBlock implements Block {
  kind: BlockKind = 'I';
  number = 0;
  chaining = false;
  cid: number | null = null;
  power = 0;
  nad: number | null = null;
  headerLength = 1;

  /**
   * @param frame a block without its CRC, at `offset` for `length` bytes
   * @returns false for what is no block of ISO/IEC 14443-4, or is shorter than its header says
   */
  parse(frame: Uint8Array, offset: number, length: number): boolean {
    if (length < 1) return false;
    const pcb = frame[offset] as number;
    const kind = kindOf(pcb);
    if (kind === null) return false;
    const hasCid = (pcb & PCB.HAS_CID) !== 0;
    const hasNad = kind === 'I' && (pcb & PCB.HAS_NAD) !== 0;
    const headerLength = 1 + (hasCid ? 1 : 0) + (hasNad ? 1 : 0);
    if (length < headerLength) return false;
    const cidByte = hasCid ? (frame[offset + 1] as number) : 0;
    this.kind = kind;
    this.number = isNumbered(kind) ? pcb & PCB.NUMBER : 0;
    this.chaining = kind === 'I' && (pcb & PCB.CHAINING) !== 0;
    this.cid = hasCid ? cidByte & 0x0f : null;
    this.power = cidByte >> 6;
    this.nad = hasNad ? (frame[offset + headerLength - 1] as number) : null;
    this.headerLength = headerLength;
    return true;
  }
}

/**
 * @param frame a block without its CRC, at `offset` for `length` bytes
 * @returns null for what is no block of ISO/IEC 14443-4, or is shorter than its header says
 */
export function parseBlock(frame: Uint8Array, offset: number, length: number): Block | null {
  const block = new ReceivedBlock();
  return block.parse(frame, offset, length) ? block : null;
}

/** The two high bits tell I (00), R (10) and S (11); 01 is no block. The fixed bits must stand as the standard has them. */
function kindOf(pcb: number): BlockKind | null {
  // I: 000x xx1x.
  if ((pcb & 0xe2) === 0x02) return 'I';
  // R: 101x x01x, b5 telling ACK from NAK.
  if ((pcb & 0xe6) === 0xa2) return (pcb & 0x10) === 0 ? 'R-ACK' : 'R-NAK';
  // S: 11xx x010 is DESELECT (00) or WTX (11); 1111 x000 is PARAMETERS.
  if ((pcb & 0xf7) === 0xc2) return 'S-DESELECT';
  if ((pcb & 0xf7) === 0xf2) return 'S-WTX';
  if ((pcb & 0xf7) === 0xf0) return 'S-PARAMETERS';
  return null;
}

const BASE: Readonly<Record<BlockKind, number>> = {
  I: 0x02,
  'R-ACK': 0xa2,
  'R-NAK': 0xb2,
  'S-WTX': 0xf2,
  'S-DESELECT': 0xc2,
  'S-PARAMETERS': 0xf0,
};

/** Writes the header at the start of `target`. @returns its length, 1 to 3 */
export function writeBlockHeader(target: Uint8Array, header: BlockHeader): number {
  const { kind, number = 0, chaining = false, cid = null, nad = null } = header;
  return putBlockHeader(target, kind, number, chaining, cid, nad);
}

/** The same without an object for the header. */
export function putBlockHeader(
  target: Uint8Array,
  kind: BlockKind,
  number: number,
  chaining: boolean,
  cid: number | null,
  nad: number | null,
): number {
  let length = 1;
  if (cid !== null) target[length++] = cid;
  if (nad !== null) target[length++] = nad;
  target[0] =
    BASE[kind] |
    (isNumbered(kind) ? number : 0) |
    (chaining ? PCB.CHAINING : 0) |
    (cid !== null ? PCB.HAS_CID : 0) |
    (nad !== null ? PCB.HAS_NAD : 0);
  return length;
}

function isNumbered(kind: BlockKind): boolean {
  return kind === 'I' || kind === 'R-ACK' || kind === 'R-NAK';
}
