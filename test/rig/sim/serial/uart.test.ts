import { describe, expect, it } from 'vitest';
import { risingEdges, sampledBytes, wireNs } from '../../../../rig/sim/serial/uart.ts';

const sampled = (bytes: readonly number[], from: number, to: number): number[] => [
  ...sampledBytes(Uint8Array.from(bytes), from, to),
];

describe('a serial line', () => {
  it.each([
    [[0x55, 0x00, 0xff], 115_200, 115_200, [0x55, 0x00, 0xff]],
    // A few percent off, each bit is still sampled inside of itself.
    [[0x00, 0xff, 0xa5, 0x5a], 115_200, 118_000, [0x00, 0xff, 0xa5, 0x5a]],
    // The receiver is twice as fast: it sees each bit twice. Start and 0, 0, 0, 0: all of its byte is low.
    [[0xf0], 9600, 19_200, [0x00]],
    // Start bit twice, then ones.
    [[0xff], 9600, 19_200, [0xfe]],
    [[0x00], 9600, 19_200, [0x00]],
    // Half as fast: the middle of its start bit is the end of the sender's, and 1 there is no start bit.
    [[0xff], 19_200, 9600, []],
  ])('%j sent at %i and received at %i is %j', (sent, from, to, received) => {
    expect(sampled(sent, from, to)).toEqual(received);
  });

  it.each([9600, 57_600, 230_400, 460_800, 921_600, 1_288_000])('a command sent at 115200 is none at %i', (rate) => {
    const command = [0x00, 0x00, 0xff, 0x02, 0xfe, 0xd4, 0x02, 0x2a, 0x00];
    expect(sampled(command, 115_200, rate)).not.toEqual(command);
    expect(sampled(command, rate, 115_200)).not.toEqual(command);
  });

  it('a byte takes ten bits', () => {
    expect(wireNs(1, 115_200)).toBe(86_806);
    expect(wireNs(262, 9600)).toBe(272_916_667);
  });

  it.each([
    [0x00, 1],
    // 1 0 1 0 1 0 1 0 and the stop bit.
    [0x55, 5],
    // 0 1 0 1 0 1 0 1: the stop bit goes on.
    [0xaa, 4],
    [0xff, 1],
  ])('%i rises %i times', (byte, edges) => {
    expect(risingEdges(byte)).toBe(edges);
  });
});
