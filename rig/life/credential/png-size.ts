import { Readable } from 'node:stream';
import { createInflate } from 'node:zlib';

/** Length of a chunk, its name before its content, and the checksum behind it. */
const [LENGTH, NAME, CHECKSUM] = [4, 4, 4];
const SIGNATURE = 8;
/** Four samples of 16 bits. */
const MOST_BYTES_A_PIXEL = 8;

/**
 * Whether the image data of a PNG inflate to more than its pixels can have: a decoder would inflate them all before it looks.
 * Nothing of it is kept. Data that cannot be inflated are left to the decoder.
 */
export async function isPngBomb(file: Uint8Array, width: number, height: number): Promise<boolean> {
  // Each row has its filter before it; an interlaced picture has at most two rows for one, in seven parts.
  const most = width * height * MOST_BYTES_A_PIXEL + 2 * height + 64 * (width + 8);
  const inflate = Readable.from(imageData(file)).pipe(createInflate());
  let bytes = 0;
  try {
    for await (const part of inflate) {
      bytes += (part as Buffer).length;
      if (bytes > most) return true;
    }
  } catch {
    // What is damaged the decoder says.
  } finally {
    inflate.destroy();
  }
  return false;
}

/** The contents of the chunks IDAT, in their order. */
function* imageData(file: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = SIGNATURE; at + LENGTH + NAME <= file.length; ) {
    const length = view.getUint32(at);
    const content = at + LENGTH + NAME;
    if (view.getUint32(at + LENGTH) === IDAT) yield file.subarray(content, content + length);
    at = content + length + CHECKSUM;
  }
}

const IDAT = 0x49444154;
