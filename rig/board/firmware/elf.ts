import { CannotRun } from '../../console/failure.ts';
import { joinSegments, type Segment } from './firmware-image.ts';

/** `e_ident` and the fields of the headers, by the System V ABI; 32 bits, least significant byte first. */
const MAGIC = [0x7f, 0x45, 0x4c, 0x46] as const;
const CLASS_32 = 1;
const LEAST_SIGNIFICANT_FIRST = 1;
const EXECUTABLE = 2;
const MACHINE_ARM = 40;
const LOADABLE = 1;
const HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;

export function isElf(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/**
 * What a program has in its loadable segments, at their physical addresses: where they lie in flash.
 * @param file names it in messages
 * @throws {CannotRun} no executable for 32-bit ARM, or headers that point out of the file
 */
export function readElf(bytes: Uint8Array, file: string): readonly Segment[] {
  const fail = (words: string): never => {
    throw new CannotRun(`${file}: ${words}`);
  };
  if (bytes.length < HEADER_BYTES) fail(`an ELF file has a header of ${HEADER_BYTES} bytes, and this is cut off`);
  if (bytes[4] !== CLASS_32 || bytes[5] !== LEAST_SIGNIFICANT_FIRST) {
    fail('this ELF file is not for a 32-bit processor with the least significant byte first');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [type, machine] = [view.getUint16(16, true), view.getUint16(18, true)];
  if (machine !== MACHINE_ARM) fail(`this ELF file is for machine ${machine}, not for ARM (${MACHINE_ARM})`);
  if (type !== EXECUTABLE) fail('this ELF file is not a linked program (an object file or a library?)');
  const [at, each, count] = [view.getUint32(28, true), view.getUint16(42, true), view.getUint16(44, true)];
  if (count === 0) fail('this ELF file has no program headers: nothing is to be loaded');
  if (each < PROGRAM_HEADER_BYTES) fail(`a program header has ${PROGRAM_HEADER_BYTES} bytes, not ${each}`);
  if (at + each * count > bytes.length) fail('its program headers lie beyond the end of the file: it is cut off');
  const segments: Segment[] = [];
  for (let i = 0; i < count; i++) {
    const header = at + i * each;
    if (view.getUint32(header, true) !== LOADABLE) continue;
    const [offset, address, size] = [
      view.getUint32(header + 4, true),
      view.getUint32(header + 12, true),
      view.getUint32(header + 16, true),
    ];
    if (offset + size > bytes.length) fail(`segment ${i} lies beyond the end of the file: it is cut off`);
    segments.push({ address, bytes: bytes.subarray(offset, offset + size) });
  }
  return joinSegments(segments, file);
}
