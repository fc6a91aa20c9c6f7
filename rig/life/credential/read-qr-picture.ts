import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isPngBomb } from './png-size.ts';

/** The QR code in a picture file: a screenshot or a photograph. What the picture costs is known before it is decoded. */

/** Bytes of a picture file: a photograph of a good phone. */
export const LARGEST_PICTURE: number = 16 * 1024 * 1024;
const MOST_PIXELS = 32_000_000;

/** No QR code can be had from a picture. One clause of a sentence. */
export class QrPictureError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'QrPictureError';
  }
}

type ZxingReader = typeof import('zxing-wasm/reader');

/** Compiled once. */
let reader: Promise<ZxingReader> | null = null;

/**
 * The text of the only QR code in a PNG or JPEG file.
 * @throws {QrPictureError}
 */
export async function readQrPicture(file: Uint8Array): Promise<string> {
  if (file.length > LARGEST_PICTURE) {
    throw new QrPictureError(`the picture has ${file.length} bytes, ${LARGEST_PICTURE} at most`);
  }
  const { width, height } = sizeOfPicture(file);
  if (width === 0 || height === 0) throw new QrPictureError('the picture is damaged: it has no pixels');
  if (width * height > MOST_PIXELS) {
    throw new QrPictureError(`the picture has ${width} × ${height} pixels, ${MOST_PIXELS} at most: make it smaller`);
  }
  if (isPng(file) && (await isPngBomb(file, width, height))) {
    throw new QrPictureError('the picture inflates to far more than its pixels: it was made to do harm');
  }
  reader ??= loadReader();
  const { readBarcodes } = await reader;
  let codes: Awaited<ReturnType<typeof readBarcodes>>;
  try {
    codes = await readBarcodes(file, { formats: ['QRCode'], tryHarder: true, maxNumberOfSymbols: 2 });
  } catch (cause) {
    throw new QrPictureError('the picture is damaged', { cause });
  }
  const [code, other] = codes;
  if (code === undefined) throw new QrPictureError('there is no QR code in the picture that can be read');
  if (other !== undefined) throw new QrPictureError('there are several QR codes in the picture: cut it down to one');
  // What the library cannot decode comes back as a code that is not valid.
  if (!code.isValid) throw new QrPictureError('the picture is damaged: it cannot be decoded');
  return code.text;
}

/** The library would fetch its program from the network; it is in its package. */
async function loadReader(): Promise<ZxingReader> {
  const zxing = await import('zxing-wasm/reader');
  const program = readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm'));
  const wasmBinary = program.buffer.slice(program.byteOffset, program.byteOffset + program.length) as ArrayBuffer;
  await zxing.prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
  return zxing;
}

/** @throws {QrPictureError} neither PNG nor JPEG, or cut short */
function sizeOfPicture(file: Uint8Array): { readonly width: number; readonly height: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  try {
    if (isPng(file)) {
      // IHDR is the first chunk: after length and name its width and height.
      return { width: view.getUint32(16), height: view.getUint32(20) };
    }
    if (startsWith(file, [0xff, 0xd8, 0xff])) return sizeOfJpeg(view);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new QrPictureError('the picture is damaged: it ends too early', { cause });
  }
  throw new QrPictureError('the file is neither a PNG nor a JPEG picture');
}

/** Walks the segments to the frame header (SOF0 to SOF15 but DHT, JPG and DAC). @throws {RangeError} it ends before */
function sizeOfJpeg(view: DataView): { readonly width: number; readonly height: number } {
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) throw new QrPictureError('the picture is damaged: a JPEG segment has no marker');
    const marker = view.getUint8(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    // A fill byte is one FF more.
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
}

function isPng(file: Uint8Array): boolean {
  return startsWith(file, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
}

function startsWith(file: Uint8Array, bytes: readonly number[]): boolean {
  return bytes.every((byte, i) => file[i] === byte);
}
