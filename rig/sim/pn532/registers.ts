import { type BitRate, RATE_OF_CODE } from '../../../src/iso-dep/bit-rate.ts';

/** Registers of the contactless interface (CIU) and special function registers that mean something to the simulation. */
export const CIU = {
  Mode: 0x6301,
  /** b8: CRC on what is sent. */
  TxMode: 0x6302,
  /** b8: CRC on what is received. */
  RxMode: 0x6303,
  TxControl: 0x6304,
  TxAuto: 0x6305,
  ManualRCV: 0x630d,
  /** b3 to b1: valid bits of the last received byte, 0 for all. */
  Control: 0x633c,
  /** b3 to b1: bits of the last byte to send, 0 for all. */
  BitFraming: 0x633d,
} as const;

const CRC_ENABLED = 0x80;
const FRAMING = 0x03;
const LAST_BITS = 0x07;

/** As the firmware leaves them after reset; all others read 00. */
const RESET_VALUES: ReadonlyMap<number, number> = new Map([
  [CIU.Mode, 0x3b],
  [CIU.TxMode, CRC_ENABLED],
  [CIU.RxMode, CRC_ENABLED],
  [CIU.TxControl, 0x80],
]);

export class Registers {
  readonly #values = new Map<number, number>(RESET_VALUES);

  reset(): void {
    this.#values.clear();
    for (const [address, value] of RESET_VALUES) this.#values.set(address, value);
  }

  read(address: number): number {
    return this.#values.get(address) ?? 0x00;
  }

  write(address: number, value: number): void {
    this.#values.set(address, value);
  }

  get addsCrc(): boolean {
    return (this.read(CIU.TxMode) & CRC_ENABLED) !== 0;
  }

  get checksCrc(): boolean {
    return (this.read(CIU.RxMode) & CRC_ENABLED) !== 0;
  }

  /** Whether frames are those of type A; others are noise to its cards. */
  get sendsTypeA(): boolean {
    return (this.read(CIU.TxMode) & FRAMING) === 0;
  }

  /** Times 106 kbit/s. */
  get sendRate(): BitRate {
    return RATE_OF_CODE[(this.read(CIU.TxMode) >> 4) & 0x07] ?? 8;
  }

  /** Bits of the last byte to send; 8 for all. */
  get lastBitsToSend(): number {
    return this.read(CIU.BitFraming) & LAST_BITS || 8;
  }

  /** @param bits received in the last byte, 8 for all */
  setLastBitsReceived(bits: number): void {
    this.write(CIU.Control, (this.read(CIU.Control) & ~LAST_BITS) | (bits & LAST_BITS));
  }
}
