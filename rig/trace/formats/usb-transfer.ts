/* Bulk transfers of USB as systems capture them: what stands before the data. */

/** Data that went over a bulk endpoint. */
export interface BulkTransfer {
  /** To the host. */
  readonly isIn: boolean;
  /** Bus and address, to tell devices apart. */
  readonly device: string;
  readonly data: Uint8Array;
}

/** @returns null for a packet that is no bulk transfer, or the half of one that has no data */
export type TransferOf = (packet: Uint8Array) => BulkTransfer | null;

const TRANSFER_BULK = 3;
const DIRECTION_IN = 0x80;
const LINUX_EVENT = { SUBMIT: 0x53, COMPLETE: 0x43 } as const;

/** @param headerLength of what Linux puts before the data: 48, or 64 where it was mapped into memory */
export function linuxTransfer(headerLength: 48 | 64): TransferOf {
  return (packet) => {
    if (packet.length < headerLength || packet[9] !== TRANSFER_BULK) return null;
    const isIn = ((packet[10] as number) & DIRECTION_IN) !== 0;
    if (packet[8] !== (isIn ? LINUX_EVENT.COMPLETE : LINUX_EVENT.SUBMIT)) return null;
    return { isIn, device: `${packet[12]}.${packet[13]}.${packet[11]}`, data: packet.subarray(headerLength) };
  };
}

/** Length of the header, IRP, status, function, direction, bus, device, endpoint, transfer type, length of the data. */
const USBPCAP_HEADER_LENGTH = 27;
/** The packet goes from the device's driver up: a request that is done. */
const USBPCAP_DONE = 0x01;

/** As USBPcap captures on Windows; all numbers have the low byte first. */
export function usbpcapTransfer(packet: Uint8Array): BulkTransfer | null {
  if (packet.length < USBPCAP_HEADER_LENGTH || packet[22] !== TRANSFER_BULK) return null;
  const headerLength = (packet[0] as number) | ((packet[1] as number) << 8);
  if (headerLength < USBPCAP_HEADER_LENGTH || headerLength > packet.length) return null;
  const isIn = ((packet[21] as number) & DIRECTION_IN) !== 0;
  const isDone = ((packet[16] as number) & USBPCAP_DONE) !== 0;
  if (isDone !== isIn) return null;
  const bus = (packet[17] as number) | ((packet[18] as number) << 8);
  const device = (packet[19] as number) | ((packet[20] as number) << 8);
  return { isIn, device: `${bus}.${device}`, data: packet.subarray(headerLength) };
}
