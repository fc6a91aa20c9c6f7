/**
 * A pseudo-terminal does not keep the speed at which bytes were written: it is read when they arrive, and by then the host may
 * have changed it. There is one frame after which a host waits for nothing: the ACK that makes the chip change its
 * speed. A host that waits until the ACK has left and then changes its own speed does right, so the ACK counts at the
 * speed before. A host that changes too early looks the same here.
 */

/** ACK with as much of preamble and postamble as a host may leave out. */
const ACKS: readonly (readonly number[])[] = [
  [0x00, 0x00, 0xff, 0x00, 0xff, 0x00],
  [0x00, 0xff, 0x00, 0xff],
];

/**
 * Parts what was read into the ACK that counts at the speed before, if there is one, and what counts at that of now.
 * @param before the speed of the port when it was read last
 * @param now the speed of the port
 * @param chip the speed of the chip
 */
export function atTheirSpeeds(
  bytes: Uint8Array,
  before: number,
  now: number,
  chip: number,
): { readonly ack: Uint8Array; readonly rest: Uint8Array } {
  const ack = before === now || before !== chip ? undefined : ACKS.find((each) => beginsWith(bytes, each));
  const length = ack?.length ?? 0;
  return { ack: bytes.subarray(0, length), rest: bytes.subarray(length) };
}

function beginsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}
