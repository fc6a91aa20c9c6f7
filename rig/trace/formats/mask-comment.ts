import { MASK_KINDS, type Mask, type MaskKind } from '../model.ts';

/* Remarks in capture files that say which bytes of a packet are masked: `masked: 5+6 code, 20+13 nir`. */

const MASKED = /^masked: ((?:\d{1,6}\+\d{1,6} [a-z]+(?:, )?)+)$/;

/** @returns null when nothing is masked */
export function maskComment(masks: readonly Mask[]): string | null {
  if (masks.length === 0) return null;
  return `masked: ${masks.map(({ offset, length, what }) => `${offset}+${length} ${what}`).join(', ')}`;
}

/** @returns null for another remark, or one that does not fit `size` bytes */
export function masksOfComment(comment: string, size: number): Mask[] | null {
  const list = MASKED.exec(comment)?.[1];
  if (list === undefined) return null;
  const masks: Mask[] = [];
  let position = 0;
  for (const item of list.split(', ')) {
    const [, offset, length, what] = /^(\d+)\+(\d+) ([a-z]+)$/.exec(item) ?? [];
    const mask = { offset: Number(offset), length: Number(length), what: what as MaskKind };
    if (!(mask.offset >= position) || mask.length < 1 || mask.offset + mask.length > size) return null;
    if (!MASK_KINDS.includes(mask.what)) return null;
    position = mask.offset + mask.length;
    masks.push(mask);
  }
  return masks;
}
