/**
 * The class byte of ISO/IEC 7816-4. It is decoded by plain functions over the byte so that nothing is allocated.
 *
 * | CLA | meaning |
 * |---|---|
 * | `000c ssnn` | first interindustry: c chaining, ss secure messaging, nn channel 0 to 3 |
 * | `01sc nnnn` | further interindustry: s secure messaging, c chaining, nnnn channel 4 to 19 |
 * | `001x xxxx` | reserved |
 * | `1xxx xxxx` | proprietary, but FF, which is invalid; what the other bits mean is for the application to say |
 */
export type SecureMessagingIndication = 'none' | 'proprietary' | 'header-not-authenticated' | 'header-authenticated';

export function isInterindustry(cla: number): boolean {
  return (cla & 0xe0) === 0x00 || (cla & 0xc0) === 0x40;
}

export function isProprietary(cla: number): boolean {
  return (cla & 0x80) !== 0 && cla !== 0xff;
}

/** Logical channel 0 to 19 of an interindustry class byte. */
export function logicalChannel(cla: number): number {
  return (cla & 0x40) !== 0 ? 4 + (cla & 0x0f) : cla & 0x03;
}

/** Logical channel of a class byte, interindustry or proprietary; null for FF and the reserved ones, which have none. */
export function channelOfClass(cla: number): number | null {
  if (isInterindustry(cla)) return logicalChannel(cla);
  return isProprietary(cla) ? proprietaryChannel(cla) : null;
}

/** Whether more commands of the chain follow. A proprietary class has no such bit. */
export function isChained(cla: number): boolean {
  return (cla & 0x90) === 0x10;
}

/** A proprietary class byte on channel 0: `1xxx xxnn` as Java Card and GlobalPlatform have it, nn the channel 0 to 3. */
export function proprietaryClass(cla: number): number {
  return cla & 0xfc;
}

/** Logical channel 0 to 3 of a proprietary class byte. */
export function proprietaryChannel(cla: number): number {
  return cla & 0x03;
}

/** Whether the command comes under secure messaging of any kind. */
export function usesSecureMessaging(cla: number): boolean {
  return (cla & 0x40) !== 0 ? (cla & 0x20) !== 0 : (cla & 0x0c) !== 0;
}

/** Which secure messaging an interindustry class byte announces; the further classes know one kind only. */
export function secureMessagingIndication(cla: number): SecureMessagingIndication {
  if ((cla & 0x40) !== 0) return (cla & 0x20) !== 0 ? 'header-not-authenticated' : 'none';
  switch (cla & 0x0c) {
    case 0x04:
      return 'proprietary';
    case 0x08:
      return 'header-not-authenticated';
    case 0x0c:
      return 'header-authenticated';
    default:
      return 'none';
  }
}

/** The class byte with its chaining bit cleared: what all the commands of a chain share. */
export function withoutChaining(cla: number): number {
  return isChained(cla) ? cla & ~0x10 : cla;
}

/** Class byte for a channel 0 to 19 with no secure messaging and no chaining. @throws {RangeError} */
export function classByte(channel: number): number {
  if (!Number.isInteger(channel) || channel < 0 || channel > 19) throw new RangeError(`no logical channel ${channel}`);
  return channel < 4 ? channel : 0x40 | (channel - 4);
}
