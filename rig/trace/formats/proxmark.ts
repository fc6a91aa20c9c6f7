import { ChecksumRules } from '../frames/checksum.ts';
import { reassembled } from '../frames/reassembly.ts';
import { FrameSynthesis } from '../frames/synthesis.ts';
import { maskedHex } from '../masked-hex.ts';
import type { BlockEvent, TraceEvent } from '../model.ts';
import { type Cut, cutRecords } from '../records.ts';
import {
  type AsyncByteSink,
  type ByteInput,
  type Exporter,
  FormatError,
  type Importer,
  importedHeader,
  type Losses,
  type TraceSource,
} from '../stream.ts';
import { frameBytes } from './iso14443-packets.ts';

/*
 * Trace of a Proxmark3 (`trace save`): records and nothing else. Little-endian: start in carrier cycles (32 bits),
 * duration in cycles (16), length (15) and whether the card said it (1); the frame; one parity bit a byte, the first
 * byte's highest. What protocol it is the file does not say: it is taken for ISO/IEC 14443 type A.
 */

const HEADER_LENGTH = 8;
const RESPONSE = 0x8000;
const CARRIER_HZ = 13_560_000;
const CYCLES_PER_BIT = 128;
/** FSD and FSC end there. */
const LARGEST_FRAME = 4096;
const WRAP = 2 ** 32;
/** A start that lies so far back is the counter beginning anew; less is a clock that went backwards. */
const WRAP_BACK = 2 ** 31;
const BATCH_BYTES = 65_536;

interface Sniffed {
  readonly timestamp: number;
  readonly isResponse: boolean;
  readonly frame: Uint8Array;
  readonly parity: Uint8Array;
}

export const proxmarkImporter: Importer = {
  name: 'proxmark',
  title: 'trace of a Proxmark3, taken for ISO 14443 type A',
  extensions: ['trace'],
  guess(head, fileName) {
    const { records, isWhole } = tryRecords(head);
    if (records === 0 || !isWhole) return 0;
    // Nothing marks the format: records that fit one behind the other to the end are all there is.
    return fileName.toLowerCase().endsWith('.trace') ? 80 : records >= 3 ? 40 : 10;
  },
  async open(input: ByteInput, losses: Losses): Promise<TraceSource> {
    const head = await input.head();
    if (head.length === 0) throw new FormatError({ offset: 0 }, 'this is no trace of a Proxmark3: the file is empty');
    losses.add('durations of frames');
    return {
      header: importedHeader({ source: 'Proxmark3', interface: 'contactless', backend: 'hardware' }),
      events: () => reassembled(frames(input, losses)),
    };
  },
};

function tryRecords(head: Uint8Array): { records: number; isWhole: boolean } {
  let at = 0;
  let records = 0;
  while (at < head.length) {
    if (head.length - at < HEADER_LENGTH) return { records, isWhole: head.length === 65_536 };
    const length = lengthAt(head, at);
    if (length === 0 || length > LARGEST_FRAME) return { records, isWhole: false };
    at += HEADER_LENGTH + length + Math.ceil(length / 8);
    if (at > head.length) return { records, isWhole: head.length === 65_536 };
    records++;
  }
  return { records, isWhole: true };
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 6] as number) | ((bytes[at + 7] as number) << 8)) & ~RESPONSE;
}

function cut(bytes: Uint8Array, at: number, offset: number): Cut<Sniffed> {
  if (bytes.length - at < HEADER_LENGTH) return { needed: HEADER_LENGTH };
  const length = lengthAt(bytes, at);
  if (length > LARGEST_FRAME) {
    throw new FormatError(
      { offset },
      `a frame of ${length} bytes is longer than any may be: this is no trace of a Proxmark3`,
    );
  }
  const whole = HEADER_LENGTH + length + Math.ceil(length / 8);
  if (bytes.length - at < whole) return { needed: whole };
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, whole);
  const record = {
    timestamp: view.getUint32(0, true),
    isResponse: (view.getUint16(6, true) & RESPONSE) !== 0,
    frame: bytes.subarray(at + HEADER_LENGTH, at + HEADER_LENGTH + length),
    parity: bytes.subarray(at + HEADER_LENGTH + length, at + whole),
  };
  return { length: whole, record };
}

async function* frames(input: ByteInput, losses: Losses): AsyncGenerator<TraceEvent, void, undefined> {
  const checksums = new ChecksumRules();
  let first: number | null = null;
  let last = 0;
  let turns = 0;
  for await (const batch of cutRecords(input.chunks(), cut)) {
    for (const { timestamp, isResponse, frame, parity } of batch) {
      if (frame.length === 0) {
        losses.add('empty frames');
        continue;
      }
      if (first !== null && last - timestamp > WRAP_BACK) turns++;
      last = timestamp;
      const cycles: number = turns * WRAP + timestamp;
      first ??= cycles;
      const from = isResponse ? 'card' : 'reader';
      const isShort = !isResponse && frame.length === 1;
      const crc = checksums.judge(from, frame);
      if (!isShort && !parityFits(frame, parity)) losses.add('parity bits that do not fit their byte');
      yield {
        type: 'block',
        t: Math.round(((cycles - first) / CARRIER_HZ) * 1e9),
        from,
        frame: maskedHex(frame),
        ...(crc === undefined ? {} : { crc }),
        ...(isShort ? { bits: 7 } : {}),
      };
    }
  }
}

/** Odd parity: a byte and its bit have an odd number of ones. */
function parityBytes(frame: Uint8Array): Uint8Array {
  const parity = new Uint8Array(Math.ceil(frame.length / 8));
  for (let i = 0; i < frame.length; i++) {
    let ones = frame[i] as number;
    ones ^= ones >> 4;
    ones ^= ones >> 2;
    ones ^= ones >> 1;
    if ((ones & 1) === 0) parity[i >> 3] = (parity[i >> 3] as number) | (0x80 >> (i & 7));
  }
  return parity;
}

function parityFits(frame: Uint8Array, parity: Uint8Array): boolean {
  return parityBytes(frame).every((byte, i) => byte === parity[i]);
}

export const proxmarkExporter: Exporter = {
  name: 'proxmark',
  title: 'trace of a Proxmark3 with ISO 14443 type A frames',
  extensions: ['trace'],
  async write(source: TraceSource, output: AsyncByteSink, losses: Losses): Promise<void> {
    const synthesis = new FrameSynthesis(source.header, losses);
    let parts: Uint8Array[] = [];
    let size = 0;
    let start: number | null = null;
    losses.add('the header of the trace');
    for await (const event of source.events()) {
      for (const made of synthesis.next(event)) {
        if (made.type === 'note') losses.add('notes');
        if (made.type === 'field') losses.add('field events');
        if (made.type !== 'block') continue;
        start ??= made.t;
        const record = recordOf(made, made.t - start, losses);
        parts.push(record);
        size += record.length;
      }
      if (size < BATCH_BYTES) continue;
      await output.write(Buffer.concat(parts));
      parts = [];
      size = 0;
    }
    await output.write(Buffer.concat(parts));
  },
};

function recordOf(event: BlockEvent, ns: number, losses: Losses): Uint8Array {
  const frame = frameBytes(event);
  const parity = parityBytes(frame);
  const bits = event.bits === 7 ? 8 : 9 * frame.length + 1;
  const record = new Uint8Array(HEADER_LENGTH + frame.length + parity.length);
  const view = new DataView(record.buffer);
  const cycles = Math.round((ns / 1e9) * CARRIER_HZ);
  view.setUint32(0, ((cycles % WRAP) + WRAP) % WRAP, true);
  view.setUint16(4, Math.min(0xffff, bits * CYCLES_PER_BIT), true);
  view.setUint16(6, frame.length | (event.from === 'card' ? RESPONSE : 0), true);
  record.set(frame, HEADER_LENGTH);
  record.set(parity, HEADER_LENGTH + frame.length);
  if (event.synthetic) losses.add('signs that a frame was made from the APDUs');
  if (event.masks !== undefined) losses.add('signs that bytes of a frame are masked (they are 00)');
  return record;
}
