import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IMPORTERS } from '../../../../rig/trace/formats/index.ts';
import { parseEvent, parseHeader } from '../../../../rig/trace/parse.ts';
import { FormatError } from '../../../../rig/trace/stream.ts';
import { SESSION, writeBytes } from './frame-trace.ts';
import { importer, read } from './text-trace.ts';

/** Reads any bytes: a trace that our own format takes, or a fault with its place. */
async function readAny(name: string, bytes: Uint8Array, pieceSize: number): Promise<void> {
  try {
    const { header, events } = await read(name, bytes, pieceSize);
    parseHeader(JSON.stringify(header));
    for (const event of events) parseEvent(JSON.stringify(event));
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    const { place } = error as FormatError;
    expect('line' in place ? place.line : place.offset).toBeGreaterThanOrEqual(0);
  }
}

const WRITTEN = ['vitap', 'pcap', 'pcapng', 'gsmtap', 'proxmark'] as const;
const READER_OF = { vitap: 'vitap', pcap: 'pcap', pcapng: 'pcapng', gsmtap: 'pcapng', proxmark: 'proxmark' } as const;

describe('importers of frames and our own', () => {
  it.each(['vitap', 'pcap', 'pcapng', 'proxmark'])(
    '%s: any bytes give a trace or a fault with its place',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (bytes, size) =>
          readAny(name, bytes, size),
        ),
        { numRuns: 200 },
      );
    },
  );

  it.each(WRITTEN)('a %s file with any bytes changed, or cut anywhere, likewise', async (name) => {
    const { bytes } = await writeBytes(name, SESSION, { interface: 'contactless' });
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(bytes.length), async (bytesChanged, length) => {
        const damaged = Uint8Array.from(bytes);
        for (const [at, value] of bytesChanged) damaged[at] = value;
        await readAny(READER_OF[name], damaged.subarray(0, length), 64);
      }),
      { numRuns: 200 },
    );
  });

  it.each(WRITTEN)('a %s file is told by its content, under any name', async (name) => {
    const { bytes } = await writeBytes(name, SESSION, { interface: 'contactless' });
    const guesses = IMPORTERS.map((each) => ({
      name: each.name,
      guess: each.guess(bytes.subarray(0, 65_536), 'session'),
    }));
    const best = guesses.reduce((a, b) => (b.guess > a.guess ? b : a));
    expect(best.name).toBe(READER_OF[name]);
  });

  it.each(['vitap', 'pcap', 'pcapng', 'proxmark'])('%s guesses about any bytes without an error', (name) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const guess = importer(name).guess(bytes, 'x.trace');
        expect(guess >= 0 && guess <= 100).toBe(true);
      }),
    );
  });
});
