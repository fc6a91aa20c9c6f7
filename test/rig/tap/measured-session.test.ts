import { describe, expect, it } from 'vitest';
import { ReaderSource } from '../../../rig/measure/tap/reader-source.ts';
import { MeasuredSession } from '../../../rig/tap/measured-session.ts';
import type { CardSession, Reader } from '../../../src/hal/reader.ts';

/** A card on a board: a command takes 10 µs, 7 of them in the card; a question to the board takes 1000 µs. */
class SlowBoard {
  ns = 0;
  readonly clock = { nowNs: (): number => this.ns, wallSeconds: (): number => 0 };

  readonly commandTime = async (): Promise<number> => {
    this.ns += 1_000_000;
    return 7;
  };

  readonly session: CardSession = {
    reader: 'board',
    protocol: 'direct',
    atr: Uint8Array.of(0x3b),
    transmit: async () => {
      const startNs = this.ns;
      this.ns += 10_000;
      return { response: Uint8Array.of(0x90, 0x00), startNs, endNs: this.ns };
    },
    reset: async () => {},
    control: async () => new Uint8Array(0),
    disconnect: async () => {},
  };
}

const COMMAND = Uint8Array.of(0x00, 0xb0, 0x00, 0x00);

describe('a session with the card on a board', () => {
  it('has the times that it would have without the questions to the board', async () => {
    const board = new SlowBoard();
    const session = new MeasuredSession(board.session, board.commandTime, board.clock);
    const times: number[][] = [];
    for (let i = 0; i < 3; i++) {
      const { startNs, endNs } = await session.transmit(COMMAND);
      times.push([startNs, endNs]);
    }
    expect(times).toEqual([
      [0, 10_000],
      [10_000, 20_000],
      [20_000, 30_000],
    ]);
  });

  it('says once what a command and those that fetched its rest took', async () => {
    const board = new SlowBoard();
    const session = new MeasuredSession(board.session, board.commandTime, board.clock);
    await session.transmit(COMMAND);
    await session.transmit(COMMAND);
    expect([session.take(), session.take()]).toEqual([14, 0]);
  });

  it.each([
    ['tells', true, 'measured', [0, 7000]],
    ['does not tell', false, 'unknown', [null, null]],
  ] as const)('is benched: the card is %s', async (_, tells, basis, cardNs) => {
    const board = new SlowBoard();
    const reader = { driver: 'firmware', connect: async () => board.session, close: async () => {} };
    const source = new ReaderSource({
      ...{ reader: reader as unknown as Reader, name: null, driver: { pseudoApdus: false } },
      ...{ backendAt: () => 'simulated', clock: board.clock, timeoutMs: 1000 },
      commandTime: async () => (tells ? board.commandTime : null),
    });
    await source.prepare();
    const { session } = await source.begin(new AbortController().signal);
    const before = source.take().cardNs;
    await session.transmit(COMMAND);
    expect([before, source.take().cardNs]).toEqual(cardNs);
    expect(source.accounting.layers.card.basis).toBe(basis);
  });
});
