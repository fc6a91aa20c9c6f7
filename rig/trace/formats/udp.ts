/** Just enough of IP and UDP to find the payload in a captured packet, and to put one into a packet. */

import { LINK_TYPE } from './packet.ts';

export interface Datagram {
  readonly from: number;
  readonly to: number;
  readonly payload: Uint8Array;
}

const UDP = 17;
const ETHER_TYPE = { IPV4: 0x0800, VLAN: 0x8100, IPV6: 0x86dd } as const;

/** @returns null for a packet that is no UDP, is a later fragment, or is cut short */
export function datagramOf(linkType: number, packet: Uint8Array): Datagram | null {
  const at = networkLayer(linkType, packet);
  if (at === null || at >= packet.length) return null;
  const version = (packet[at] as number) >> 4;
  if (version === 4) {
    if (packet.length < at + 20 || packet[at + 9] !== UDP || (uint16(packet, at + 6) & 0x1fff) !== 0) return null;
    return udp(packet, at + 4 * ((packet[at] as number) & 0x0f));
  }
  if (version === 6) return packet.length >= at + 40 && packet[at + 6] === UDP ? udp(packet, at + 40) : null;
  return null;
}

function networkLayer(linkType: number, packet: Uint8Array): number | null {
  switch (linkType) {
    case LINK_TYPE.IPV4:
    case LINK_TYPE.RAW:
      return 0;
    case LINK_TYPE.NULL:
      return 4;
    case LINK_TYPE.LINUX_SLL:
      return 16;
    case LINK_TYPE.LINUX_SLL2:
      return 20;
    case LINK_TYPE.ETHERNET: {
      let at = 12;
      while (uint16(packet, at) === ETHER_TYPE.VLAN) at += 4;
      const type = uint16(packet, at);
      return type === ETHER_TYPE.IPV4 || type === ETHER_TYPE.IPV6 ? at + 2 : null;
    }
    default:
      return null;
  }
}

function udp(packet: Uint8Array, at: number): Datagram | null {
  const length = uint16(packet, at + 4);
  if (packet.length < at + 8 || length < 8 || packet.length < at + length) return null;
  return { from: uint16(packet, at), to: uint16(packet, at + 2), payload: packet.subarray(at + 8, at + length) };
}

const IPV4_HEADER = 20;
const UDP_HEADER = 8;
/** What one packet may carry. */
export const LONGEST_PAYLOAD: number = 65_535 - IPV4_HEADER - UDP_HEADER;

/** An IPv4 packet from this machine to itself. */
export function ipv4Packet(port: number, payload: Uint8Array): Uint8Array {
  const packet = new Uint8Array(IPV4_HEADER + UDP_HEADER + payload.length);
  const view = new DataView(packet.buffer);
  packet[0] = 0x45;
  view.setUint16(2, packet.length);
  packet[8] = 64;
  packet[9] = UDP;
  packet.set([127, 0, 0, 1, 127, 0, 0, 1], 12);
  let sum = 0;
  for (let at = 0; at < IPV4_HEADER; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  view.setUint16(10, ~sum & 0xffff);
  view.setUint16(IPV4_HEADER, port);
  view.setUint16(IPV4_HEADER + 2, port);
  // The checksum stays 0: UDP over IPv4 may go without.
  view.setUint16(IPV4_HEADER + 4, UDP_HEADER + payload.length);
  packet.set(payload, IPV4_HEADER + UDP_HEADER);
  return packet;
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
