import { createHash } from 'node:crypto';
import { HalError } from '../errors.ts';

/*
 * Layout, integers big-endian:
 *    0  8  magic "VITAPNVM"
 *    8  2  container version
 *   10  2  length of this header: 64
 *   12  1  value of an erased byte
 *   13  1  zero
 *   14  2  write granule
 *   16  4  size of the contents
 *   20 12  zero
 *   32 32  SHA-256 of bytes 0 to 31 and the contents
 *   64  …  contents
 */
const CONTAINER_HEADER_SIZE = 64;
const CONTAINER_VERSION = 1;
const MAGIC = Buffer.from('VITAPNVM', 'latin1');
const HASHED_HEADER_SIZE = 32;
/** More is a mistake: the whole is held in memory and written at each flush. */
export const LARGEST_CONTENTS: number = 64 * 1024 * 1024;

const REBUILD = 'build it again with `vitap card build`';

export interface Container {
  readonly contents: Uint8Array;
  readonly eraseValue: number;
  readonly writeGranule: number;
}

/** The 64 bytes that stand before the contents. */
export function encodeContainerHeader(container: Container): Uint8Array {
  const header = Buffer.alloc(CONTAINER_HEADER_SIZE);
  MAGIC.copy(header, 0);
  header.writeUInt16BE(CONTAINER_VERSION, 8);
  header.writeUInt16BE(CONTAINER_HEADER_SIZE, 10);
  header.writeUInt8(container.eraseValue, 12);
  header.writeUInt16BE(container.writeGranule, 14);
  header.writeUInt32BE(container.contents.length, 16);
  digest(header, container.contents).copy(header, HASHED_HEADER_SIZE);
  return header;
}

/**
 * @param file all the bytes of the file; `contents` is a view of them
 * @param path for the sentences
 * @param cure what a person can do, as the sentences end
 * @throws {HalError} `damaged`
 */
export function decodeContainer(file: Uint8Array, path: string, cure: string = REBUILD): Container {
  const header = Buffer.from(file.buffer, file.byteOffset, file.length);
  const seen = header.subarray(0, MAGIC.length);
  if (!seen.equals(MAGIC.subarray(0, seen.length)) || seen.length === 0) {
    throw new HalError('damaged', `${path} is not a card image: it does not begin as one; ${cure}`);
  }
  if (file.length < CONTAINER_HEADER_SIZE) {
    throw new HalError('damaged', `${path} is cut off: ${file.length} bytes are not even its header; ${cure}`);
  }
  const version = header.readUInt16BE(8);
  if (version > CONTAINER_VERSION) {
    throw new HalError(
      'damaged',
      `${path} is a card image of format ${version}, and this vitap reads format ${CONTAINER_VERSION}: ` +
        `use a newer vitap, or ${cure}`,
    );
  }
  const size = header.readUInt32BE(16);
  const expected = CONTAINER_HEADER_SIZE + size;
  if (file.length < expected) {
    throw new HalError('damaged', `${path} is cut off: ${file.length} bytes of ${expected}; ${cure}`);
  }
  if (file.length > expected) {
    throw new HalError('damaged', `${path} is too long: ${file.length} bytes instead of ${expected}; ${cure}`);
  }
  const contents = file.subarray(CONTAINER_HEADER_SIZE);
  const stated = header.subarray(HASHED_HEADER_SIZE, CONTAINER_HEADER_SIZE);
  if (!digest(header, contents).equals(stated)) {
    throw new HalError('damaged', `${path} is damaged: its bytes do not fit its checksum; ${cure}`);
  }
  const eraseValue = header.readUInt8(12);
  const writeGranule = header.readUInt16BE(14);
  if (version < 1 || size < 1 || (eraseValue !== 0xff && eraseValue !== 0x00) || writeGranule < 1) {
    throw new HalError('damaged', `${path} has a header that no vitap writes; ${cure}`);
  }
  return { contents, eraseValue, writeGranule };
}

function digest(header: Uint8Array, contents: Uint8Array): Buffer {
  return createHash('sha256').update(header.subarray(0, HASHED_HEADER_SIZE)).update(contents).digest();
}
