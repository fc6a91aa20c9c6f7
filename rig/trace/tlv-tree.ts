import { TlvError, TlvReader } from '../../src/apdu/ber-tlv-reader.ts';

/** A data object in bytes. */
export interface TlvNode {
  /** `E2`, `7F49`. */
  readonly tag: string;
  readonly offset: number;
  readonly valueOffset: number;
  /** Length of the value, as far as its bytes are present. */
  readonly length: number;
  /** Its value goes on after the bytes that were given. */
  readonly cut: boolean;
  readonly children: readonly TlvNode[];
}

export interface TlvTree {
  readonly nodes: readonly TlvNode[];
  /** Where the data objects end: the length of the bytes, or where padding or something else begins. */
  readonly end: number;
  /** Whether the bytes are data objects and padding, and nothing else. */
  readonly sound: boolean;
}

/** A value announced longer than this is no value that was cut off. */
const LONGEST_VALUE = 65_536;

/** The data objects that bytes hold, as far as they are some; the last one may be cut off. Never throws. */
export function tlvTree(bytes: Uint8Array): TlvTree {
  const { nodes, end } = readLevel(new TlvReader(bytes), bytes.length);
  if (end !== null) {
    // Read again with the missing end of the last value put in.
    const { missing, at } = end;
    if (missing > 0 && missing <= LONGEST_VALUE) {
      const longer = new Uint8Array(bytes.length + missing);
      longer.set(bytes);
      const whole = readLevel(new TlvReader(longer), bytes.length);
      if (whole.end === null) return { nodes: whole.nodes, end: bytes.length, sound: whole.nodes.length > 0 };
    }
    return { nodes, end: at, sound: nodes.length > 0 && isPadding(bytes.subarray(at)) };
  }
  return { nodes, end: bytes.length, sound: nodes.length > 0 };
}

function readLevel(
  reader: TlvReader,
  size: number,
): { nodes: TlvNode[]; end: { readonly at: number; readonly missing: number } | null } {
  const nodes: TlvNode[] = [];
  let at = 0;
  try {
    while (reader.next()) {
      const { start, valueOffset, valueLength, constructed } = reader;
      at = valueOffset + valueLength;
      if (valueOffset > size) break;
      const inside = constructed ? readInside(reader, size) : [];
      const cut = at > size;
      const length = Math.min(at, size) - valueOffset;
      nodes.push({ tag: tagOf(reader.tag), offset: start, valueOffset, length, cut, children: inside });
    }
    return { nodes, end: null };
  } catch (error) {
    if (!(error instanceof TlvError)) throw error;
    return { nodes, end: { at, missing: error.fault === 'value' ? reader.valueLength : 0 } };
  }
}

/** The objects in a constructed one; none where its value is something else in truth. */
function readInside(reader: TlvReader, size: number): TlvNode[] {
  let inner: TlvReader;
  try {
    inner = reader.enter();
  } catch (error) {
    if (error instanceof TlvError) return [];
    throw error;
  }
  const { nodes, end } = readLevel(inner, size);
  return end === null ? nodes : [];
}

function tagOf(tag: number): string {
  const hex = tag.toString(16).toUpperCase();
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}

function isPadding(bytes: Uint8Array): boolean {
  const first = bytes[0];
  return (first === 0x00 || first === 0xff) && bytes.every((byte) => byte === first);
}

/** The way to the innermost data object over a byte; empty when it lies in none. */
export function nodesAt(nodes: readonly TlvNode[], offset: number): readonly TlvNode[] {
  for (const node of nodes) {
    if (offset < node.offset || offset >= node.valueOffset + node.length) continue;
    return [node, ...nodesAt(node.children, offset)];
  }
  return [];
}
