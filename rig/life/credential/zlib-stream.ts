import { deflateSync, inflateSync } from 'node:zlib';

/** Why a zlib stream was not inflated. */
export class ZlibError extends Error {
  readonly reason: 'damaged' | 'too-large';

  constructor(reason: 'damaged' | 'too-large', message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ZlibError';
    this.reason = reason;
  }
}

/** @param level 9 for what must be small; 6 makes a list of 68 million statuses 12 times faster, and 3 % longer */
export function deflateZlib(bytes: Uint8Array, level: 6 | 9 = 9): Uint8Array {
  return deflateSync(bytes, { level });
}

/**
 * The whole of a zlib stream (RFC 1950), no byte behind it. Inflating stops at the limit: a bomb costs no more than
 * `most` bytes.
 * @throws {ZlibError} `too-large`: more than `most` bytes
 */
export function inflateZlib(stream: Uint8Array, most: number): Uint8Array {
  let inflated: { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };
  try {
    // With `info` Node also says how much of the input the stream was; the types do not know that.
    inflated = inflateSync(stream, { maxOutputLength: Math.max(most, 1), info: true }) as never;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ZlibError('too-large', `it inflates to more than ${most} bytes`, { cause });
    }
    throw new ZlibError('damaged', 'it is not a whole zlib stream', { cause });
  }
  if (inflated.buffer.length > most) throw new ZlibError('too-large', `it inflates to more than ${most} bytes`);
  if (inflated.engine.bytesWritten !== stream.length) {
    throw new ZlibError('damaged', 'there are bytes behind the zlib stream');
  }
  const { buffer } = inflated;
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
