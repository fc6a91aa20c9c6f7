import { deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { qrPng, qrShape, qrSvg, qrTerminalText } from '../../../../rig/life/credential/qr-picture.ts';
import { LARGEST_PICTURE, readQrPicture } from '../../../../rig/life/credential/read-qr-picture.ts';

const TEXT = 'VP1:ABCDEFGHIJKLMNOPQRSTUVWX23';

/** Dark modules, row by row, as a picture shows them. */
function modules(png: Uint8Array, pixels: number): boolean[][] {
  const { width, data } = PNG.sync.read(Buffer.from(png));
  const side = width / pixels;
  return Array.from({ length: side }, (_, y) =>
    Array.from({ length: side }, (_, x) => data[4 * (y * pixels * width + x * pixels)] === 0),
  );
}

describe('the picture of a QR code', () => {
  it('is as small as ISO/IEC 18004 lets it be: alphanumeric, level L', () => {
    // Capacities of the alphanumeric mode at level L: version 2 has 47 characters, version 20 has 1,249.
    expect(qrShape(TEXT)).toEqual({ version: 2, modules: 25 + 8 });
    expect(qrShape('A'.repeat(47)).version).toBe(2);
    expect(qrShape('A'.repeat(48)).version).toBe(3);
    expect(qrShape('A'.repeat(1200))).toEqual({ version: 20, modules: 97 + 8 });
  });

  it('has a quiet zone of four modules around it, in every form', () => {
    const dark = modules(qrPng(TEXT, 3), 3);
    expect(dark).toHaveLength(33);
    const inner = dark.slice(4, -4).map((row) => row.slice(4, -4));
    expect(dark.flat().filter(Boolean)).toHaveLength(inner.flat().filter(Boolean).length);
    // Its finder patterns stand at the corners.
    expect(inner[0]?.slice(0, 8)).toEqual([true, true, true, true, true, true, true, false]);
    expect(qrSvg(TEXT)).toContain('viewBox="0 0 264 264"');
    const lines = qrTerminalText(TEXT).split('\n');
    expect(lines).toHaveLength(17);
    for (const line of [lines[0], lines[1]]) expect(line).toBe('█'.repeat(33));
  });

  it('shows the same modules in a terminal, light or dark', () => {
    const dark = modules(qrPng(TEXT, 1), 1);
    for (const [background, ink] of [
      ['dark', false],
      ['light', true],
    ] as const) {
      const lines = qrTerminalText(TEXT, background).split('\n');
      for (let y = 0; y < 33; y++) {
        const row = [...(lines[y >> 1] as string)].map((each) => `█${'▀▄'[y & 1]}`.includes(each) === ink);
        expect(row, `row ${y}`).toEqual(dark[y]);
      }
    }
  });

  it('is made of texts of the alphanumeric mode alone', () => {
    for (const text of ['', 'vp1:abc', 'VP1:é', 'VP1:A\n']) expect(() => qrPng(text)).toThrow(RangeError);
    for (const pixels of [0, 65, 1.5]) expect(() => qrPng(TEXT, pixels)).toThrow(RangeError);
  });
});

describe('reading a picture', () => {
  it('gives the text, whatever the size', async () => {
    for (const pixels of [2, 8, 20]) expect(await readQrPicture(qrPng(TEXT, pixels))).toBe(TEXT);
    expect(await readQrPicture(qrPng('A'.repeat(1200)))).toBe('A'.repeat(1200));
  }, 30_000);

  it('of two codes is refused: nobody knows which was meant', async () => {
    const one = PNG.sync.read(Buffer.from(qrPng(TEXT, 4)));
    const two = new PNG({ width: 2 * one.width, height: one.height });
    for (const x of [0, one.width]) PNG.bitblt(one, two, 0, 0, one.width, one.height, x, 0);
    await expect(readQrPicture(PNG.sync.write(two))).rejects.toThrow('there are several QR codes in the picture');
  }, 30_000);

  const png = qrPng(TEXT);
  const withSize = (width: number, height: number): Uint8Array => {
    const copy = Uint8Array.from(png);
    new DataView(copy.buffer).setUint32(16, width);
    new DataView(copy.buffer).setUint32(20, height);
    return copy;
  };
  /** Ten by ten pixels, by its first chunk, and data of so many bytes. */
  function bombPng(bytes: number): Uint8Array {
    const chunk = (name: string, content: Uint8Array): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(content.length);
      // Nobody looks at the checksum.
      return Buffer.concat([length, Buffer.from(name), content, Buffer.alloc(4)]);
    };
    const data = deflateSync(new Uint8Array(bytes));
    const size = Uint8Array.of(0, 0, 0, 10, 0, 0, 0, 10, 8, 6, 0, 0, 0);
    const parts = [chunk('IHDR', size), chunk('IDAT', data.subarray(0, 700)), chunk('IDAT', data.subarray(700))];
    return Buffer.concat([png.subarray(0, 8), ...parts, chunk('IEND', new Uint8Array(0))]);
  }

  it('of ten by ten pixels with as many bytes as they have is no bomb', async () => {
    await expect(readQrPicture(bombPng(10 * 41))).rejects.toThrow('there is no QR code in the picture');
  });

  const jpeg = (...bytes: number[]): Uint8Array => Uint8Array.of(0xff, 0xd8, ...bytes);

  it.each([
    ['nothing', new Uint8Array(0), 'the file is neither a PNG nor a JPEG picture'],
    ['text', Buffer.from('VP1:ABC'), 'the file is neither a PNG nor a JPEG picture'],
    ['SVG', Buffer.from(qrSvg(TEXT)), 'the file is neither a PNG nor a JPEG picture'],
    ['a PNG of its first bytes', png.subarray(0, 20), 'the picture is damaged: it ends too early'],
    ['half a PNG', png.subarray(0, png.length >> 1), 'the picture is damaged'],
    ['a PNG without pixels', withSize(0, 264), 'the picture is damaged: it has no pixels'],
    ['a PNG that says it is huge', withSize(65_000, 65_000), 'the picture has 65000 × 65000 pixels, 32000000 at most'],
    ['a PNG that is a bomb', bombPng(2_000_000), 'the picture inflates to far more than its pixels'],
    ['a JPEG that ends', jpeg(0xff, 0xe0, 0, 16), 'the picture is damaged: it ends too early'],
    ['a JPEG without markers', jpeg(0xff, 0xe0, 0, 2, 0, 0, 0), 'the picture is damaged: a JPEG segment has no marker'],
    ['a huge JPEG', jpeg(0xff, 0xff, 0xc2, 0, 17, 8, 0xff, 0xff, 0xff, 0xff), 'the picture has 65535 × 65535 pixels'],
    ['a JPEG of nothing', jpeg(0xff, 0xc0, 0, 17, 8, 0, 16, 0, 16, 0), 'the picture is damaged: it cannot be decoded'],
    [
      'a picture without a code',
      PNG.sync.write(new PNG({ width: 50, height: 50 })),
      'there is no QR code in the picture',
    ],
    ['too many bytes', new Uint8Array(LARGEST_PICTURE + 1), 'the picture has 16777217 bytes, 16777216 at most'],
  ])('%s: one sentence', async (_, file, sentence) => {
    const read = readQrPicture(file);
    await expect(read).rejects.toMatchObject({ name: 'QrPictureError' });
    await expect(read).rejects.toThrow(sentence);
  });
});
