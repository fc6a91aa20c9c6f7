import { describe, expect, it } from 'vitest';
import type { SessionRecorder } from '../../../../rig/trace/record/recorded-reader.ts';
import { RelayCard } from '../../../../rig/trace/record/relay-card.ts';
import { HalError } from '../../../../src/hal/errors.ts';
import type { CardSession, Exchange } from '../../../../src/hal/reader.ts';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hexOf = (data: Uint8Array): string => Buffer.from(data).toString('hex');

/** A relay over a session whose answers a table gives; `log` has what reached the card and the trace, in order. */
function relay(answers: Readonly<Record<string, string | HalError>>) {
  const log: string[] = [];
  const gone: string[] = [];
  const cardNs: number[] = [];
  let nowNs = 0;
  const session: CardSession = {
    reader: 'a reader',
    atr: bytes('3b00'),
    protocol: 'T=1',
    async transmit(command): Promise<Exchange> {
      const answer = answers[hexOf(command)] ?? '6d00';
      await Promise.resolve();
      log.push(`card ${hexOf(command)}`);
      if (answer instanceof HalError) throw answer;
      nowNs += 700;
      return { response: bytes(answer), startNs: nowNs - 700, endNs: nowNs };
    },
    async reset(mode) {
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`card ${mode}`);
    },
    control: () => Promise.reject(new Error('no channel')),
    disconnect: async () => {},
  };
  const recorder: SessionRecorder = {
    command: (apdu) => void log.push(`trace > ${hexOf(apdu)}`),
    response: (apdu) => void log.push(`trace < ${hexOf(apdu)}`),
    power: (state) => void log.push(`trace ${state}`),
    note: (text) => void log.push(`trace ${text}`),
  };
  const card = new RelayCard({
    session,
    clock: { nowNs: () => ++nowNs } as never,
    recorder,
    largestResponse: 16,
    onExchange: (ns) => cardNs.push(ns),
    onGone: ({ kind }) => gone.push(kind),
  });
  const send = async (hex: string): Promise<string> => {
    const length = await card.process(bytes(`ffff${hex}ff`), 2, hex.length / 2);
    return hexOf(card.response.subarray(0, length));
  };
  return { card, log, gone, cardNs, send };
}

describe('a card in another reader', () => {
  it('gets the bytes of the command and its answer goes back', async () => {
    const { send, log, cardNs } = relay({ '00a4040000': '6f009000' });
    expect(await send('00a4040000')).toBe('6f009000');
    expect(log).toEqual(['trace > 00a4040000', 'card 00a4040000', 'trace < 6f009000']);
    expect(cardNs).toEqual([700]);
  });

  it.each([
    ['the first power, on a card that was just powered', [], 'powerOn', []],
    ['power again after commands', ['00a40000'], 'powerOn', ['card cold']],
    ['no power after commands', ['00a40000'], 'fieldOff', ['card cold']],
    ['deselected', ['00a40000'], 'deselect', ['card cold']],
    ['reset after commands', ['00a40000'], 'reset', ['card warm']],
    ['reset of a card that has heard nothing', [], 'reset', ['card warm']],
  ] as const)('%s', async (_, before, call, reached) => {
    const { card, send, log } = relay({});
    for (const command of before) await send(command);
    log.length = 0;
    card[call]();
    await send('00b00000');
    expect(log.filter((line) => line.startsWith('card'))).toEqual([...reached, 'card 00b00000']);
  });

  it('loses its power once where the terminal takes it away and gives it back', async () => {
    const { card, send, log } = relay({});
    await send('00a40000');
    card.fieldOff();
    card.powerOn();
    await send('00b00000');
    expect(log.filter((line) => line.startsWith('card'))).toEqual(['card 00a40000', 'card cold', 'card 00b00000']);
    expect(log.filter((line) => /trace o/.test(line))).toEqual(['trace off', 'trace on']);
  });

  it('that leaves in the middle of a command: no answer, and it is told once', async () => {
    const error = new HalError('card-removed', 'the card was taken out');
    const { card, send, log, gone } = relay({ '00a40000': error });
    await expect(send('00a40000')).rejects.toBe(error);
    await expect(send('00b00000')).rejects.toBe(error);
    card.fieldOff();
    await new Promise((resolve) => setImmediate(resolve));
    expect(gone).toEqual(['card-removed']);
    expect(card.failure).toBe(error);
    expect(log).toEqual(['trace > 00a40000', 'card 00a40000']);
  });

  it('hears nothing of a command that no reader takes', async () => {
    const { card, send, log } = relay({});
    expect(await send('00a4')).toBe('6700');
    expect(card.tooShort).toBe(1);
    expect(log.filter((line) => line.startsWith('card'))).toEqual([]);
  });

  it('with an answer that the other side cannot carry', async () => {
    const { send } = relay({ '00b00000': `${'00'.repeat(15)}9000` });
    await expect(send('00b00000')).rejects.toMatchObject({ kind: 'too-long' });
  });

  it('is left alone when the relay has ended', async () => {
    const { card, send, log } = relay({});
    await send('00a40000');
    card.end();
    card.fieldOff();
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.filter((line) => line.startsWith('card'))).toEqual(['card 00a40000']);
  });
});
