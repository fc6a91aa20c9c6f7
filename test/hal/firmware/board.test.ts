import { describe, expect, it } from 'vitest';
import { HostLink } from '../../../firmware/card/host-link.ts';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import {
  BOARD_MESSAGE,
  decodeCard,
  decodeFigures,
  encodeFigures,
  TO_BOARD,
} from '../../../src/hal/firmware/board-messages.ts';
import { FirmwareReader } from '../../../src/hal/firmware/index.ts';
import { MemorySerialCable } from '../../../src/hal/serial/memory.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { TOY, ToyCard, toyCommand } from '../../contract/toy-card.ts';

const FIGURES = {
  ...{ bootUs: 1, commandUs: 0x0102_0304, longestUs: 0xffff_ffff, longestEventUs: 5 },
  ...{ heapTaken: 6, heapUsed: 7, stackUsed: 8, stackSize: 9, staticSize: 10, hostLost: 11, chipLost: 12 },
};

/** A board whose own side answers each kind of message, and keeps what it was told. */
async function withBoard(
  answer: (message: number[]) => Uint8Array,
  use: (reader: FirmwareReader) => Promise<void>,
): Promise<void> {
  const cable = new MemorySerialCable(['host', 'board']);
  const line = await cable.open('board', 115_200);
  const link = new HostLink(
    new ToyCard(),
    (bytes, offset, length) => void line.write(copyBytes(bytes, offset, offset + length)),
    () => {},
    (bytes, offset, length) => answer([...bytes.subarray(offset, offset + length)]),
  );
  line.onData((chunk) => link.receive(chunk, chunk.length, 0));
  const reader = new FirmwareReader({ path: 'host', lines: cable, clock: systemClock });
  try {
    await use(reader);
  } finally {
    await reader.close();
    await line.close();
  }
}

describe('what is said to the board itself', () => {
  it('is answered by the board, in the middle of a session with the card', () =>
    withBoard(
      ([kind]) => (kind === BOARD_MESSAGE.card ? Uint8Array.of(1, 0x01, 0x2c) : encodeFigures(FIGURES)),
      async (reader) => {
        const session = await reader.connect({ timeoutMs: 1000 });
        const board = await reader.board({ timeoutMs: 1000 });
        expect(await board.card()).toEqual({ interface: 'contactless', windowSeconds: 300 });
        expect(await board.figures()).toEqual(FIGURES);
        const { response } = await session.transmit(toyCommand(TOY.echo, 5));
        expect([...response.subarray(-2)]).toEqual([0x90, 0x00]);
      },
    ));

  it('carries a holder’s command to the wired interface, and never to the card’s own', async () => {
    const told: number[][] = [];
    await withBoard(
      (message) => {
        told.push(message);
        return Uint8Array.of(0x63, 0xc2);
      },
      async (reader) => {
        const board = await reader.board({ timeoutMs: 1000 });
        const verify = [0x00, 0x20, 0x00, 0x81, 0x02, 0x31, 0x32];
        expect([...(await board.asHolder(Uint8Array.from(verify)))]).toEqual([0x63, 0xc2]);
        expect(told).toEqual([[BOARD_MESSAGE.holder, ...verify]]);
      },
    );
  });

  it.each([
    ['this board does not know it', Uint8Array.of(0xff)],
    ['the answer is too short', Uint8Array.of(1, 2)],
  ])('is refused where %s', (_, answered) =>
    withBoard(
      () => answered,
      async (reader) => {
        const board = await reader.board({ timeoutMs: 1000 });
        await expect(board.card()).rejects.toMatchObject({ kind: 'unsupported' });
        await expect(board.figures()).rejects.toMatchObject({ kind: 'unsupported' });
      },
    ),
  );
});

describe('an announcement without its message', () => {
  const linked = (): { send: (body: number[], nowUs?: number) => void; answers: number[][]; told: number[][] } => {
    const answers: number[][] = [];
    const told: number[][] = [];
    const link = new HostLink(
      new ToyCard(),
      (bytes, offset, length) => answers.push([...bytes.subarray(offset, offset + length)]),
      () => {},
      (bytes, offset, length) => {
        told.push([...bytes.subarray(offset, offset + length)]);
        return Uint8Array.of(0xff);
      },
    );
    const send = (body: number[], nowUs = 0): void =>
      link.receive(Uint8Array.of(0, body.length, ...body), 2 + body.length, nowUs);
    send([0x01]);
    return { send, answers, told };
  };

  it('is called off by the next host’s echo: its first command is for the card', () => {
    const { send, told, answers } = linked();
    send([TO_BOARD]);
    send([0xec, 0x00, 0x07]);
    send([...toyCommand(TOY.echo, 5)]);
    expect(told).toEqual([]);
    expect(answers[1]).toEqual([0xec, 0x00, 0x07]);
    expect(answers.at(-1)?.slice(-2)).toEqual([0x90, 0x00]);
  });

  it('is called off by silence', () => {
    const { send, told } = linked();
    send([TO_BOARD]);
    send([...toyCommand(TOY.echo, 5)], 1_000_001);
    expect(told).toEqual([]);
  });

  it('holds for one message', () => {
    const { send, told } = linked();
    send([TO_BOARD]);
    send([BOARD_MESSAGE.card]);
    send([...toyCommand(TOY.echo, 5)]);
    expect(told).toEqual([[BOARD_MESSAGE.card]]);
  });
});

describe('a message that its host left in the middle', () => {
  it('is forgotten before the next host asks again: it is heard the second time', () => {
    const answers: number[][] = [];
    const link = new HostLink(new ToyCard(), (bytes, offset, length) =>
      answers.push([...bytes.subarray(offset, offset + length)]),
    );
    const echo = Uint8Array.of(0, 3, 0xec, 0x00, 0x07);
    // The head of a long message, then what the reader sends: an echo, and after 1.1 s the next one.
    link.receive(Uint8Array.of(0x7c, 0x43, 0x81), 3, 0);
    link.receive(echo, echo.length, 100_000);
    expect(answers).toEqual([]);
    link.receive(echo, echo.length, 1_200_001);
    expect(answers).toEqual([
      [0, 3],
      [0xec, 0x00, 0x07],
    ]);
  });
});

describe('answers of the board', () => {
  it.each([[[]], [[0x03, 0, 0]], [[0x00, 0]]])('%j is no description of a card', (bytes) => {
    expect(decodeCard(Uint8Array.from(bytes))).toBeNull();
  });

  it('has numbers of 32 bits, big-endian, and takes a longer answer of a later firmware', () => {
    const encoded = encodeFigures(FIGURES);
    expect([...encoded.subarray(0, 8)]).toEqual([0, 0, 0, 1, 1, 2, 3, 4]);
    expect(decodeFigures(Uint8Array.of(...encoded, 1, 2, 3, 4))).toEqual(FIGURES);
    expect(decodeFigures(encoded.subarray(1))).toBeNull();
  });
});
