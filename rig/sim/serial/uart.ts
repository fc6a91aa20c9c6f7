/** An asynchronous serial line, 8N1, as its receiver samples it. */

/** Start bit, eight data bits with the lowest first, stop bit. */
export const BITS_PER_BYTE = 10;

/** @returns nanoseconds that bytes take on the line */
export function wireNs(bytes: number, baudRate: number, bitsPerByte: number = BITS_PER_BYTE): number {
  return Math.round((bytes * bitsPerByte * 1e9) / baudRate);
}

/**
 * What a receiver at one speed makes of bytes that were sent back to back at another: the line is sampled in the middle
 * of each bit that the receiver expects, from each falling edge on. At the same speed, the same bytes.
 */
export function sampledBytes(sent: Uint8Array, senderBaud: number, receiverBaud: number): Uint8Array {
  if (senderBaud === receiverBaud) return sent;
  /** Bits of the sender in one bit of the receiver. */
  const step = senderBaud / receiverBaud;
  const end = sent.length * BITS_PER_BYTE;
  const received: number[] = [];
  for (let edge = nextFall(sent, 0, end); edge < end; ) {
    if (level(sent, edge + 0.5 * step) === 1) {
      // Too short for a start bit.
      edge = nextFall(sent, Math.max(edge + 1, Math.ceil(edge + 0.5 * step)), end);
      continue;
    }
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) byte |= level(sent, edge + (1.5 + bit) * step) << bit;
    received.push(byte);
    // The stop bit is looked at in its middle; then the next edge may come.
    edge = nextFall(sent, Math.max(edge + 1, Math.ceil(edge + 9.5 * step)), end);
  }
  return Uint8Array.from(received);
}

/** How often the line rises while these bytes are sent: what wakes a sleeping receiver. */
export function risingEdges(byte: number): number {
  let rises = 0;
  let before = 0;
  for (let bit = 0; bit < 8; bit++) {
    const now = (byte >> bit) & 1;
    if (now === 1 && before === 0) rises++;
    before = now;
  }
  // The stop bit.
  return before === 0 ? rises + 1 : rises;
}

function level(sent: Uint8Array, atBit: number): number {
  const bit = Math.floor(atBit);
  const byte = sent[Math.floor(bit / BITS_PER_BYTE)];
  if (byte === undefined) return 1;
  const place = bit % BITS_PER_BYTE;
  if (place === 0) return 0;
  return place === BITS_PER_BYTE - 1 ? 1 : (byte >> (place - 1)) & 1;
}

/** The first bit boundary from `from` on where the line goes from 1 to 0; `end` when there is none. */
function nextFall(sent: Uint8Array, from: number, end: number): number {
  for (let bit = from; bit < end; bit++) {
    if (level(sent, bit) === 0 && (bit === 0 || level(sent, bit - 1) === 1)) return bit;
  }
  return end;
}
