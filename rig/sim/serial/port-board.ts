import type { ModemLines } from '../../../src/hal/serial-line.ts';
import type { SerialAdapter } from './adapter.ts';

/** A simulated board as a port has it at its other end. */
export interface PortBoard {
  readonly name: string;
  readonly adapter: SerialAdapter;
  readonly chip: { readonly baudRate: number };
  readonly plugged: boolean;
  /** Whoever has a port on this board hears here that it comes and goes. */
  onPlugged: ((plugged: boolean) => void) | null;
  /** @param backAfterNs when it is plugged in again by itself; null: never */
  unplug(backAfterNs: number | null): void;
  /** Absent where nothing hangs on them. */
  setModemLines?(lines: ModemLines): void;
}
