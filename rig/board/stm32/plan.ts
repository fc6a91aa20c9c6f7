import type { Segment } from '../firmware/firmware-image.ts';
import { LARGEST_BLOCK } from './an3155.ts';
import { type Chip, type Page, pagesOf } from './chips.ts';

/** Bytes that a Cortex-M starts by: stack pointer and reset vector. */
const VECTORS = 8;

/** A piece that one Write Memory carries. */
export interface Block {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** A page and what goes into it. */
export interface PagePlan {
  readonly page: Page;
  /** By address; without those that are FF throughout: an erased page has them. */
  readonly blocks: readonly Block[];
}

/**
 * What has to be erased and written. The page with the vector table comes first, so that a board whose flashing is cut
 * short has nothing that starts.
 * @param size bytes of flash that are there
 */
export function planPages(segments: readonly Segment[], chip: Chip, size: number): readonly PagePlan[] {
  return pagesOf(chip, size).flatMap((page) => {
    const content = contentOf(page, segments);
    if (content === null) return [];
    const { address, writeGranule } = chip.flash;
    const blocks = blocksOf(page, content, writeGranule);
    return [{ page, blocks: page.address === address ? startApart(blocks, address, writeGranule) : blocks }];
  });
}

/** What a page is to hold, FF where nothing is said. @returns null when nothing is said of it */
function contentOf(
  page: Page,
  segments: readonly Segment[],
): { readonly bytes: Uint8Array; readonly end: number } | null {
  const bytes = new Uint8Array(page.size).fill(0xff);
  let end = 0;
  for (const { address, bytes: own } of segments) {
    const from = Math.max(address, page.address);
    const to = Math.min(address + own.length, page.address + page.size);
    if (from >= to) continue;
    bytes.set(own.subarray(from - address, to - address), from - page.address);
    end = Math.max(end, to - page.address);
  }
  return end === 0 ? null : { bytes, end };
}

function blocksOf(page: Page, { bytes, end }: { bytes: Uint8Array; end: number }, granule: number): readonly Block[] {
  const blocks: Block[] = [];
  const length = Math.ceil(end / granule) * granule;
  for (let at = 0; at < length; at += LARGEST_BLOCK) {
    const block = bytes.subarray(at, Math.min(at + LARGEST_BLOCK, length));
    const own = { address: page.address + at, bytes: block };
    if (!isBlank(own)) blocks.push(own);
  }
  return blocks;
}

/** Stack pointer and reset vector in a block of their own: of a larger one, a part could start. */
function startApart(blocks: readonly Block[], address: number, granule: number): readonly Block[] {
  const [first, ...others] = blocks;
  const size = Math.ceil(VECTORS / granule) * granule;
  if (first === undefined || first.address !== address || first.bytes.length <= size) return blocks;
  const rest = { address: address + size, bytes: first.bytes.subarray(size) };
  return [{ address, bytes: first.bytes.subarray(0, size) }, ...(isBlank(rest) ? [] : [rest]), ...others];
}

function isBlank({ bytes }: Block): boolean {
  return bytes.every((byte) => byte === 0xff);
}

/** The smallest number of bytes on the line, both ways, that writes these blocks and reads them back. */
export function leastWireBytes(plans: readonly PagePlan[]): number {
  const blocks = plans.flatMap((plan) => plan.blocks);
  // Command and complement, address and checksum, and three times ACK: for the write, and for the read.
  const around = 2 * (2 + 5 + 3);
  // Length and checksum; length and complement.
  return blocks.reduce((sum, { bytes }) => sum + around + 2 + 2 + 2 * bytes.length, 0);
}
