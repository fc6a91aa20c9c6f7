import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HalError } from '../../../src/hal/errors.ts';
import type { NativeCardReader } from '../../../src/hal/pcsc/binding.ts';
import { Channel, stuckPcscCalls } from '../../../src/hal/pcsc/channel.ts';
import * as serviceSocket from '../../../src/hal/pcsc/service-socket.ts';

/** The binding's object, of which a test answers the calls. */
function fakeNative(): { native: NativeCardReader; calls: string[]; answer: (response: string | Error) => void } {
  const calls: string[] = [];
  let answer: (response: string | Error) => void = () => {};
  const native = {
    SCARD_RESET_CARD: 1,
    _transmit(data: Buffer, _: number, protocol: number, done: (error: Error | null, response?: Buffer) => void) {
      calls.push(`transmit ${data.toString('hex')} T${protocol - 1}`);
      answer = (response) => (typeof response === 'string' ? done(null, Buffer.from(response, 'hex')) : done(response));
    },
    _disconnect(disposition: number, done: (error: Error | null) => void) {
      calls.push(`disconnect ${disposition}`);
      done(null);
    },
  };
  return { native: native as unknown as NativeCardReader, calls, answer: (response) => answer(response) };
}

describe('a channel of PC/SC', () => {
  const command = Uint8Array.of(0x00, 0xa4, 0x04, 0x00);
  let native: ReturnType<typeof fakeNative>;
  let channel: Channel;
  beforeEach(() => {
    vi.useFakeTimers();
    native = fakeNative();
    channel = new Channel(native.native, 'A Reader');
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('brings the answer, and says at once that it is there', async () => {
    let answered = 0;
    const transmit = channel.transmit(command, 2, 1000, () => answered++);
    native.answer('9000');
    expect(answered).toBe(1);
    const response = await transmit;
    expect(response).toEqual(Uint8Array.of(0x90, 0x00));
    expect(Buffer.isBuffer(response)).toBe(false);
    expect(native.calls).toEqual(['transmit 00a40400 T1']);
    expect([channel.stuck, vi.getTimerCount()]).toEqual([false, 0]);
  });

  it('brings the error as one of ours', async () => {
    const transmit = channel.transmit(command, 2, 1000, () => {});
    native.answer(new Error('SCardTransmit error: Card was removed.(0x80100069)'));
    await expect(transmit).rejects.toMatchObject({ kind: 'card-removed' });
    expect(channel.stuck).toBe(false);
  });

  it('gives up after the time allowed, counts that, and lets go of the card when the answer comes at last', async () => {
    const transmit = channel.transmit(command, 2, 1000, () => {});
    const refused = expect(transmit).rejects.toMatchObject({
      kind: 'timeout',
      message: expect.stringContaining('1 s'),
    });
    vi.advanceTimersByTime(1000);
    await refused;
    expect([channel.stuck, stuckPcscCalls()]).toEqual([true, 1]);
    native.answer('9000');
    expect([channel.stuck, stuckPcscCalls()]).toEqual([true, 0]);
    expect(native.calls).toEqual(['transmit 00a40400 T1', 'disconnect 1']);
  });

  it('gives up when the service says nothing any more, and not while it does', async () => {
    const asked = vi.spyOn(serviceSocket, 'requireService').mockResolvedValue();
    const transmit = channel.transmit(command, 2, 30_000, () => {});
    const refused = expect(transmit).rejects.toMatchObject({ kind: 'no-service', message: 'silent' });
    await vi.advanceTimersByTimeAsync(5000);
    expect([asked.mock.calls.length, channel.stuck]).toEqual([5, false]);
    asked.mockRejectedValue(new HalError('no-service', 'silent'));
    await vi.advanceTimersByTimeAsync(1000);
    await refused;
    expect([channel.stuck, stuckPcscCalls(), vi.getTimerCount()]).toEqual([true, 1, 0]);
    native.answer('9000');
    asked.mockRestore();
  });

  it('gives up when told to, and does nothing when no call is under way', async () => {
    channel.abandon(new HalError('aborted', 'enough'));
    const transmit = channel.transmit(command, 2, 1000, () => {});
    const refused = expect(transmit).rejects.toMatchObject({ kind: 'aborted', message: 'enough' });
    channel.abandon(new HalError('aborted', 'enough'));
    await refused;
    expect([channel.stuck, stuckPcscCalls(), vi.getTimerCount()]).toEqual([true, 1, 0]);
    native.answer('9000');
    channel.abandon(new HalError('aborted', 'enough'));
    expect(stuckPcscCalls()).toBe(0);
  });
});
