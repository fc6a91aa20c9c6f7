import { CannotRun } from '../../console/failure.ts';
import { readInputFile } from '../../console/input-file.ts';
import { isElf, readElf } from './elf.ts';
import { type FirmwareImage, joinSegments, LARGEST_FIRMWARE_FILE } from './firmware-image.ts';
import { readIntelHex } from './intel-hex.ts';
import { isUf2, readUf2 } from './uf2.ts';

/**
 * Reads a firmware file, whose format its content tells: ELF and UF2 by their magic numbers, HEX by its first colon and
 * nothing but text; all else is the plain bytes.
 * @param said where plain bytes go, as a person said it; null: nobody did
 * @param usual where they go then; null: nowhere
 * @throws {CannotRun} damaged, empty, or plain bytes without an address; {Error} of Node when it cannot be opened
 */
export function readFirmware(path: string, said: number | null, usual: number | null = null): FirmwareImage {
  const bytes = Uint8Array.from(readInputFile(path, 'a firmware file', LARGEST_FIRMWARE_FILE));
  if (bytes.length === 0) throw new CannotRun(`${path}: the firmware file is empty`);
  const image = (
    format: FirmwareImage['format'],
    segments: FirmwareImage['segments'],
    families: readonly number[] = [],
  ) => {
    if (format !== 'BIN' && said !== null) {
      throw new CannotRun(`${path}: a ${format} file says itself where it goes: leave --address out`);
    }
    return { source: path, format, segments, families };
  };
  if (isElf(bytes)) return image('ELF', readElf(bytes, path));
  if (isUf2(bytes)) {
    const { segments, families } = readUf2(bytes, path);
    return image('UF2', segments, families);
  }
  if (isHexText(bytes)) return image('HEX', readIntelHex(Buffer.from(bytes).toString('latin1'), path));
  const address = said ?? usual;
  if (address === null) {
    throw new CannotRun(
      `${path}: neither ELF, HEX nor UF2, so these are plain bytes: say with --address where they go`,
    );
  }
  return image('BIN', joinSegments([{ address, bytes }], path));
}

/** A vector table begins with the end of a RAM, which is no colon and no text. */
function isHexText(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 0x3a &&
    bytes.subarray(0, 4096).every((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f))
  );
}
