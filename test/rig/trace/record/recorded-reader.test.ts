import { describe, expect, it } from 'vitest';
import { RecordedReader, type SessionRecorder } from '../../../../rig/trace/record/recorded-reader.ts';
import { HalError } from '../../../../src/hal/errors.ts';
import type { CardSession, Reader } from '../../../../src/hal/reader.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

/** A reader that answers 9000 for `00…` and loses its card at anything else, and what the recorder heard. */
function recorded(): { readonly reader: Reader; readonly log: string[] } {
  const log: string[] = [];
  let now = 1000;
  const session: CardSession = {
    reader: 'a reader',
    atr: bytes('3b00'),
    protocol: 'T=1',
    transmit: async (command) => {
      if (command[0] !== 0) throw new HalError('card-removed', 'the card was taken out');
      return { response: bytes('9000'), startNs: 5, endNs: 7 };
    },
    reset: async (mode) => {
      if (mode === 'cold') throw new HalError('reader-lost', 'the reader was unplugged');
    },
    control: async () => bytes('01'),
    disconnect: async () => {},
  };
  const reader: Reader = {
    driver: 'fake',
    list: async () => [],
    connect: async () => session,
    close: async () => void log.push('closed'),
  };
  const recorder: SessionRecorder = {
    command: (apdu, tNs) => void log.push(`> ${hex(apdu)} ${tNs}`),
    response: (apdu, tNs) => void log.push(`< ${hex(apdu)} ${tNs}`),
    power: (state, _tNs, atr) => void log.push(`${state}${atr instanceof Uint8Array ? ` ${hex(atr)}` : ''}`),
    note: (text) => void log.push(text),
  };
  const clock = { nowNs: () => ++now, wallSeconds: () => 0 };
  return { reader: new RecordedReader(reader, recorder, clock), log };
}

describe('RecordedReader', () => {
  it('writes down power, exchanges with the times of the driver, resets and the end', async () => {
    const { reader, log } = recorded();
    const session = await reader.connect({ timeoutMs: 1 });
    expect(hex((await session.transmit(bytes('00a40000'))).response)).toBe('9000');
    await session.reset('warm');
    await session.disconnect();
    await session.disconnect();
    await reader.close();
    expect(log).toEqual(['on 3b00', '> 00a40000 5', '< 9000 7', 'reset 3b00', 'off', 'closed']);
    expect([session.reader, session.protocol, hex(session.atr), reader.driver]).toEqual([
      'a reader',
      'T=1',
      '3b00',
      'fake',
    ]);
  });

  it('writes down a command that had no answer, and why', async () => {
    const { reader, log } = recorded();
    const session = await reader.connect({ timeoutMs: 1 });
    await expect(session.transmit(bytes('ff000000'))).rejects.toMatchObject({ kind: 'card-removed' });
    await expect(session.reset('cold')).rejects.toMatchObject({ kind: 'reader-lost' });
    expect(log).toEqual(['on 3b00', '> ff000000 1002', 'card-removed', 'reader-lost']);
  });
});
