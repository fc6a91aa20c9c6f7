import { again, type Cut, cutRecords } from '../records.ts';
import { type ByteInput, FormatError, type Importer, type Losses, type TraceSource } from '../stream.ts';
import { captureSource } from './capture.ts';
import type { Packet } from './packet.ts';
import { BLOCK, BYTE_ORDER_MAGIC, OPTION, type Option, padded, parseOptions, textsOf } from './pcapng-blocks.ts';
import { TraceClock } from './trace-clock.ts';

/** Far above a packet of the largest frame with its remarks. */
const LARGEST_BLOCK = 16 * 1024 * 1024;
const SHORTEST_BLOCK = 12;

export const pcapngImporter: Importer = {
  name: 'pcapng',
  title: 'capture file of Wireshark: ISO 14443, GSMTAP, USB CCID',
  extensions: ['pcapng', 'ntar'],
  guess: (head) => (sectionOrder(head, 0) === null ? 0 : 100),
  open,
};

async function open(input: ByteInput, losses: Losses): Promise<TraceSource> {
  if (sectionOrder(await input.head(), 0) === null) {
    throw new FormatError({ offset: 0 }, 'this is no pcapng file: it does not begin with a section header');
  }
  const reader = new BlockReader(losses);
  const records = cutRecords(input.chunks(), (bytes, at, offset) => reader.cut(bytes, at, offset));
  const first = await records.next();
  const packets = again(first.done === true ? [] : [first.value], records);
  const linkType = first.done === true ? reader.firstLinkType : ((first.value[0] as Packet).linkType ?? null);
  const { application, interfaceName, comments } = reader;
  return captureSource({ startNs: reader.startNs, application, interfaceName, comments, linkType }, packets, losses);
}

/** @returns whether the section is little-endian; null when there is no section header */
function sectionOrder(bytes: Uint8Array, at: number): boolean | null {
  if (bytes.length - at < SHORTEST_BLOCK) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, SHORTEST_BLOCK);
  if (view.getUint32(0) !== BLOCK.SECTION) return null;
  if (view.getUint32(8, true) === BYTE_ORDER_MAGIC) return true;
  return view.getUint32(8, false) === BYTE_ORDER_MAGIC ? false : null;
}

interface Interface {
  readonly linkType: number;
  /** Ticks a second. */
  readonly resolution: bigint;
  readonly offsetSeconds: bigint;
  /** Where longer packets were cut; 0: nowhere. */
  readonly snapLength: number;
}

const NS_PER_SECOND = 1_000_000_000n;

class BlockReader {
  application: string | null = null;
  interfaceName: string | null = null;
  /** Comments in the first section header. */
  comments: readonly string[] = [];
  firstLinkType: number | null = null;
  readonly #losses: Losses;
  readonly #clock: TraceClock;
  #littleEndian = true;
  #sections = 0;
  #interfaces: Interface[] = [];

  constructor(losses: Losses) {
    this.#losses = losses;
    this.#clock = new TraceClock(losses);
  }

  get startNs(): bigint | null {
    return this.#clock.startNs;
  }

  cut(bytes: Uint8Array, at: number, offset: number): Cut<Packet> {
    if (bytes.length - at < SHORTEST_BLOCK) return { needed: SHORTEST_BLOCK };
    const order = sectionOrder(bytes, at);
    if (order !== null) this.#littleEndian = order;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const type = view.getUint32(at, this.#littleEndian);
    const length = view.getUint32(at + 4, this.#littleEndian);
    if (length < SHORTEST_BLOCK || length % 4 !== 0 || length > LARGEST_BLOCK) {
      throw new FormatError({ offset }, `a block of ${length} bytes cannot be: the file is damaged`);
    }
    if (bytes.length - at < length) return { needed: length };
    if (view.getUint32(at + length - 4, this.#littleEndian) !== length) {
      throw new FormatError({ offset }, 'the two lengths of a block differ: the file is damaged');
    }
    const body = new DataView(bytes.buffer, bytes.byteOffset + at + 8, length - SHORTEST_BLOCK);
    return { length, record: this.#block(type, body, offset) };
  }

  #block(type: number, body: DataView, offset: number): Packet | null {
    switch (type) {
      case BLOCK.SECTION:
        this.#section(body, offset);
        return null;
      case BLOCK.INTERFACE:
        this.#interface(body, offset);
        return null;
      case BLOCK.ENHANCED_PACKET:
        return this.#packet(body, body.byteLength < 4 ? 0 : body.getUint32(0, this.#littleEndian), offset);
      case BLOCK.OLD_PACKET:
        // The same but for a short number of the interface and a count of dropped packets.
        return this.#packet(body, body.byteLength < 4 ? 0 : body.getUint16(0, this.#littleEndian), offset);
      case BLOCK.SIMPLE_PACKET:
        return this.#simplePacket(body, offset);
      default:
        return null;
    }
  }

  #section(body: DataView, offset: number): void {
    if (body.byteLength < 16) throw new FormatError({ offset }, 'a section header is too short: the file is damaged');
    this.#interfaces = [];
    if (this.#sections++ > 0) return;
    const options = parseOptions(body, 16, this.#littleEndian);
    this.application = textsOf(options, OPTION.SECTION_APPLICATION)[0] ?? null;
    this.comments = textsOf(options, OPTION.COMMENT);
  }

  #interface(body: DataView, offset: number): void {
    if (body.byteLength < 8) throw new FormatError({ offset }, 'an interface block is too short: the file is damaged');
    const options = parseOptions(body, 8, this.#littleEndian);
    const linkType = body.getUint16(0, this.#littleEndian);
    this.firstLinkType ??= linkType;
    this.interfaceName ??= textsOf(options, OPTION.INTERFACE_NAME)[0] ?? null;
    const resolution = resolutionOf(optionValue(options, OPTION.INTERFACE_TIME_RESOLUTION)?.[0] ?? 6);
    const offsetSeconds = this.#offsetOf(optionValue(options, OPTION.INTERFACE_TIME_OFFSET));
    const snapLength = body.getUint32(4, this.#littleEndian);
    this.#interfaces.push({ linkType, resolution, offsetSeconds, snapLength });
  }

  #offsetOf(value: Uint8Array | undefined): bigint {
    if (value?.length !== 8) return 0n;
    return new DataView(value.buffer, value.byteOffset, 8).getBigInt64(0, this.#littleEndian);
  }

  #interfaceOf(number: number, offset: number): Interface {
    const from = this.#interfaces[number];
    if (from !== undefined) return from;
    throw new FormatError({ offset }, `a packet is of interface ${number}, which the file does not describe`);
  }

  /** Its length before it was cut, and the packet: nothing else is told, and the first interface is meant. */
  #simplePacket(body: DataView, offset: number): Packet {
    if (body.byteLength < 4) throw new FormatError({ offset }, 'a packet block is too short: the file is damaged');
    const { linkType, snapLength } = this.#interfaceOf(0, offset);
    const originalLength = body.getUint32(0, this.#littleEndian);
    const captured = snapLength === 0 ? originalLength : Math.min(originalLength, snapLength);
    if (captured > body.byteLength - 4) {
      throw new FormatError({ offset }, 'a packet is longer than its block: the file is damaged');
    }
    this.#losses.add('times of packets, which Simple Packet Blocks do not have');
    return {
      t: this.#clock.last,
      linkType,
      data: new Uint8Array(body.buffer, body.byteOffset + 4, captured),
      originalLength,
      comments: [],
      offset,
    };
  }

  #packet(body: DataView, number: number, offset: number): Packet {
    if (body.byteLength < 20) throw new FormatError({ offset }, 'a packet block is too short: the file is damaged');
    const order = this.#littleEndian;
    const from = this.#interfaceOf(number, offset);
    const captured = body.getUint32(12, order);
    if (captured > body.byteLength - 20) {
      throw new FormatError({ offset }, 'a packet is longer than its block: the file is damaged');
    }
    const ticks = (BigInt(body.getUint32(4, order)) << 32n) | BigInt(body.getUint32(8, order));
    const sinceEpoch = from.resolution === NS_PER_SECOND ? ticks : (ticks * NS_PER_SECOND) / from.resolution;
    const ns = sinceEpoch + from.offsetSeconds * NS_PER_SECOND;
    const optionsAt = 20 + padded(captured);
    const comments = optionsAt < body.byteLength ? textsOf(parseOptions(body, optionsAt, order), OPTION.COMMENT) : [];
    const { t, step } = this.#clock.at(ns);
    return {
      t,
      linkType: from.linkType,
      data: new Uint8Array(body.buffer, body.byteOffset + 20, captured),
      originalLength: body.getUint32(16, order),
      comments: step === null ? comments : [step, ...comments],
      offset,
    };
  }
}

/** @param code ten to the power of it, or two when its high bit is set */
function resolutionOf(code: number): bigint {
  const exponent = BigInt(code & 0x7f);
  return (code & 0x80) === 0 ? 10n ** exponent : 2n ** exponent;
}

function optionValue(options: readonly Option[], code: number): Uint8Array | undefined {
  return options.find((option) => option.code === code)?.value;
}
