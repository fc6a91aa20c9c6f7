import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DistantCard, LinkEvent } from '../../../src/hal/card-link.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { VpcdLink } from '../../../src/hal/vpcd/index.ts';
import { FakeVpcd, message } from './fake-vpcd.ts';

/** A card that answers when the test says so. */
class SlowCard implements DistantCard {
  readonly response = new Uint8Array(258);
  readonly asked: string[] = [];
  readonly told: string[] = [];
  #settle: { answer: (length: number) => void; fail: (error: unknown) => void } | null = null;

  atr = (): Uint8Array => Uint8Array.of(0x3b, 0x80, 0x01, 0x81);
  powerOn = (): void => void this.told.push('on');
  reset = (): void => void this.told.push('reset');
  fieldOff = (): void => void this.told.push('off');
  deselect = (): void => void this.told.push('deselect');

  process(command: Uint8Array, offset: number, length: number): Promise<number> {
    expect(this.#settle, 'one command at a time').toBeNull();
    this.asked.push(Buffer.from(command.subarray(offset, offset + length)).toString('hex'));
    return new Promise((answer, fail) => {
      this.#settle = { answer, fail };
    });
  }

  answer(hex: string): void {
    this.response.set(Buffer.from(hex, 'hex'));
    const settle = this.#settle;
    this.#settle = null;
    settle?.answer(hex.length / 2);
  }

  fail(error: unknown): void {
    this.#settle?.fail(error);
  }
}

describe('a card in another reader, on vpcd', () => {
  let peer: FakeVpcd;
  let link: VpcdLink;
  let card: SlowCard;
  let events: LinkEvent['type'][];
  let ended: Promise<void>;
  beforeEach(async () => {
    peer = await FakeVpcd.listen();
    card = new SlowCard();
    events = [];
    link = new VpcdLink({ interface: 'contact', clock: systemClock, port: peer.port });
    ended = link.serve(card, ({ type }) => events.push(type));
    ended.catch(() => {});
    await peer.powerOn();
  });
  afterEach(async () => {
    link.stop();
    await ended.catch(() => {});
    await peer.leave();
  });
  const isAsked = (...commands: string[]): Promise<void> =>
    vi.waitFor(() => expect(card.asked).toEqual(commands), 5000);

  it('is waited for', async () => {
    const answer = peer.transmit(Buffer.from('00a40000', 'hex'));
    await isAsked('00a40000');
    expect(peer.received).toHaveLength(0);
    card.answer('6a82');
    expect(Buffer.from(await answer).toString('hex')).toBe('6a82');
    expect(events).toEqual(['attached', 'power-on', 'exchange']);
  });

  it('hears what was said meanwhile in its order, and after its answer', async () => {
    peer.send(
      Buffer.concat([
        message(Buffer.from('00a40001', 'hex')),
        Buffer.of(0, 1, 2),
        message(Buffer.from('00a40002', 'hex')),
        Buffer.of(0, 1, 4),
      ]),
    );
    await isAsked('00a40001');
    expect(card.told).toEqual(['on']);
    card.answer('9001');
    await isAsked('00a40001', '00a40002');
    expect(card.told).toEqual(['on', 'reset']);
    card.answer('9002');
    const received = [await peer.receive(), await peer.receive(), await peer.receive()];
    expect(received.map((each) => each.toString('hex'))).toEqual(['9001', '9002', '3b800181']);
  });

  it('does not answer a peer that has come back to a question of before', async () => {
    peer.send(message(Buffer.from('00a40001', 'hex')));
    await isAsked('00a40001');
    await peer.leave();
    await peer.comeBack();
    card.answer('9001');
    await vi.waitFor(() => expect(events).toContain('lost'), 5000);
    await peer.powerOn();
    const answer = peer.transmit(Buffer.from('00a40002', 'hex'));
    await isAsked('00a40001', '00a40002');
    card.answer('9002');
    expect(Buffer.from(await answer).toString('hex')).toBe('9002');
  });

  it('that is gone ends the link with its error, and the peer sees no card', async () => {
    const error = new HalError('card-removed', 'the card was taken out');
    peer.send(message(Buffer.from('00a40001', 'hex')));
    await isAsked('00a40001');
    card.fail(error);
    await expect(ended).rejects.toBe(error);
    await peer.missesCard();
    expect(peer.received).toHaveLength(0);
  });

  it('that fails after the link was stopped is no error any more', async () => {
    peer.send(message(Buffer.from('00a40001', 'hex')));
    await isAsked('00a40001');
    link.stop();
    card.fail(new HalError('timeout', 'no answer'));
    await expect(ended).resolves.toBeUndefined();
  });
});
