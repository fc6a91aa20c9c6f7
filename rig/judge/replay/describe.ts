import { type FieldStep, fieldInWords, nameFields } from '../../trace/field-names.ts';
import { nodesAt, type TlvNode, tlvTree } from '../../trace/tlv-tree.ts';
import type { Divergence } from './model.ts';
import type { AnswerPart } from './transfer.ts';

/** Bytes shown on either side of a place that no field names. */
const AROUND = 8;

/**
 * A place for people: by the tags of a way (and the byte in the value, or null for the object itself), or by a byte of
 * whole data.
 */
export function describeByte(
  where: readonly string[] | Uint8Array,
  byte: number | null,
): { readonly field: readonly FieldStep[]; readonly where: string } {
  if (!(where instanceof Uint8Array)) {
    const field = nameFields(where);
    return { field, where: byte === null ? fieldInWords(field) : `${fieldInWords(field)}, byte ${byte + 1}` };
  }
  const way = wayTo(where, byte ?? 0);
  const innermost = way.at(-1);
  if (innermost === undefined) return { field: [], where: `byte ${(byte ?? 0) + 1} of the data` };
  const field = nameFields(way.map(({ tag }) => tag));
  const inValue = (byte ?? 0) - innermost.valueOffset;
  const place = inValue < 0 ? 'its tag or length' : `byte ${inValue + 1} of ${innermost.length}`;
  return { field, where: `${fieldInWords(field)}, ${place}` };
}

/** The data objects over a byte. Random bytes may look like some: those of which nothing is known are not believed. */
function wayTo(bytes: Uint8Array, byte: number): readonly TlvNode[] {
  const tree = tlvTree(bytes);
  const way = tree.sound ? nodesAt(tree.nodes, byte) : [];
  const believed = way.some(({ children }) => children.length > 0) || nameFields(way.map(({ tag }) => tag))[0]?.name;
  return believed ? way : [];
}

/** The field that a byte of an answer lies in, with its two values. @param offset of the first difference, in the answer */
export function describeField(expected: string, got: string, offset: number, part: AnswerPart): Divergence {
  const at = part.start + offset;
  const innermost = wayTo(part.whole, at).at(-1);
  const { field, where } = describeByte(part.whole, at);
  if (innermost === undefined || at < innermost.valueOffset) {
    const from = Math.max(0, offset - AROUND);
    const slice = (hex: string): string => hex.slice(2 * from, 2 * (offset + AROUND));
    const shownFrom = { expected: from, got: from };
    return { kind: 'value', offset, field, expected: slice(expected), got: slice(got), shownFrom, where };
  }
  // If the value began in an earlier answer, its part in this one.
  const from = Math.max(0, innermost.valueOffset - part.start);
  const end = innermost.valueOffset + innermost.length - part.start;
  const slice = (hex: string): string => hex.slice(2 * from, 2 * end);
  const shownFrom = { expected: from, got: from };
  return { kind: 'value', offset, field, expected: slice(expected), got: slice(got), shownFrom, where };
}
