import { HalError } from '../errors.ts';
import type { FlashDevice } from './flash-device.ts';
import { decodeHeader, decodeRecord, LAST, PAGE_HEADER, padded, RECORD, RECORD_HEADER } from './records.ts';

/**
 * Finds what a loss of power cannot leave: something that was stored whole and lies behind what is read. After power on
 * a new page is begun, so nothing whole stands behind a torn record, and a snapshot that was cut short has no end.
 * @param tip the page up to which the memory was read, by its sequence number; 0: none
 * @param chain pages whose records were read
 * @throws {HalError} `damaged`
 */
export function refuseDamage(device: FlashDevice, tip: number, chain: ReadonlySet<number>): void {
  const bytes = new Uint8Array(device.pageSize);
  let seen = tip;
  const headless: number[] = [];
  for (let page = 0; page < device.pages; page++) {
    device.read(page * device.pageSize, bytes, 0, bytes.length);
    const header = decodeHeader(bytes);
    if (header === null) headless.push(page);
    else {
      seen = Math.max(seen, header.sequence);
      const from = padded(PAGE_HEADER, device.writeGranule);
      const beyond = chain.has(page) ? endOfRecords(bytes, from, header.sequence, device.writeGranule) : from;
      if ((chain.has(page) || header.sequence > tip) && hasEnd(bytes, beyond, header.sequence, device.writeGranule)) {
        throw damaged(page);
      }
    }
  }
  // A page whose header is spoilt: its records tell, if its number can be guessed.
  for (const page of headless) {
    device.read(page * device.pageSize, bytes, 0, bytes.length);
    const told = new DataView(bytes.buffer).getUint32(4, true);
    for (const sequence of new Set([told, tip + 1, seen + 1])) {
      if (sequence > tip && hasEnd(bytes, padded(PAGE_HEADER, device.writeGranule), sequence, device.writeGranule)) {
        throw damaged(page);
      }
    }
  }
}

function endOfRecords(page: Uint8Array, from: number, sequence: number, granule: number): number {
  let at = from;
  for (let record = decodeRecord(page, at, sequence); record !== null; record = decodeRecord(page, at, sequence)) {
    at += padded(RECORD_HEADER + record.length, granule);
  }
  return at;
}

/** Whether the end of something that was stored whole stands anywhere from there on. */
function hasEnd(page: Uint8Array, from: number, sequence: number, granule: number): boolean {
  // `indexOf`, because most pages are erased: a program that looks at every byte of them takes long on a microcontroller.
  for (let at = page.indexOf(RECORD.data, from); at >= 0; at = page.indexOf(RECORD.data, at + 1)) {
    // Data, and the last of what is stored together: of nothing else a checksum is computed.
    if ((at - from) % granule !== 0 || page[at + 1] !== LAST) continue;
    if (decodeRecord(page, at, sequence) !== null) return true;
  }
  return false;
}

export function damaged(page: number): HalError {
  return new HalError('damaged', `the flash is damaged: what was stored in page ${page} cannot be read any more`);
}
