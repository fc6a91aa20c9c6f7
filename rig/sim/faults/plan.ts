/** Faults of one board, and when they strike. */

/** What an occasion of a fault is: a thing counted from 1, or nothing when the fault is a state. */
export interface FaultDescription {
  readonly what: string;
  /** What `@N` counts; null for a fault that simply holds. */
  readonly counts: string | null;
  /** What `=VALUE` says, its unit, its bounds and what holds without it; null when there is none. */
  readonly value: {
    readonly what: string;
    readonly least: number;
    readonly most: number;
    readonly absent: number;
  } | null;
}

const BIT: FaultDescription['value'] = { what: 'bit 0 to 7', least: 0, most: 7, absent: 0 };

export type FaultName =
  | 'lose-ack'
  | 'lose-response'
  | 'flip-to-chip'
  | 'flip-to-host'
  | 'flip-air'
  | 'lose-air'
  | 'stuck'
  | 'mute'
  | 'garbage'
  | 'unplug'
  | 'release'
  | 'deaf-gap'
  | 'slow-host'
  | 'latency-timer'
  | 'weak-antenna'
  | 'rom-fail'
  | 'ram-fail'
  | 'other-chip'
  | 'old-firmware'
  | 'sam-first'
  | 'slow-chip'
  | 'lose-to-chip'
  | 'lose-to-host'
  | 'refuse'
  | 'busy'
  | 'slow-erase'
  | 'bad-flash'
  | 'power-fail'
  | 'wrong-clock'
  | 'bad-cell'
  | 'bad-page'
  | 'silent-chip';

/** Every fault, as `--fault BOARD:NAME[=VALUE][@WHEN]` and fault files name it. */
export const FAULTS: Readonly<Record<FaultName, FaultDescription>> = {
  'lose-ack': { what: "the chip's ACK frame is not sent", counts: 'ACK frames', value: null },
  'lose-response': { what: 'a response frame is not sent; NACK still fetches it', counts: 'responses', value: null },
  'flip-to-chip': { what: 'a bit is wrong on the way to the chip', counts: 'bytes to the chip', value: BIT },
  'flip-to-host': { what: 'a bit is wrong on the way to the host', counts: 'bytes to the host', value: BIT },
  'flip-air': { what: 'a bit is wrong in a frame that this board sends on air', counts: 'frames on air', value: BIT },
  'lose-air': { what: 'a frame that this board sends on air is heard by nobody', counts: 'frames on air', value: null },
  stuck: { what: 'the chip takes a command, then says nothing until it is unplugged', counts: 'commands', value: null },
  mute: { what: 'the chip says nothing at all', counts: null, value: null },
  garbage: { what: 'what the chip sends is noise', counts: 'frames to the host', value: null },
  unplug: {
    what: 'the adapter is pulled out after a byte',
    counts: 'bytes both ways',
    value: { what: 'seconds until it is plugged in again', least: 0, most: 3600, absent: 0 },
  },
  release: {
    what: 'the reader has left (status 29): as seen by TgGetData, TgSetData, TgGetInitiatorCommand, TgResponseToInitiator',
    counts: 'such commands',
    value: null,
  },
  'deaf-gap': { what: 'a raw target hears nothing between two TgGetInitiatorCommand', counts: null, value: null },
  'slow-host': {
    what: 'what the host writes comes late',
    counts: 'writes of the host',
    value: { what: 'milliseconds', least: 1, most: 60_000, absent: 50 },
  },
  'latency-timer': {
    what: 'the adapter holds what the chip sends until 62 bytes or this time',
    counts: null,
    value: { what: 'milliseconds', least: 1, most: 255, absent: 16 },
  },
  'weak-antenna': {
    what: 'the antenna draws too little current: Diagnose 07 fails and no card is fed',
    counts: null,
    value: { what: 'milliamperes', least: 0, most: 14, absent: 3 },
  },
  'rom-fail': { what: 'Diagnose 01 finds the ROM damaged', counts: null, value: null },
  'ram-fail': { what: 'Diagnose 02 finds the RAM damaged', counts: null, value: null },
  'other-chip': {
    what: 'the chip is another one',
    counts: null,
    value: { what: 'IC byte, decimal', least: 0, most: 255, absent: 0x33 },
  },
  'old-firmware': {
    what: 'the firmware is 1.x',
    counts: null,
    value: { what: 'x', least: 0, most: 5, absent: 4 },
  },
  'sam-first': {
    what: 'after power on the chip takes no command before SAMConfiguration',
    counts: null,
    value: null,
  },
  'slow-chip': {
    what: 'a response is late',
    counts: 'commands',
    value: { what: 'milliseconds', least: 1, most: 60_000, absent: 400 },
  },
  'lose-to-chip': { what: 'a byte to the chip is lost', counts: 'bytes to the chip', value: null },
  'lose-to-host': { what: 'a byte to the host is lost', counts: 'bytes to the host', value: null },
  refuse: { what: 'the bootloader refuses a command (NACK)', counts: 'commands', value: null },
  busy: {
    what: 'the bootloader sends BUSY (76) while it erases or writes',
    counts: 'erases and writes',
    value: { what: 'how many', least: 1, most: 100, absent: 3 },
  },
  'slow-erase': {
    what: 'erasing a page takes longer',
    counts: 'pages erased',
    value: { what: 'milliseconds more', least: 1, most: 60_000, absent: 2000 },
  },
  'bad-flash': { what: 'a bit of a block that is written stays 1', counts: 'blocks written', value: null },
  'power-fail': {
    what: 'power fails in the middle of erasing a page or writing a block',
    counts: 'pages erased and blocks written',
    value: { what: 'seconds until it is back', least: 0, most: 3600, absent: 0 },
  },
  'wrong-clock': {
    what: 'the clock of the board that runs the firmware is too fast',
    counts: null,
    value: { what: 'percent', least: 1, most: 1000, absent: 8 },
  },
  'bad-cell': { what: 'a cell of its RAM holds 00', counts: null, value: null },
  'bad-page': { what: 'a page of its flash was set aside', counts: null, value: null },
  'silent-chip': { what: 'its PN532 does not answer', counts: null, value: null },
};

export const FAULT_NAMES: readonly FaultName[] = Object.keys(FAULTS) as FaultName[];

/** Faults that a board in its bootloader may have: those of the line, and its own. */
export const BOOTLOADER_FAULTS: readonly FaultName[] = [
  'flip-to-chip',
  'flip-to-host',
  'lose-to-chip',
  'lose-to-host',
  'stuck',
  'mute',
  'garbage',
  'unplug',
  'slow-host',
  'latency-timer',
  'refuse',
  'busy',
  'slow-erase',
  'bad-flash',
  'power-fail',
  'wrong-clock',
  'bad-cell',
  'bad-page',
  'silent-chip',
];

/** Strikes on the occasions `from` to `to`, both counted in. */
export interface Fault {
  readonly name: FaultName;
  readonly value: number;
  readonly from: number;
  readonly to: number;
}

/** The faults of one board. It counts the occasions. */
export class FaultPlan {
  readonly #faults: readonly Fault[];
  readonly #counts = new Map<FaultName, number>();
  /** Told of each fault that strikes. */
  onStrike: ((fault: Fault, occasion: number) => void) | null = null;

  constructor(faults: readonly Fault[] = []) {
    this.#faults = faults;
  }

  /** A fault that is a state. */
  holds(name: FaultName): Fault | null {
    return this.#faults.find((fault) => fault.name === name) ?? null;
  }

  /** Counts an occasion, or several. @returns what strikes on it, or on the first of them on which something does */
  strikes(name: FaultName, occasions = 1): { readonly fault: Fault; readonly at: number } | null {
    if (this.holds(name) === null) return null;
    const before = this.#counts.get(name) ?? 0;
    this.#counts.set(name, before + occasions);
    for (let at = 1; at <= occasions; at++) {
      const fault = this.#faults.find(
        (each) => each.name === name && before + at >= each.from && before + at <= each.to,
      );
      if (fault === undefined) continue;
      this.onStrike?.(fault, before + at);
      return { fault, at: at - 1 };
    }
    return null;
  }
}
