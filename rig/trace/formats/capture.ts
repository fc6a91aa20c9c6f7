import { FrameReassembly } from '../frames/reassembly.ts';
import type { TraceEvent, TraceHeader } from '../model.ts';
import { parseHeader } from '../parse.ts';
import { FormatError, importedHeader, type Losses, type TraceSource } from '../stream.ts';
import { GsmtapDecoder } from './gsmtap.ts';
import { Iso14443Decoder } from './iso14443-packets.ts';
import { HEADER_COMMENT, LINK_TYPE, type Packet, type PacketDecoder } from './packet.ts';
import { UsbCcidDecoder } from './usb-ccid.ts';
import { linuxTransfer, usbpcapTransfer } from './usb-transfer.ts';

/** What a capture file says of itself before its first packet. */
export interface CaptureInfo {
  /** Wall time of the first packet, nanoseconds since 1970; null for a capture without packets. */
  readonly startNs: bigint | null;
  readonly application: string | null;
  readonly interfaceName: string | null;
  readonly comments: readonly string[];
  /** Link type of the first packet, or of the first interface when there is no packet. */
  readonly linkType: number | null;
}

export function captureSource(info: CaptureInfo, packets: AsyncIterable<Packet[]>, losses: Losses): TraceSource {
  return { header: captureHeader(info), events: () => captureEvents(packets, losses) };
}

function captureHeader(info: CaptureInfo): TraceHeader {
  for (const comment of info.comments) {
    if (!comment.startsWith(HEADER_COMMENT)) continue;
    try {
      return parseHeader(comment.slice(HEADER_COMMENT.length));
    } catch {
      // Somebody's remark that begins like ours.
    }
  }
  const { startNs, linkType } = info;
  return importedHeader({
    source: info.application ?? 'a capture file',
    reader: info.interfaceName,
    interface: linkType === LINK_TYPE.ISO_14443 ? 'contactless' : null,
    startedAt: startNs === null ? null : isoTime(startNs),
  });
}

/** @returns null for a time that no clock has */
function isoTime(ns: bigint): string | null {
  const ms = Number(ns / 1_000_000n);
  return Math.abs(ms) > 8.64e15 ? null : new Date(ms).toISOString();
}

async function* captureEvents(
  packets: AsyncIterable<Packet[]>,
  losses: Losses,
): AsyncGenerator<TraceEvent, void, undefined> {
  const decoders = new Map<number, PacketDecoder | null>();
  const reassembly = new FrameReassembly();
  let t = 0;
  let understood = 0;
  let first: Packet | null = null;
  for await (const batch of packets) {
    for (const packet of batch) {
      first ??= packet;
      let decoder = decoders.get(packet.linkType);
      if (decoder === undefined) {
        decoder = decoderOf(packet.linkType, losses);
        decoders.set(packet.linkType, decoder);
      }
      if (decoder === null) {
        losses.add(`packets of link type ${packet.linkType}`);
        continue;
      }
      t = packet.t;
      for (const event of decoder.packet(packet)) {
        understood++;
        if (!decoder.givesFrames) yield event;
        else for (const derived of reassembly.next(event)) yield derived;
      }
    }
  }
  yield* reassembly.end(t);
  if (first !== null && understood === 0) {
    const known = 'ISO 14443 (264), USB CCID (220, 189, 249) and GSMTAP in UDP';
    throw new FormatError(
      { offset: first.offset },
      `no packet holds what vitap reads: the first is of link type ${first.linkType}, and it reads ${known}`,
    );
  }
}

function decoderOf(linkType: number, losses: Losses): PacketDecoder | null {
  switch (linkType) {
    case LINK_TYPE.ISO_14443:
      return new Iso14443Decoder(losses);
    case LINK_TYPE.USB_LINUX:
      return new UsbCcidDecoder(linuxTransfer(48), losses);
    case LINK_TYPE.USB_LINUX_MMAPPED:
      return new UsbCcidDecoder(linuxTransfer(64), losses);
    case LINK_TYPE.USBPCAP:
      return new UsbCcidDecoder(usbpcapTransfer, losses);
    case LINK_TYPE.NULL:
    case LINK_TYPE.ETHERNET:
    case LINK_TYPE.RAW:
    case LINK_TYPE.LINUX_SLL:
    case LINK_TYPE.LINUX_SLL2:
    case LINK_TYPE.IPV4:
      return new GsmtapDecoder(linkType, losses);
    default:
      return null;
  }
}
