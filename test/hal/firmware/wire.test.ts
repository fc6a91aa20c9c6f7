import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HostLink } from '../../../firmware/card/host-link.ts';
import { decodeShortOfMemory } from '../../../src/hal/firmware/board-messages.ts';
import { type FirmwareBoard, FirmwareReader } from '../../../src/hal/firmware/index.ts';
import { MemorySerialCable } from '../../../src/hal/serial/memory.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { TOY, ToyCard, toyCommand } from '../../contract/toy-card.ts';

describe('a board that is late', () => {
  it('has answered an earlier question, which is not taken for the answer to this one', async () => {
    const cable = new MemorySerialCable(['host', 'board']);
    const board = await cable.open('board', 115_200);
    const link: HostLink = new HostLink(new ToyCard(), (bytes, offset, length) => {
      void board.write(bytes.subarray(offset, offset + length));
    });
    // It boots while it is asked: what came meanwhile lies in its receiver, and is answered afterwards.
    const received: Uint8Array[] = [];
    let booted = false;
    board.onData((chunk) => {
      if (booted) link.receive(chunk, chunk.length, 0);
      else received.push(Uint8Array.from(chunk));
    });
    setTimeout(() => {
      booted = true;
      for (const chunk of received) link.receive(chunk, chunk.length, 0);
    }, 700);
    const reader = new FirmwareReader({ path: 'host', lines: cable, clock: systemClock });
    const session = await reader.connect({ timeoutMs: 10_000 });
    for (let i = 0; i < 3; i++) {
      const { response } = await session.transmit(toyCommand(TOY.echo, 5 + i, i));
      expect(response).toEqual(Uint8Array.of(...toyCommand(TOY.echo, 5 + i, i), 0x90, 0x00));
    }
    await reader.close();
    await board.close();
  });
});

describe('a board that has too little RAM for its card', () => {
  /** EC 01, 300,000 in four bytes, words, 00 00. */
  const SAID = [0xec, 0x01, 0x00, 0x04, 0x93, 0xe0, 0x6e, 0x6f, 0x00, 0x00];

  it('says so, unasked or asked: no card, with the figure and what helps', async () => {
    const cable = new MemorySerialCable(['host', 'board']);
    const board = await cable.open('board', 115_200);
    board.onData(() => void board.write(Uint8Array.of(0x00, SAID.length, ...SAID)));
    const reader = new FirmwareReader({ path: 'host', lines: cable, clock: systemClock });
    const words =
      'the card needs more RAM than the 300000 bytes that the board on host has for it: build it for another board';
    for (const ask of [() => reader.connect({ timeoutMs: 1000 }), () => reader.board({ timeoutMs: 1000 })]) {
      await expect(ask()).rejects.toMatchObject({ kind: 'no-card', message: expect.stringContaining(words) });
    }
    await reader.close();
    await board.close();
  });

  it.each([
    ['the response of a card that begins alike', [...SAID.slice(0, -2), 0x90, 0x00]],
    ['one that is too short', [0xec, 0x01, 0x00, 0x04, 0x00, 0x00]],
  ])('is not %s', (_words, body) => {
    expect(decodeShortOfMemory(Uint8Array.from(body))).toBeNull();
    expect(decodeShortOfMemory(Uint8Array.from(SAID))).toBe(300_000);
  });
});

describe('an echo', () => {
  let toBoard: Uint8Array[];
  let lost: number;
  let board: FirmwareBoard;
  let deliver: () => void;
  let close: () => Promise<void>;

  /** A board that hears what was sent when the test says so. */
  beforeEach(async () => {
    const cable = new MemorySerialCable(['host', 'board']);
    const line = await cable.open('board', 115_200);
    const link: HostLink = new HostLink(new ToyCard(), (bytes, offset, length) => {
      void line.write(bytes.subarray(offset, offset + length));
    });
    [toBoard, lost] = [[], 0];
    let held = false;
    let nowUs = 0;
    deliver = () => {
      nowUs += 2_000_000;
      for (const chunk of toBoard.splice(0)) {
        const heard = chunk.subarray(0, chunk.length - lost);
        link.receive(heard, heard.length, nowUs);
      }
    };
    line.onData((chunk) => {
      toBoard.push(Uint8Array.from(chunk));
      if (!held) deliver();
    });
    const reader = new FirmwareReader({ path: 'host', lines: cable, clock: systemClock });
    board = await reader.board({ timeoutMs: 1000 });
    held = true;
    close = async () => {
      await reader.close();
      await line.close();
    };
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await close();
  });

  const heard = (): Promise<void> => vi.waitFor(() => expect(toBoard.length).toBeGreaterThan(0), 20_000);
  const unlessOpen = (echo: Promise<boolean>): Promise<boolean | 'open'> =>
    Promise.race([echo, new Promise<'open'>((resolve) => setImmediate(resolve, 'open'))]);

  it('that is late by more than a second was not lost', async () => {
    const echo = board.echoes();
    await heard();
    await vi.advanceTimersByTimeAsync(1400);
    deliver();
    expect(await echo).toBe(true);
  });

  it('that came while this program was held up is read before it is given up', async () => {
    const echo = board.echoes();
    await heard();
    // After a halt of any length one timer is due: the answer is read in the same turn.
    await vi.advanceTimersToNextTimerAsync();
    expect(await unlessOpen(echo)).toBe('open');
    deliver();
    expect(await echo).toBe(true);
  });

  it('of which a byte was lost does not come, and the next one does', async () => {
    const echo = board.echoes();
    await heard();
    lost = 1;
    deliver();
    await vi.advanceTimersByTimeAsync(5000);
    expect(await unlessOpen(echo)).toBe(false);
    lost = 0;
    const next = board.echoes();
    await heard();
    deliver();
    expect(await next).toBe(true);
  });
});
