import { FrameSynthesis } from '../frames/synthesis.ts';
import { again, type Cut, cutRecords } from '../records.ts';
import {
  type AsyncByteSink,
  type ByteInput,
  type Exporter,
  FormatError,
  type Importer,
  type Losses,
  type TraceSource,
} from '../stream.ts';
import { captureSource } from './capture.ts';
import { Iso14443Encoder } from './iso14443-packets.ts';
import { LINK_TYPE, type Packet } from './packet.ts';
import { TraceClock } from './trace-clock.ts';

const FILE_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 16;
const MAGIC = { MICROSECONDS: 0xa1b2c3d4, NANOSECONDS: 0xa1b23c4d } as const;
/** What libpcap takes for the largest packet. */
const LARGEST_PACKET = 262_144;
const NS_PER_SECOND = 1_000_000_000n;
/** Packets gathered before they are written. */
const BATCH_BYTES = 65_536;

interface FileHeader {
  readonly littleEndian: boolean;
  readonly nsPerTick: number;
  readonly linkType: number;
}

export const pcapImporter: Importer = {
  name: 'pcap',
  title: 'capture file of tcpdump: ISO 14443, GSMTAP, USB CCID',
  extensions: ['pcap', 'cap'],
  guess: (head) => (readHeader(head) === null ? 0 : 100),
  open,
};

async function open(input: ByteInput, losses: Losses): Promise<TraceSource> {
  const head = await input.head();
  const header = readHeader(head);
  if (header === null) throw new FormatError({ offset: 0 }, 'this is no pcap file: its magic number is another');
  if (head.length < FILE_HEADER_LENGTH) throw new FormatError({ offset: 0 }, 'the file ends in its header');
  const clock = new TraceClock(losses);
  const records = cutRecords(input.chunks(), (bytes, at, offset) => cut(header, clock, bytes, at, offset));
  const first = await records.next();
  const packets = again(first.done === true ? [] : [first.value], records);
  const info = { startNs: clock.startNs, application: null, interfaceName: null, comments: [] };
  return captureSource({ ...info, linkType: header.linkType }, packets, losses);
}

function readHeader(head: Uint8Array): FileHeader | null {
  if (head.length < 4) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic !== MAGIC.MICROSECONDS && magic !== MAGIC.NANOSECONDS) continue;
    const nsPerTick = magic === MAGIC.NANOSECONDS ? 1 : 1000;
    // The high half may tell the length of a frame check sequence.
    const linkType = head.length < FILE_HEADER_LENGTH ? 0 : view.getUint32(20, littleEndian) & 0xffff;
    return { littleEndian, nsPerTick, linkType };
  }
  return null;
}

function cut(header: FileHeader, clock: TraceClock, bytes: Uint8Array, at: number, offset: number): Cut<Packet> {
  if (offset === 0) {
    const isWhole = bytes.length - at >= FILE_HEADER_LENGTH;
    return isWhole ? { length: FILE_HEADER_LENGTH, record: null } : { needed: FILE_HEADER_LENGTH };
  }
  if (bytes.length - at < RECORD_HEADER_LENGTH) return { needed: RECORD_HEADER_LENGTH };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { littleEndian, nsPerTick, linkType } = header;
  const captured = view.getUint32(at + 8, littleEndian);
  if (captured > LARGEST_PACKET) {
    throw new FormatError({ offset }, `a packet of ${captured} bytes is longer than any may be: the file is damaged`);
  }
  const length = RECORD_HEADER_LENGTH + captured;
  if (bytes.length - at < length) return { needed: length };
  const seconds = BigInt(view.getUint32(at, littleEndian));
  const ns = seconds * NS_PER_SECOND + BigInt(view.getUint32(at + 4, littleEndian)) * BigInt(nsPerTick);
  const { t, step } = clock.at(ns);
  const record: Packet = {
    t,
    linkType,
    data: bytes.subarray(at + RECORD_HEADER_LENGTH, at + length),
    originalLength: view.getUint32(at + 12, littleEndian),
    comments: step === null ? [] : [step],
    offset,
  };
  return { length, record };
}

export const pcapExporter: Exporter = {
  name: 'pcap',
  title: 'capture file of tcpdump with ISO 14443 frames (link type 264)',
  extensions: ['pcap', 'cap'],
  async write(source: TraceSource, output: AsyncByteSink, losses: Losses): Promise<void> {
    const header = new DataView(new ArrayBuffer(FILE_HEADER_LENGTH));
    header.setUint32(0, MAGIC.NANOSECONDS, true);
    header.setUint16(4, 2, true);
    header.setUint16(6, 4, true);
    header.setUint32(16, LARGEST_PACKET, true);
    header.setUint32(20, LINK_TYPE.ISO_14443, true);
    const parts: Uint8Array[] = [new Uint8Array(header.buffer)];
    let size = FILE_HEADER_LENGTH;
    const synthesis = new FrameSynthesis(source.header, losses);
    const encoder = new Iso14443Encoder(losses);
    const startNs = startOf(source);
    if (source.header.startedAt === null) losses.add('wall times (none is known; times count from 1970)');
    losses.add('fields of the header of the trace');
    for await (const event of source.events()) {
      for (const made of synthesis.next(event)) {
        if (made.type === 'note') losses.add('notes');
        if (made.type !== 'block' && made.type !== 'field') continue;
        if (made.type === 'block') {
          if (made.synthetic) losses.add('signs that a frame was made from the APDUs');
          if (made.masks !== undefined) losses.add('signs that bytes of a frame are masked (they are 00)');
        }
        const data = made.type === 'field' ? encoder.field(made.state) : encoder.block(made);
        const record = recordHeader(startNs + BigInt(made.t), data.length);
        parts.push(record, data);
        size += record.length + data.length;
      }
      if (size < BATCH_BYTES) continue;
      await output.write(Buffer.concat(parts.splice(0)));
      size = 0;
    }
    await output.write(Buffer.concat(parts));
  },
};

/** Wall time of `t` 0 in nanoseconds since 1970; 0 where it is not known. */
export function startOf(source: TraceSource): bigint {
  const { startedAt } = source.header;
  return startedAt === null ? 0n : BigInt(Math.max(0, Date.parse(startedAt))) * 1_000_000n;
}

function recordHeader(ns: bigint, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(RECORD_HEADER_LENGTH));
  // A clock that went backwards before 1970 has no place in the file.
  const time = ns < 0n ? 0n : ns;
  view.setUint32(0, Number((time / NS_PER_SECOND) & 0xffff_ffffn), true);
  view.setUint32(4, Number(time % NS_PER_SECOND), true);
  view.setUint32(8, length, true);
  view.setUint32(12, length, true);
  return new Uint8Array(view.buffer);
}
