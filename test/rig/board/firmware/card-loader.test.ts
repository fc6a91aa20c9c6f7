import { describe, expect, it } from 'vitest';
import { CardLoader } from '../../../../firmware/card/card-loader.ts';
import { crc32 } from '../../../../src/hal/crc32.ts';

const IMAGE = Uint8Array.from({ length: 100 }, (_, i) => i);
const CRC = crc32(IMAGE, 0, IMAGE.length);

function loader(more: { isCard?: boolean; flash?: Uint8Array | null } = {}): { loader: CardLoader; put: Uint8Array[] } {
  const put: Uint8Array[] = [];
  const made = new CardLoader({
    largest: 200,
    isCard: () => more.isCard ?? true,
    replace(image) {
      put.push(Uint8Array.from(image));
      return more.flash === undefined ? image : more.flash;
    },
  });
  return { loader: made, put };
}
/** Outcome, and the number of 32 bits. */
const told = (answer: Uint8Array): [number, number] => [
  answer[0] as number,
  new DataView(answer.buffer, answer.byteOffset).getUint32(1),
];

describe('the image of a card that comes in parts', () => {
  it('is put when it is whole; the answer is the checksum of what the flash gives back', () => {
    const { loader: board, put } = loader();
    expect(told(board.begin(100, CRC))).toEqual([0, 0]);
    expect(told(board.part(0, IMAGE.subarray(0, 60)))).toEqual([0, 60]);
    expect(told(board.end())).toEqual([2, 60]);
    expect(told(board.part(60, IMAGE.subarray(60)))).toEqual([0, 100]);
    expect(told(board.end())).toEqual([0, CRC]);
    expect([board.replaced, put]).toEqual([true, [IMAGE]]);
  });

  it('goes on where a transfer was cut off, and begins anew for another image', () => {
    const { loader: board } = loader();
    board.begin(100, CRC);
    board.part(0, IMAGE.subarray(0, 60));
    expect(told(board.begin(100, CRC))).toEqual([0, 60]);
    expect(told(board.begin(100, CRC ^ 1))).toEqual([0, 0]);
  });

  it('takes no part twice, out of order, or beyond its end', () => {
    const { loader: board } = loader();
    board.begin(100, CRC);
    expect(told(board.part(10, IMAGE.subarray(10, 20)))).toEqual([0, 0]);
    board.part(0, IMAGE.subarray(0, 60));
    expect(told(board.part(0, IMAGE.subarray(0, 60)))).toEqual([0, 60]);
    expect(told(board.part(60, IMAGE.subarray(0, 60)))).toEqual([0, 60]);
  });

  it.each([
    ['too large', {}, (board: CardLoader) => board.begin(201, 0), [1, 200]],
    ['of nothing', {}, (board: CardLoader) => board.begin(0, 0), [1, 200]],
    ['not as it was sent', {}, (board: CardLoader) => whole(board, CRC ^ 1), [2, 0]],
    ['no card', { isCard: false }, (board: CardLoader) => whole(board, CRC), [3, 0]],
    ['not taken by the flash', { flash: null }, (board: CardLoader) => whole(board, CRC), [4, 0]],
  ] as const)('%s: refused, and the old card stays', (_, more, send, answer) => {
    const { loader: board } = loader(more);
    expect([told(send(board)), board.replaced]).toEqual([answer, false]);
  });
});

function whole(board: CardLoader, crc: number): Uint8Array {
  board.begin(100, crc >>> 0);
  board.part(0, IMAGE);
  return board.end();
}
