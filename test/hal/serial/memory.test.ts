import { describe, expect, it } from 'vitest';
import { MemorySerialCable } from '../../../src/hal/serial/memory.ts';
import { serialLineContract } from '../../contract/serial-line.ts';

for (const [name, options] of [
  ['whole chunks', {}],
  ['single bytes', { chunk: () => 1 }],
  ['chunks of 7', { chunk: () => 7 }],
] as const) {
  serialLineContract(`memory, ${name}`, 'unpluggable', async () => {
    const cable = new MemorySerialCable(['/dev/near', '/dev/far'], options);
    return {
      opener: cable,
      paths: ['/dev/near', '/dev/far'],
      unplug: () => cable.unplug('/dev/near'),
      dispose: async () => {},
    };
  });
}

async function chunksAt(cable: MemorySerialCable, farBaud: number, bytes: Uint8Array): Promise<number[][]> {
  const near = await cable.open('near', 115_200);
  const far = await cable.open('far', farBaud);
  const chunks: number[][] = [];
  far.onData((chunk) => chunks.push([...chunk]));
  await near.write(bytes);
  await new Promise((resolve) => setImmediate(resolve));
  return chunks;
}

describe('MemorySerialCable', () => {
  it('cuts what is written as it is told to', async () => {
    const sizes = [2, 99, 0];
    const cable = new MemorySerialCable(['near', 'far'], { chunk: () => sizes.shift() ?? 1 });
    expect(await chunksAt(cable, 115_200, Uint8Array.of(1, 2, 3, 4))).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it.each([
    ['equal rates', true, 115_200, [0x00, 0x55, 0xff]],
    ['other rates', true, 9_600, [0xff, 0xaa, 0x00]],
    ['other rates, nobody looking', false, 9_600, [0x00, 0x55, 0xff]],
  ])('garbles by the baud rates: %s', async (_, garbleOnBaudMismatch, farBaud, expected) => {
    const cable = new MemorySerialCable(['near', 'far'], { garbleOnBaudMismatch });
    const chunks = await chunksAt(cable, farBaud, Uint8Array.of(0x00, 0x55, 0xff));
    expect(chunks.flat()).toEqual(expected);
  });

  it('is right again once both ends have changed their rate', async () => {
    const cable = new MemorySerialCable(['near', 'far'], { garbleOnBaudMismatch: true });
    const [near, far] = [await cable.open('near', 115_200), await cable.open('far', 9_600)];
    const received: number[] = [];
    far.onData((chunk) => received.push(...chunk));
    await near.write(Uint8Array.of(0x01));
    await far.setBaudRate(115_200);
    await near.write(Uint8Array.of(0x02));
    await new Promise((resolve) => setImmediate(resolve));
    expect(received).toEqual([0xfe, 0x02]);
  });

  it('loses what is written while nobody has the other end open', async () => {
    const cable = new MemorySerialCable(['near', 'far']);
    const near = await cable.open('near', 9_600);
    await near.write(Uint8Array.of(1));
    const far = await cable.open('far', 9_600);
    const received: number[] = [];
    far.onData((chunk) => received.push(...chunk));
    await near.write(Uint8Array.of(2));
    await new Promise((resolve) => setImmediate(resolve));
    expect(received).toEqual([2]);
  });

  it('has no port while the adapter is unplugged, and has it again', async () => {
    const cable = new MemorySerialCable(['near', 'far']);
    cable.unplug('near');
    await expect(cable.open('near', 9_600)).rejects.toMatchObject({ kind: 'no-port' });
    cable.plug('near');
    await (await cable.open('near', 9_600)).close();
  });

  it.each([0, -1, 9600.5])('refuses %s baud', async (baudRate) => {
    await expect(new MemorySerialCable(['near', 'far']).open('near', baudRate)).rejects.toThrow(RangeError);
  });
});
