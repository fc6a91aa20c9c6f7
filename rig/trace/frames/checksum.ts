import { endsInCrcA } from '../../../src/iso-dep/crc-a.ts';

/** CRC_B of ISO/IEC 14443-3: as on the air, the low byte first. */
function crcB(bytes: Uint8Array, length: number): number {
  let crc = 0xffff;
  for (let i = 0; i < length; i++) {
    crc ^= bytes[i] as number;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0x8408;
  }
  return crc ^ 0xffff;
}

/** Whether the last two bytes are the CRC of those before them, that of type A or of type B. */
export function endsWithCrc(frame: Uint8Array): boolean {
  if (endsInCrcA(frame)) return true;
  const length = frame.length - 2;
  if (length < 1) return false;
  return crcB(frame, length) === ((frame[length] as number) | ((frame[length + 1] as number) << 8));
}

const SELECT_CODES: ReadonlySet<number> = new Set([0x93, 0x95, 0x97]);
/** Number of valid bits of a whole SELECT. */
const NVB_ALL = 0x70;

/** Tells which frames have a checksum: those of the anticollision have none. Wants all the frames of a session. */
export class ChecksumRules {
  /** The reader's last frame has an answer without checksum. */
  #answerIsBare = false;

  /** @returns whether a frame of this kind is sent without CRC */
  isBare(from: 'reader' | 'card', frame: Uint8Array): boolean {
    if (from === 'card') return frame.length === 1 || this.#answerIsBare;
    const isShort = frame.length === 1;
    const isAnticollision = SELECT_CODES.has(frame[0] as number) && frame.length < 8 && frame[1] !== NVB_ALL;
    this.#answerIsBare = isShort || isAnticollision;
    return this.#answerIsBare;
  }

  /** @param frame as on the air */
  judge(from: 'reader' | 'card', frame: Uint8Array): 'good' | 'bad' | undefined {
    const isBare = this.isBare(from, frame);
    if (endsWithCrc(frame)) return 'good';
    return isBare || frame.length < 3 ? undefined : 'bad';
  }
}
