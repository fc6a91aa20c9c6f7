import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ACK,
  ERROR_FRAME,
  encodeFrame,
  FrameReader,
  LARGEST_PAYLOAD,
  NACK,
  TFI,
} from '../../../src/hal/pn532/frame.ts';
import { loadVectors } from '../../vectors/load.ts';

interface Vectors {
  readonly control: readonly { readonly name: string; readonly frame: string }[];
  readonly frames: readonly { name: string; direction: string; payload: string; frame: string }[];
  readonly longFrames: readonly {
    name: string;
    direction: string;
    command: string;
    dataLength: number;
    extended: boolean;
    headHex: string;
    dcs: string;
    frameLength: number;
    sha256: string;
  }[];
  readonly malformed: readonly { name: string; bytes: string; expect: string }[];
  readonly streams: readonly { name: string; bytes: string; expect: readonly string[] }[];
}

const vectors = loadVectors<Vectors>('pn532-hsu');
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (data: Readonly<Uint8Array>): string =>
  Buffer.from(data as Uint8Array)
    .toString('hex')
    .toUpperCase();
const tfiOf = (direction: string): number => (direction === 'host to PN532' ? TFI.hostToChip : TFI.chipToHost);

/** Events in the words of the vectors. */
const WORDS = { ack: 'ACK', nack: 'NACK', error: 'syntax error (7F)', damaged: 'checksum error' } as const;

function read(chunks: readonly Uint8Array[], tfi: number | null = null): string[] {
  const reader = new FrameReader(tfi);
  const seen: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk, (event) => {
      seen.push(event.kind === 'data' ? hex(Uint8Array.of(event.tfi, ...event.payload)) : WORDS[event.kind]);
    });
  }
  return seen;
}

const singles = (data: Uint8Array): Uint8Array[] => Array.from(data, (byte) => Uint8Array.of(byte));

describe('encodeFrame', () => {
  it.each(vectors.frames)('$name', ({ direction, payload, frame }) => {
    expect(hex(encodeFrame(tfiOf(direction), bytes(payload)))).toBe(frame);
  });

  it.each(vectors.longFrames)('$name', ({ direction, command, dataLength, extended, headHex, dcs, ...row }) => {
    const payload = Uint8Array.of(Number.parseInt(command, 16), ...Array.from({ length: dataLength }, (_, i) => i));
    const frame = encodeFrame(tfiOf(direction), payload, extended ? 'extended' : 'shortest');
    expect(hex(frame.subarray(0, headHex.length / 2))).toBe(headHex);
    expect([frame.length, hex(frame.subarray(-2))]).toEqual([row.frameLength, `${dcs}00`]);
    expect(createHash('sha256').update(frame).digest('hex').toUpperCase()).toBe(row.sha256);
    expect(read([frame])).toEqual([hex(Uint8Array.of(tfiOf(direction), ...payload))]);
  });

  it('takes the long form by itself when it has to', () => {
    for (const { dataLength, extended, frameLength } of vectors.longFrames.slice(0, 4)) {
      expect([extended, encodeFrame(0xd4, new Uint8Array(dataLength + 1)).length]).toEqual([extended, frameLength]);
    }
  });

  it.each([0, LARGEST_PAYLOAD + 1])('refuses a payload of %i bytes', (length) => {
    expect(() => encodeFrame(TFI.hostToChip, new Uint8Array(length))).toThrow(RangeError);
  });

  it('has the control frames of the table', () => {
    const named = new Map(vectors.control.map(({ name, frame }) => [name, frame]));
    expect([hex(ACK), hex(NACK), hex(ERROR_FRAME)]).toEqual([
      named.get('ACK'),
      named.get('NACK'),
      named.get('error (syntax) frame'),
    ]);
  });
});

describe('FrameReader', () => {
  it.each(vectors.frames)('reads $name', ({ direction, payload, frame }) => {
    const expected = [hex(Uint8Array.of(tfiOf(direction))) + payload];
    expect(read([bytes(frame)])).toEqual(expected);
    expect(read(singles(bytes(frame)))).toEqual(expected);
  });

  it.each(vectors.streams)('$name', (row) => {
    expect(read([bytes(row.bytes)])).toEqual(row.expect);
    expect(read(singles(bytes(row.bytes)))).toEqual(row.expect);
  });

  /** What each malformed row is to a host; a row that is not here is silently nothing. */
  const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
    'LCS wrong': ['checksum error'],
    'DCS wrong': ['checksum error'],
    'postamble 01': ['D50332010607'],
    'extended, LCS wrong': ['checksum error'],
  };

  it.each(vectors.malformed)('malformed: $name', (row) => {
    const expected = OUTCOMES[row.name] ?? [];
    expect(read([bytes(row.bytes)], TFI.chipToHost)).toEqual(expected);
    expect(read(singles(bytes(row.bytes)), TFI.chipToHost)).toEqual(expected);
  });

  it.each(vectors.malformed.filter(({ expect: then }) => !then.startsWith('incomplete')))(
    'goes on after: $name',
    (row) => {
      const expected = [...(OUTCOMES[row.name] ?? []), 'D513'];
      const reader = new FrameReader(TFI.chipToHost);
      const seen: string[] = [];
      const push = (chunk: Uint8Array): void =>
        reader.push(chunk, (event) => {
          seen.push(event.kind === 'data' ? hex(Uint8Array.of(event.tfi, ...event.payload)) : WORDS[event.kind]);
        });
      push(bytes(row.bytes));
      // FF 01 is a right header of a frame of 255 bytes: only the silence after it tells that it is none.
      if (row.name === 'NACK with a wrong byte') {
        expect(reader.midFrame).toBe(true);
        reader.reset();
      }
      push(bytes('0000FF02FED5131800'));
      expect(seen).toEqual(expected);
      expect(reader.midFrame).toBe(false);
    },
  );

  it('finds the same frames however the stream is cut, whatever stands between them', () => {
    const control = fc.constantFrom([ACK, 'ACK'], [NACK, 'NACK'], [ERROR_FRAME, 'syntax error (7F)']) as fc.Arbitrary<
      [Uint8Array, string]
    >;
    const data = fc
      .tuple(
        fc.constantFrom(TFI.hostToChip, TFI.chipToHost),
        // Bytes that look like start codes and control frames are wanted.
        fc.array(fc.oneof(fc.constantFrom(0x00, 0xff), fc.nat(255)), { minLength: 1, maxLength: LARGEST_PAYLOAD }),
        fc.constantFrom('shortest', 'extended'),
      )
      .map(([tfi, payload, form]): [Uint8Array, string] => [
        encodeFrame(tfi, Uint8Array.from(payload), form as 'shortest' | 'extended'),
        hex(Uint8Array.of(tfi, ...payload)),
      ]);
    // Noise without FF cannot make a start code.
    const noise = fc
      .array(fc.nat(254), { maxLength: 20 })
      .map((gap): [Uint8Array, null] => [Uint8Array.from(gap), null]);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(control, data, noise), { maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 300 })),
        (parts, sizes) => {
          const stream = Uint8Array.from(parts.flatMap(([part]) => [...part]));
          const chunks: Uint8Array[] = [];
          for (let at = 0; at < stream.length; ) {
            const size = sizes.next().value;
            chunks.push(stream.subarray(at, at + size));
            at += size;
          }
          expect(read(chunks)).toEqual(parts.flatMap(([, word]) => word ?? []));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never takes a frame with one wrong byte for a right one', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: LARGEST_PAYLOAD }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (payload, place, error) => {
          const frame = encodeFrame(TFI.chipToHost, payload);
          // Neither the preamble nor the postamble carries anything.
          const at = 1 + (place % (frame.length - 2));
          frame[at]! ^= error;
          const right = hex(Uint8Array.of(TFI.chipToHost, ...payload));
          expect(read([frame, bytes('0000')], TFI.chipToHost)).not.toContain(right);
        },
      ),
      { numRuns: 500 },
    );
  });
});
