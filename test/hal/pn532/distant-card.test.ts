import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DistantCard, LinkEvent } from '../../../src/hal/card-link.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { whileServed } from '../../contract/served-link.ts';
import { type Boards, boards } from './boards.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const hex = (given: Uint8Array): string => Buffer.from(given).toString('hex');

/** A card that echoes after so many milliseconds, or fails. */
class SlowCard implements DistantCard {
  readonly response = new Uint8Array(258);
  readonly told: string[] = [];
  delayMs = 0;
  failure: HalError | null = null;
  readonly #boards: Boards;

  constructor(of: Boards) {
    this.#boards = of;
  }

  atr = (): Uint8Array => bytes('3b80800101');
  powerOn = (): void => void this.told.push('on');
  reset = (): void => void this.told.push('reset');
  fieldOff = (): void => void this.told.push('off');
  deselect = (): void => void this.told.push('deselect');

  async process(buffer: Uint8Array, offset: number, length: number): Promise<number> {
    const command = Uint8Array.from(buffer.subarray(offset, offset + length));
    await new Promise<void>((resolve) => this.#boards.pair.clock.after(this.delayMs * 1e6, resolve));
    if (this.failure !== null) throw this.failure;
    this.response.set([...command, 0x90, 0x00]);
    return length + 2;
  }
}

describe('a card in another reader, on a PN532', () => {
  let bench: Boards;
  let card: SlowCard;
  beforeEach(() => {
    bench = boards();
    card = new SlowCard(bench);
  });
  afterEach(() => bench.pair.clock.stop());

  it.each([0, 20, 500, 3000])('may take %i ms: the chip keeps the reader waiting', async (delayMs) => {
    card.delayMs = delayMs;
    const events: LinkEvent['type'][] = [];
    const link = bench.link();
    expect(link.patient).toBe(true);
    const reader = bench.reader();
    const work = async (): Promise<void> => {
      const session = await reader.connect({ timeoutMs: 5000 });
      for (const command of ['00a40000', '00b0000000']) {
        const { response, startNs, endNs } = await session.transmit(bytes(command));
        expect(hex(response)).toBe(`${command}9000`);
        expect(endNs - startNs).toBeGreaterThanOrEqual(delayMs * 1e6);
      }
      await session.disconnect();
      await reader.close();
    };
    await whileServed(link, card, work, ({ type }) => events.push(type));
    expect(events.slice(0, 4)).toEqual(['attached', 'power-on', 'exchange', 'exchange']);
    expect(card.told.at(-1)).toBe('off');
  });

  it.each(['card-removed', 'reader-lost'] as const)('that is gone (%s) ends the link with its error', async (kind) => {
    card.failure = new HalError(kind, 'Gone.');
    const link = bench.link();
    const served = link.serve(card).then(
      () => null,
      (error: unknown) => error,
    );
    const reader = bench.reader();
    const session = await reader.connect({ timeoutMs: 5000 });
    await expect(session.transmit(bytes('00a40000'))).rejects.toBeInstanceOf(HalError);
    expect(await served).toBe(card.failure);
    await reader.close();
  });

  it('is not for a raw target, which would have to say before how long it takes', () => {
    expect(bench.link('raw').patient).toBe(false);
  });
});
