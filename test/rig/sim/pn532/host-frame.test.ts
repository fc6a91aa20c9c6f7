import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { frameToHost, HostFrameReceiver } from '../../../../rig/sim/pn532/host-frame.ts';
import { loadVectors } from '../../../vectors/load.ts';
import { fromHex, toHex } from '../host.ts';

interface Vectors {
  readonly frames: readonly {
    readonly name: string;
    readonly direction: string;
    readonly payload: string;
    readonly frame: string;
  }[];
  readonly longFrames: readonly {
    readonly name: string;
    readonly direction: string;
    readonly command: string;
    readonly dataLength: number;
    readonly len: number;
    readonly extended: boolean;
    readonly sha256: string;
  }[];
}

const { frames, longFrames } = loadVectors<Vectors>('pn532-hsu');
const of = <T extends { readonly direction: string }>(rows: readonly T[], direction: string): T[] =>
  rows.filter((row) => row.direction === direction);

describe('frames as the chip sees them', () => {
  it.each(of(frames, 'PN532 to host'))('sends: $name', ({ payload, frame }) => {
    expect(toHex(frameToHost(fromHex(payload)))).toBe(frame.toLowerCase());
  });

  it.each(of(frames, 'host to PN532'))('takes: $name', ({ payload, frame }) => {
    const receiver = new HostFrameReceiver();
    const taken = [...fromHex(frame)].map((byte) => receiver.push(byte)).filter((each) => each !== null);
    expect(taken).toEqual([{ kind: 'data', tfi: 0xd4, payload: fromHex(payload) }]);
  });

  it.each(
    // The chip itself writes a frame as short as it can.
    of(longFrames, 'PN532 to host').filter(({ len, extended }) => extended === len > 255),
  )('sends long: $name', ({ command, dataLength, sha256 }) => {
    const data = Uint8Array.from({ length: dataLength }, (_, i) => i);
    const frame = frameToHost(Uint8Array.of(...fromHex(command), ...data));
    expect(createHash('sha256').update(frame).digest('hex').toUpperCase()).toBe(sha256);
  });

  it.each([
    ['0000ff00ff00', 'ack'],
    ['0000ffff0000', 'nack'],
    ['0000ff02ffd4022a00', 'damaged'],
    ['0000ff02fed4022b00', 'damaged'],
    // LEN 0 of the long form.
    ['0000ffffff000000', 'damaged'],
  ])('%s is %s', (frame, kind) => {
    const receiver = new HostFrameReceiver();
    const taken = [...fromHex(frame)].map((byte) => receiver.push(byte)).filter((each) => each !== null);
    expect(taken).toEqual([{ kind }]);
  });

  it('writes none that is too long for a host to take', () => {
    expect(() => frameToHost(new Uint8Array(265))).toThrow(RangeError);
    expect(frameToHost(new Uint8Array(264)).length).toBe(275);
  });
});
