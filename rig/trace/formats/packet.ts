import type { TraceEvent } from '../model.ts';

/** A packet of a capture file. */
export interface Packet {
  /** Nanoseconds since the first packet. */
  readonly t: number;
  readonly linkType: number;
  readonly data: Uint8Array;
  /** How long it was before it was cut for the file. */
  readonly originalLength: number;
  readonly comments: readonly string[];
  /** Where it begins in the file. */
  readonly offset: number;
}

/** Turns the packets of one kind of link into events. */
export interface PacketDecoder {
  /** @throws {FormatError} */
  packet(packet: Packet): TraceEvent[];
  /** Whether its events are frames of which APDUs are to be made. */
  readonly givesFrames: boolean;
}

/** Link types of pcap files that are understood. */
export const LINK_TYPE = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  LINUX_SLL: 113,
  USB_LINUX: 189,
  USB_LINUX_MMAPPED: 220,
  IPV4: 228,
  USBPCAP: 249,
  ISO_14443: 264,
  LINUX_SLL2: 276,
} as const;

/** A comment that begins so holds the header of the trace that was exported. */
export const HEADER_COMMENT = 'vitap-trace ';

/** A packet to be written, and what is to be remarked on it. */
export interface OutgoingPacket {
  readonly t: number;
  readonly data: Uint8Array;
  readonly comments: readonly string[];
}
