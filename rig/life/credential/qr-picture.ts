import { PNG } from 'pngjs';
import { encode, type QrCodeGenerateOptions, renderSVG, renderUnicodeCompact } from 'uqr';

/** Pictures of a QR code, with the quiet zone of 4 modules that ISO/IEC 18004 asks for around it. */

export const QUIET_ZONE = 4;

/**
 * Level L, which a screen needs no more than, raised as far as the same version has room: the smallest number of modules,
 * each as large as can be.
 */
const OPTIONS: QrCodeGenerateOptions = { ecc: 'L', boostEcc: true, border: QUIET_ZONE };
/** Pixels of a module in PNG and SVG: 840 in all for the largest of ours. */
const PIXELS = 8;

/** What is drawn. */
export interface QrShape {
  /** 1 to 40; ours end at 20. */
  readonly version: number;
  /** Modules of a side, quiet zone included. */
  readonly modules: number;
}

export function qrShape(text: string): QrShape {
  const { version, size } = encode(alphanumeric(text), OPTIONS);
  return { version, modules: size };
}

/** Rows from the top, without the quiet zone, for whoever draws by itself: `1` is dark. */
export function qrRows(text: string): string[] {
  const { data } = encode(alphanumeric(text), { ...OPTIONS, border: 0 });
  return data.map((row) => row.map((dark) => (dark ? '1' : '0')).join(''));
}

/** Greyscale. @param pixels of a module's side, 1 to 64 */
export function qrPng(text: string, pixels: number = PIXELS): Uint8Array {
  if (!Number.isInteger(pixels) || pixels < 1 || pixels > 64) throw new RangeError('1 to 64 pixels a module');
  const { data, size } = encode(alphanumeric(text), OPTIONS);
  const side = size * pixels;
  const png = new PNG({ width: side, height: side });
  for (let y = 0; y < side; y++) {
    const row = data[Math.floor(y / pixels)] as boolean[];
    for (let x = 0; x < side; x++) {
      png.data.fill(row[Math.floor(x / pixels)] ? 0 : 0xff, 4 * (y * side + x), 4 * (y * side + x) + 3);
      png.data[4 * (y * side + x) + 3] = 0xff;
    }
  }
  return Uint8Array.from(PNG.sync.write(png, { colorType: 0 }));
}

/** Black on white, 8 units a module; it takes the size of whatever it stands in. */
export function qrSvg(text: string): string {
  return renderSVG(alphanumeric(text), { ...OPTIONS, pixelSize: PIXELS });
}

/**
 * Two modules in one character, one line each two rows, without colours.
 * @param background of the terminal: its text draws the light modules on a dark one, the dark modules on a light one
 */
export function qrTerminalText(text: string, background: 'dark' | 'light' = 'dark'): string {
  return renderUnicodeCompact(alphanumeric(text), { ...OPTIONS, invert: background === 'light' });
}

/** Other characters would need another mode, in which the code has half as many. */
function alphanumeric(text: string): string {
  if (!/^[0-9A-Z $%*+./:-]+$/.test(text)) throw new RangeError('a character that the alphanumeric mode does not have');
  return text;
}
