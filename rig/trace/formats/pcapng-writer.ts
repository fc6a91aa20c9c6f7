import { FrameSynthesis } from '../frames/synthesis.ts';
import type { TraceEvent } from '../model.ts';
import type { AsyncByteSink, Exporter, Losses, TraceSource } from '../stream.ts';
import { GsmtapEncoder } from './gsmtap.ts';
import { Iso14443Encoder } from './iso14443-packets.ts';
import { HEADER_COMMENT, LINK_TYPE, type OutgoingPacket } from './packet.ts';
import { startOf } from './pcap.ts';
import { BLOCK, BYTE_ORDER_MAGIC, encodeBlock, OPTION, padded, textOption } from './pcapng-blocks.ts';

/** Blocks gathered before they are written. */
const BATCH_BYTES = 65_536;
const SNAP_LENGTH = 262_144;

export const pcapngExporter: Exporter = {
  name: 'pcapng',
  title: 'capture file of Wireshark with ISO 14443 frames (link type 264)',
  extensions: ['pcapng'],
  write(source, output, losses) {
    const synthesis = new FrameSynthesis(source.header, losses);
    const encoder = new Iso14443Encoder(losses);
    return writePackets(source, output, losses, LINK_TYPE.ISO_14443, (event) =>
      synthesis.next(event).flatMap((made) => {
        if (made.type === 'field') return [{ t: made.t, data: encoder.field(made.state), comments: [] }];
        if (made.type !== 'block') return [];
        return [{ t: made.t, data: encoder.block(made), comments: encoder.comments(made) }];
      }),
    );
  },
};

export const gsmtapExporter: Exporter = {
  name: 'gsmtap',
  title: 'capture file of Wireshark with GSMTAP packets, one for an APDU and its answer',
  extensions: ['pcapng'],
  async write(source, output, losses) {
    const encoder = new GsmtapEncoder(losses);
    await writePackets(source, output, losses, LINK_TYPE.IPV4, (event) => encoder.next(event));
    encoder.end();
  },
};

/** Notes become remarks on the packet that comes next. */
async function writePackets(
  source: TraceSource,
  output: AsyncByteSink,
  losses: Losses,
  linkType: number,
  packetsOf: (event: TraceEvent) => readonly OutgoingPacket[],
): Promise<void> {
  const startNs = startOf(source);
  let parts: Uint8Array[] = [sectionHeader(source), interfaceBlock(source, linkType)];
  let size = 0;
  let notes: string[] = [];
  if (source.header.startedAt === null) losses.add('wall times (none is known; times count from 1970)');
  for await (const event of source.events()) {
    if (event.type === 'note') {
      notes.push(event.text);
      if (event.masks !== undefined) losses.add('signs that text of a note is masked');
      // Notes alone are not to fill the memory.
      if (notes.length > 100) {
        notes.shift();
        losses.add('notes');
      }
      continue;
    }
    for (const packet of packetsOf(event)) {
      const block = packetBlock(startNs + BigInt(packet.t), packet.data, [...notes, ...packet.comments]);
      notes = [];
      parts.push(block);
      size += block.length;
    }
    if (size < BATCH_BYTES) continue;
    await output.write(Buffer.concat(parts));
    parts = [];
    size = 0;
  }
  losses.add('notes', notes.length);
  await output.write(Buffer.concat(parts));
}

function sectionHeader(source: TraceSource): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, BYTE_ORDER_MAGIC, true);
  view.setUint16(4, 1, true);
  // The length of the section is not known.
  view.setBigInt64(8, -1n, true);
  return encodeBlock(BLOCK.SECTION, body, [
    textOption(OPTION.COMMENT, HEADER_COMMENT + JSON.stringify(source.header)),
    textOption(OPTION.SECTION_HARDWARE, source.header.backend),
    textOption(OPTION.SECTION_APPLICATION, 'vitap'),
  ]);
}

function interfaceBlock(source: TraceSource, linkType: number): Uint8Array {
  const body = new Uint8Array(8);
  const view = new DataView(body.buffer);
  view.setUint16(0, linkType, true);
  view.setUint32(4, SNAP_LENGTH, true);
  const { reader } = source.header;
  return encodeBlock(BLOCK.INTERFACE, body, [
    ...(reader === null ? [] : [textOption(OPTION.INTERFACE_NAME, reader)]),
    { code: OPTION.INTERFACE_TIME_RESOLUTION, value: Uint8Array.of(9) },
  ]);
}

function packetBlock(ns: bigint, data: Uint8Array, comments: readonly string[]): Uint8Array {
  const body = new Uint8Array(20 + padded(data.length));
  const view = new DataView(body.buffer);
  const time = ns < 0n ? 0n : ns;
  view.setUint32(4, Number(time >> 32n), true);
  view.setUint32(8, Number(time & 0xffff_ffffn), true);
  view.setUint32(12, data.length, true);
  view.setUint32(16, data.length, true);
  body.set(data, 20);
  return encodeBlock(
    BLOCK.ENHANCED_PACKET,
    body,
    comments.map((comment) => textOption(OPTION.COMMENT, comment)),
  );
}
