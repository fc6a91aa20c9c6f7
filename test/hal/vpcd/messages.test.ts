import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageReader } from '../../../src/hal/vpcd/messages.ts';
import { message } from './fake-vpcd.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** The bodies found when these chunks are pushed one after the other. */
function read(chunks: readonly Uint8Array[]): string[] {
  const reader = new MessageReader();
  const bodies: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk, chunk.length, (buffer, offset, length) => {
      bodies.push(Buffer.from(buffer.subarray(offset, offset + length)).toString('hex'));
      return true;
    });
  }
  return bodies;
}

describe('vpcd messages', () => {
  it.each([
    ['one', ['0001 04'], ['04']],
    ['two in a chunk', ['0001 04 0005 00a4040000'], ['04', '00a4040000']],
    ['the length split', ['00', '01 04'], ['04']],
    ['the length apart from the body', ['0005', '00a4040000'], ['00a4040000']],
    ['a byte at a time', ['00', '05', '00', 'a4', '04', '00', '00'], ['00a4040000']],
    ['the end of one and the whole of the next', ['0005 00a4', '040000 0001 04'], ['00a4040000', '04']],
    ['the beginning of the next', ['0001 04 00', '01 02'], ['04', '02']],
    ['an empty one', ['0000 0001 04'], ['', '04']],
    ['an empty one, split', ['00', '00', '0001 04'], ['', '04']],
    ['one that is not whole yet', ['0005 00a404'], []],
  ])('finds %s', (_, chunks, bodies) => {
    expect(read(chunks.map(bytes))).toEqual(bodies);
  });

  it('reads only as many bytes of the chunk as it is told', () => {
    const found: number[] = [];
    new MessageReader().push(bytes('0001 04 0001 02'), 3, (buffer, offset) => found.push(buffer[offset]!) > 0);
    expect(found).toEqual([0x04]);
  });

  it('drops what remains of a chunk when it is told to stop, and what it held when told to begin anew', () => {
    const reader = new MessageReader();
    const found: number[] = [];
    const collect = (buffer: Uint8Array, offset: number): boolean => {
      found.push(buffer[offset]!);
      return found.length > 1;
    };
    reader.push(bytes('0001 04 0001 02'), 6, collect);
    expect(found).toEqual([0x04]);
    reader.push(bytes('0005 aa'), 3, collect);
    reader.reset();
    reader.push(bytes('0001 01'), 3, collect);
    expect(found).toEqual([0x04, 0x01]);
  });

  it('carries the longest message', () => {
    const body = Uint8Array.from({ length: 65_535 }, (_, i) => i);
    const whole = message(body);
    expect(read([whole.subarray(0, 40_000), whole.subarray(40_000)])).toEqual([Buffer.from(body).toString('hex')]);
  });

  it('finds the same messages however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 6 });
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(4000)), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(message));
        const edges = [0, ...cuts.map((cut) => Math.min(cut, stream.length)).sort((a, b) => a - b), stream.length];
        const chunks = edges.slice(1).map((edge, i) => stream.subarray(edges[i], edge));
        expect(read(chunks)).toEqual(sent.map((body) => Buffer.from(body).toString('hex')));
      }),
    );
  });
});
