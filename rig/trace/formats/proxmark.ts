import { CARRIER_HZ, FDT_TO_CARD_CYCLES } from '../../../src/iso-dep/timing.ts';
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
  HEAD_LENGTH,
  type Importer,
  importedHeader,
  type Losses,
  type TraceSource,
} from '../stream.ts';
import { frameBytes, SHORT_FRAMES } from './iso14443-packets.ts';
import { TraceClock } from './trace-clock.ts';

/*
 * Trace of a Proxmark3 (`trace save`): records and nothing else. Little-endian: start in carrier cycles (32 bits),
 * duration in cycles (16), length (15) and whether the card said it (1); the frame; one parity bit a byte, the first
 * byte's highest, in one byte at least. What protocol it is the file does not say: it is taken for ISO/IEC 14443 type A.
 */

const HEADER_LENGTH = 8;
const RESPONSE = 0x8000;
const CYCLES_PER_BIT = 128;
/** A byte and its parity bit. */
const BITS_PER_BYTE = 9;
/** FSD and FSC end there. */
const LARGEST_FRAME = 4096;
const WRAP = 2n ** 32n;
/** A start that lies so far back is the counter beginning anew; less is a clock that went backwards. */
const WRAP_BACK = 2 ** 31;
const BATCH_BYTES = 65_536;

interface Sniffed {
  readonly timestamp: number;
  /** In carrier cycles; 65,535 for whatever takes longer. */
  readonly duration: number;
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
  // A file of zeros is a row of empty frames.
  let empty = 0;
  while (at < head.length) {
    if (head.length - at < HEADER_LENGTH) return { records, isWhole: head.length === HEAD_LENGTH };
    const length = lengthAt(head, at);
    if (length > LARGEST_FRAME) return { records, isWhole: false };
    if (length === 0 && ++empty > records) return { records, isWhole: false };
    at += HEADER_LENGTH + length + parityLength(length);
    if (at > head.length) return { records, isWhole: head.length === HEAD_LENGTH };
    records++;
  }
  return { records, isWhole: true };
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 6] as number) | ((bytes[at + 7] as number) << 8)) & ~RESPONSE;
}

/** The program divides as C does: a frame without bytes has one byte of parity too. */
function parityLength(length: number): number {
  return Math.max(1, Math.ceil(length / 8));
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
  const whole = HEADER_LENGTH + length + parityLength(length);
  if (bytes.length - at < whole) return { needed: whole };
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, whole);
  const record = {
    timestamp: view.getUint32(0, true),
    duration: view.getUint16(4, true),
    isResponse: (view.getUint16(6, true) & RESPONSE) !== 0,
    frame: bytes.subarray(at + HEADER_LENGTH, at + HEADER_LENGTH + length),
    parity: bytes.subarray(at + HEADER_LENGTH + length, at + whole),
  };
  return { length: whole, record };
}

async function* frames(input: ByteInput, losses: Losses): AsyncGenerator<TraceEvent, void, undefined> {
  const checksums = new ChecksumRules();
  const clock = new TraceClock(losses);
  let first: bigint | null = null;
  let last = 0;
  let turns = 0n;
  for await (const batch of cutRecords(input.chunks(), cut)) {
    for (const { timestamp, duration, isResponse, frame, parity } of batch) {
      if (last - timestamp > WRAP_BACK) turns++;
      last = timestamp;
      const cycles: bigint = turns * WRAP + BigInt(timestamp);
      first ??= cycles;
      const { t, step } = clock.at(nanoseconds(cycles - first));
      if (step !== null) yield { type: 'note', t, text: step };
      const from = isResponse ? 'card' : 'reader';
      const bits = bitsOf(from, frame, duration);
      const crc = checksums.judge(from, frame);
      if (bits === undefined && !parityFits(frame, parity)) losses.add('parity bits that do not fit their byte');
      yield {
        type: 'block',
        t,
        from,
        frame: maskedHex(frame),
        ...(crc === undefined ? {} : { crc }),
        ...(bits === undefined ? {} : { bits }),
      };
    }
  }
}

function nanoseconds(cycles: bigint): bigint {
  const carrierHz = BigInt(CARRIER_HZ);
  return (cycles * 1_000_000_000n + carrierHz / 2n) / carrierHz;
}

/**
 * Valid bits of a frame of one byte, which the file does not tell, after its duration: a start bit, then the bits. The
 * reader's last pause adds a quarter of a bit, and the card's end lacks half a one.
 * @returns undefined for a whole byte
 */
function bitsOf(from: 'reader' | 'card', frame: Uint8Array, duration: number): number | undefined {
  if (frame.length !== 1) return undefined;
  const bits = Math.round(duration / CYCLES_PER_BIT) - 1;
  if (bits >= 1 && bits <= 7) return bits;
  const isTold = bits === 8 || bits === BITS_PER_BYTE;
  return !isTold && from === 'reader' && SHORT_FRAMES.has(frame[0] as number) ? 7 : undefined;
}

/** Odd parity: a byte and its bit have an odd number of ones. */
function parityBytes(frame: Uint8Array): Uint8Array {
  const parity = new Uint8Array(parityLength(frame.length));
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
  return frame.length === 0 || parityBytes(frame).every((byte, i) => byte === parity[i]);
}

export const proxmarkExporter: Exporter = {
  name: 'proxmark',
  title: 'trace of a Proxmark3 with ISO 14443 type A frames',
  extensions: ['trace'],
  async write(source: TraceSource, output: AsyncByteSink, losses: Losses): Promise<void> {
    const synthesis = new FrameSynthesis(source.header, losses);
    let parts: Uint8Array[] = [];
    let size = 0;
    const air = new AirTimes(losses);
    losses.add('the header of the trace');
    for await (const event of source.events()) {
      for (const made of synthesis.next(event)) {
        if (made.type === 'note') losses.add('notes');
        if (made.type === 'field') losses.add('field events');
        if (made.type !== 'block') continue;
        const record = recordOf(made, air, losses);
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

/** Carrier cycles at which frames begin: as told, and never before the frame before has gone and been heard. */
class AirTimes {
  readonly #losses: Losses;
  #startNs: number | null = null;
  #free = 0;
  #from: 'reader' | 'card' | null = null;

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  /** @param duration of the frame, in cycles */
  begin({ t, from, synthetic }: BlockEvent, duration: number): number {
    this.#startNs ??= t;
    const told = Math.round(((t - this.#startNs) * CARRIER_HZ) / 1e9);
    // A frame that was on the air has its time; one that was made has only that of its APDU.
    const begin = synthetic && this.#from !== null ? Math.max(told, this.#free) : told;
    if (begin > told) this.#losses.add('times of frames made from the APDUs, which follow one another now');
    this.#from = from;
    this.#free = begin + duration + FDT_TO_CARD_CYCLES;
    return begin;
  }
}

function recordOf(event: BlockEvent, air: AirTimes, losses: Losses): Uint8Array {
  const frame = frameBytes(event);
  const parity = parityBytes(frame);
  const duration = bitsOnAir(event, frame.length) * CYCLES_PER_BIT;
  const record = new Uint8Array(HEADER_LENGTH + frame.length + parity.length);
  const view = new DataView(record.buffer);
  // The counter has 32 bits; it begins anew when they are full.
  view.setUint32(0, Number(BigInt.asUintN(32, BigInt(air.begin(event, duration)))), true);
  view.setUint16(4, Math.min(0xffff, duration), true);
  view.setUint16(6, frame.length | (event.from === 'card' ? RESPONSE : 0), true);
  record.set(frame, HEADER_LENGTH);
  record.set(parity, HEADER_LENGTH + frame.length);
  if (event.synthetic) losses.add('signs that a frame was made from the APDUs');
  if (event.masks !== undefined) losses.add('signs that bytes of a frame are masked (they are 00)');
  return record;
}

/** A start bit, the bytes with their parity bits, and of an unfinished last byte its bits alone. */
function bitsOnAir({ bits }: BlockEvent, length: number): number {
  if (length === 0) return 0;
  return bits === undefined ? 1 + BITS_PER_BYTE * length : 1 + BITS_PER_BYTE * (length - 1) + bits;
}
