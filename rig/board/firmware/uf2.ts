import { CannotRun } from '../../console/failure.ts';
import { counted } from '../../report/words.ts';
import { joinSegments, type Segment } from './firmware-image.ts';

/** A UF2 file: blocks of 512 bytes, each of which says where its payload goes. Numbers as its specification has them. */
export const UF2_BLOCK = 512;
const MAGIC_START_0 = 0x0a324655;
const MAGIC_START_1 = 0x9e5d5157;
const MAGIC_END = 0x0ab16f30;
const FLAG = { notMainFlash: 0x0001, fileContainer: 0x1000, familyId: 0x2000, md5: 0x4000, tags: 0x8000 } as const;
const HEADER_BYTES = 32;
const LARGEST_PAYLOAD = 476;
const END_AT = UF2_BLOCK - 4;

/** Payload that every bootloader takes, and the only one that those of RP2040 and RP2350 take. */
export const UF2_PAYLOAD = 256;

/** Families by their identifiers, as the registry of the UF2 project has them: those that a target here knows. */
export const UF2_FAMILY = {
  RP2040: 0xe48bff56,
  RP2_ABSOLUTE: 0xe48bff57,
  RP2350_ARM_S: 0xe48bff59,
  STM32F4: 0x57755a57,
  STM32H7: 0x6db66082,
} as const;

export interface Uf2 {
  readonly segments: readonly Segment[];
  /** Each once, in the order of the file. */
  readonly families: readonly number[];
}

export function isUf2(bytes: Uint8Array): boolean {
  if (bytes.length < 8) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  return view.getUint32(0, true) === MAGIC_START_0 && view.getUint32(4, true) === MAGIC_START_1;
}

/**
 * Reads a UF2 file whole. Blocks that are not for the main flash are left out, as the specification asks.
 * @param file names it in messages
 * @throws {CannotRun} one sentence with the block
 */
export function readUf2(bytes: Uint8Array, file: string): Uf2 {
  if (bytes.length === 0 || bytes.length % UF2_BLOCK !== 0) {
    throw new CannotRun(
      `${file}: a UF2 file has blocks of ${UF2_BLOCK} bytes, and this has ${bytes.length} bytes: it is cut off`,
    );
  }
  const segments: Segment[] = [];
  /** Blocks so far, and how many there are to be, by family: each family counts for itself. */
  const counts = new Map<number, { seen: number; total: number }>();
  for (let i = 0; i * UF2_BLOCK < bytes.length; i++) {
    const fail = (words: string): never => {
      throw new CannotRun(`${file}, block ${i}: ${words}`);
    };
    const view = new DataView(bytes.buffer, bytes.byteOffset + i * UF2_BLOCK, UF2_BLOCK);
    const field = (at: number): number => view.getUint32(at, true);
    if (field(0) !== MAGIC_START_0 || field(4) !== MAGIC_START_1 || field(END_AT) !== MAGIC_END) {
      fail('this is no UF2 block: its magic numbers are wrong');
    }
    const [flags, address, size, number, total] = [field(8), field(12), field(16), field(20), field(24)];
    const unknown = flags & ~Object.values(FLAG).reduce((all, flag) => all | flag, 0);
    if (unknown !== 0) fail(`it has flags that the specification does not have: 0x${(unknown >>> 0).toString(16)}`);
    if ((flags & FLAG.fileContainer) !== 0) fail('it holds a part of a file, not of a program');
    if (size === 0 || size > LARGEST_PAYLOAD) fail(`a payload has 1 to ${LARGEST_PAYLOAD} bytes, not ${size}`);
    // 0 stands for no family.
    const family = (flags & FLAG.familyId) === 0 ? 0 : field(28);
    const count = counts.get(family) ?? { seen: 0, total };
    if (total !== count.total)
      fail(
        `it says that there ${total === 1 ? 'is' : 'are'} ${counted(total, 'block')}, those before it ${count.total}`,
      );
    if (number !== count.seen) fail(`it has number ${number}, and ${count.seen} was to come`);
    counts.set(family, { seen: count.seen + 1, total });
    if ((flags & FLAG.notMainFlash) !== 0) continue;
    segments.push({ address, bytes: new Uint8Array(view.buffer, view.byteOffset + HEADER_BYTES, size) });
  }
  for (const { seen, total } of counts.values()) {
    if (seen !== total)
      throw new CannotRun(
        `${file}: ${seen} of ${counted(total, 'block')} ${total === 1 ? 'is' : 'are'} there: the file is cut off`,
      );
  }
  return { segments: joinSegments(segments, file), families: [...counts.keys()].filter((family) => family !== 0) };
}

/**
 * Writes a UF2 file: payloads of 256 bytes at multiples of 256, which a page of flash can take as they are. What a page
 * has besides the segments is filled with FF.
 * @param family identifier of the chips that take it
 */
export function writeUf2(segments: readonly Segment[], family: number): Uint8Array {
  const pages = pagesOf(segments);
  const file = new Uint8Array(pages.length * UF2_BLOCK);
  const view = new DataView(file.buffer);
  for (const [number, { address, bytes }] of pages.entries()) {
    const at = number * UF2_BLOCK;
    const fields = [MAGIC_START_0, MAGIC_START_1, FLAG.familyId, address, bytes.length, number, pages.length, family];
    for (const [i, value] of fields.entries()) view.setUint32(at + 4 * i, value, true);
    file.set(bytes, at + HEADER_BYTES);
    view.setUint32(at + END_AT, MAGIC_END, true);
  }
  return file;
}

function pagesOf(segments: readonly Segment[]): readonly Segment[] {
  const pages = new Map<number, Uint8Array>();
  for (const { address, bytes } of joinSegments(segments, 'the program')) {
    for (let i = 0; i < bytes.length; ) {
      const at = address + i;
      const start = at - (at % UF2_PAYLOAD);
      const page = pages.get(start) ?? new Uint8Array(UF2_PAYLOAD).fill(0xff);
      const part = bytes.subarray(i, i + UF2_PAYLOAD - (at - start));
      page.set(part, at - start);
      pages.set(start, page);
      i += part.length;
    }
  }
  return [...pages].map(([address, bytes]) => ({ address, bytes }));
}
