import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { FaultPlan } from '../faults/plan.ts';
import type { WiredChip } from '../serial/adapter.ts';
import type { Timeline } from '../timeline.ts';
import type { SimulatedChip } from './chips.ts';
import { FLASH_START, SimulatedFlash } from './flash.ts';

const [INIT, ACK, NACK, BUSY] = [0x7f, 0x79, 0x1f, 0x76];
const COMMANDS = [0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44, 0x63, 0x73, 0x82, 0x92];
/** What a chip that is protected from being read out still answers. */
const WHILE_PROTECTED = [0x00, 0x01, 0x02, 0x92];

const RESTART_NS = 5_000_000;
const MS = 1_000_000;
const UID_BYTES = 12;
const POWER_UP_BAUD = 115_200;

export interface Stm32Options {
  readonly chip: SimulatedChip;
  /** 12 bytes. */
  readonly uid: Uint8Array;
  /** Whether the line has even parity; on a pseudo-terminal none can be told. */
  readonly evenParity: boolean;
  readonly readoutProtected?: boolean;
  readonly writeProtected?: readonly number[];
  /** What runs once the program in the flash starts; null: it says nothing on this line. */
  readonly program?: (flash: Uint8Array) => StartedProgram | null;
}

/** What a program of the board says on the line that its bootloader had: 115200 baud, no parity. */
export interface StartedProgram {
  onSend: ((bytes: Uint8Array) => void) | null;
  /** It begins; not before somebody hears it. */
  start(): void;
  receive(bytes: Uint8Array): void;
}

export type Stm32Event =
  | { readonly type: 'power'; readonly power: 'on' | 'off' }
  | { readonly type: 'baud-rate'; readonly baudRate: number }
  | { readonly type: 'command'; readonly code: number; readonly name: string; readonly parameters: Uint8Array }
  | { readonly type: 'refused'; readonly code: number }
  | { readonly type: 'started'; readonly address: number };

const NAMES: Readonly<Record<number, string>> = {
  0: 'Get',
  1: 'Get Version',
  2: 'Get ID',
  17: 'Read Memory',
  33: 'Go',
  49: 'Write Memory',
  68: 'Extended Erase',
  99: 'Write Protect',
  115: 'Write Unprotect',
  130: 'Readout Protect',
  146: 'Readout Unprotect',
};

/** What the program in the ROM waits for: bytes of the line, or time. */
type Wait = { readonly bytes: number } | { readonly ns: number };
type Step = Generator<Wait, void, Uint8Array>;

/** An STM32 that starts into its system memory: the bootloader of AN3155 on a UART, its flash, its option bytes. */
export class SimulatedStm32 implements WiredChip {
  readonly flash: SimulatedFlash;
  baudRate: number = POWER_UP_BAUD;
  /** BOOT0 high: a reset leads into the bootloader. */
  boot0 = true;
  readoutProtected: boolean;
  onSend: ((bytes: Uint8Array) => void) | null = null;
  onEvent: ((event: Stm32Event) => void) | null = null;
  /** Power failed by itself; after so many nanoseconds it is back, or never (null). */
  onPowerFail: ((backAfterNs: number | null) => void) | null = null;
  readonly #options: Stm32Options;
  readonly #timeline: Timeline;
  readonly #faults: FaultPlan;
  readonly #ram: Uint8Array;
  #program: Step | null = null;
  #running: StartedProgram | null = null;
  #wait: Wait | null = null;
  #received: number[] = [];
  #lastBaud = POWER_UP_BAUD;
  #stuck = false;
  #inSync = false;
  #workedNs = 0;
  /** Grows with each reset: what was to happen before does not. */
  #life = 0;

  constructor(timeline: Timeline, faults: FaultPlan, options: Stm32Options) {
    this.#timeline = timeline;
    this.#faults = faults;
    this.#options = options;
    this.flash = new SimulatedFlash(options.chip);
    this.#ram = new Uint8Array(options.chip.ram.size);
    this.readoutProtected = options.readoutProtected === true;
    for (const page of options.writeProtected ?? []) this.flash.writeProtected.add(page);
  }

  get evenParity(): boolean {
    return this.#options.evenParity && this.#running === null;
  }

  /** 12 bytes. */
  get uid(): Uint8Array {
    return this.#options.uid;
  }

  /** How long it has erased and programmed its flash, while its line was silent. */
  get workedNs(): number {
    return this.#workedNs;
  }

  /** Until the first byte has been measured. */
  get measuresSpeed(): boolean {
    return !this.#inSync;
  }

  powerOn(): void {
    this.onEvent?.({ type: 'power', power: 'on' });
    this.reset();
  }

  powerOff(): void {
    this.#stop();
    this.onEvent?.({ type: 'power', power: 'off' });
  }

  /** The reset pin. */
  reset(): void {
    this.#stop();
    if (!this.boot0) {
      this.#started(FLASH_START);
      return;
    }
    this.#program = this.#serve();
    this.#advance(new Uint8Array(0));
  }

  receive(bytes: Uint8Array, baudRate: number): void {
    this.#running?.receive(bytes);
    if (this.#program === null || this.#stuck) return;
    this.#lastBaud = baudRate;
    for (const byte of bytes) this.#received.push(byte);
    this.#feed();
  }

  #stop(): void {
    this.#life++;
    this.#program = null;
    if (this.#running !== null) this.#running.onSend = null;
    this.#running = null;
    this.#wait = null;
    this.#received = [];
    this.#inSync = false;
    this.#stuck = false;
  }

  #started(address: number): void {
    this.#program = null;
    this.onEvent?.({ type: 'started', address });
    const started = this.#options.program?.(this.flash.bytes) ?? null;
    if (started === null) return;
    this.#running = started;
    // It sets the speed of its UART itself.
    [this.baudRate, this.#inSync] = [POWER_UP_BAUD, true];
    started.onSend = (bytes) => this.onSend?.(bytes);
    started.start();
  }

  #feed(): void {
    while (this.#wait !== null && 'bytes' in this.#wait && this.#received.length >= this.#wait.bytes) {
      const bytes = Uint8Array.from(this.#received.splice(0, this.#wait.bytes));
      if (!this.#advance(bytes)) return;
    }
  }

  #advance(bytes: Uint8Array): boolean {
    const life = this.#life;
    const next = this.#program?.next(bytes);
    if (this.#life !== life || next === undefined) return false;
    this.#wait = next.done === true ? null : next.value;
    if (this.#wait !== null && 'ns' in this.#wait) {
      const { ns } = this.#wait;
      this.#timeline.after(ns, () => {
        if (this.#life !== life) return;
        this.#advance(new Uint8Array(0));
        this.#feed();
      });
    }
    return true;
  }

  #send(...bytes: readonly number[]): void {
    if (this.#faults.holds('mute') !== null) return;
    const noise = this.#faults.strikes('garbage') !== null;
    this.onSend?.(Uint8Array.from(bytes, (byte) => (noise ? byte ^ 0xa5 : byte)));
  }

  *#serve(): Step {
    while ((yield { bytes: 1 })[0] !== INIT);
    this.#inSync = true;
    this.baudRate = this.#lastBaud;
    this.onEvent?.({ type: 'baud-rate', baudRate: this.baudRate });
    this.#send(ACK);
    while (this.#program !== null) {
      const [code = 0, complement = 0] = yield { bytes: 2 };
      const known = COMMANDS.includes(code) && (code ^ complement) === 0xff;
      const allowed = known && (!this.readoutProtected || WHILE_PROTECTED.includes(code));
      if (known) {
        this.onEvent?.({ type: 'command', code, name: NAMES[code] ?? '', parameters: new Uint8Array(0) });
        if (this.#faults.strikes('stuck') !== null) {
          this.#stuck = true;
          yield { bytes: Number.POSITIVE_INFINITY };
        }
      }
      if (!allowed || this.#faults.strikes('refuse') !== null) {
        if (known) this.onEvent?.({ type: 'refused', code });
        this.#send(NACK);
        continue;
      }
      this.#send(ACK);
      yield* this.#perform(code);
    }
  }

  *#perform(code: number): Step {
    const { chip } = this.#options;
    switch (code) {
      case 0x00:
        this.#send(COMMANDS.length, chip.version, ...COMMANDS, ACK);
        return;
      case 0x01:
        this.#send(chip.version, 0, 0, ACK);
        return;
      case 0x02:
        this.#send(1, chip.id >> 8, chip.id & 0xff, ACK);
        return;
      case 0x11:
        yield* this.#readMemory();
        return;
      case 0x21:
        yield* this.#go();
        return;
      case 0x31:
        yield* this.#writeMemory();
        return;
      case 0x44:
        yield* this.#extendedErase();
        return;
      case 0x63:
        yield* this.#writeProtect();
        return;
      case 0x73:
        this.flash.writeProtected.clear();
        yield* this.#resetAfterAck();
        return;
      case 0x82:
        this.readoutProtected = true;
        yield* this.#resetAfterAck();
        return;
      case 0x92:
        yield* this.#eraseAll(0, this.flash.pages);
        this.readoutProtected = false;
        yield* this.#resetAfterAck();
        return;
    }
  }

  *#readMemory(): Step {
    const address = yield* this.#address((at) => this.#memoryAt(at, 1) !== null);
    if (address === null) return;
    const [count = 0, complement = 0] = yield { bytes: 2 };
    const content = this.#memoryAt(address, count + 1);
    if ((count ^ complement) !== 0xff || content === null) {
      this.#send(NACK);
      return;
    }
    this.#send(ACK, ...content);
  }

  *#go(): Step {
    const address = yield* this.#address((at) => this.flash.holds(at, 8) || this.#inRam(at, 8));
    if (address === null) return;
    this.#inSync = false;
    this.#started(address);
  }

  *#writeMemory(): Step {
    const address = yield* this.#address((at) => at % 4 === 0 && (this.flash.holds(at, 4) || this.#inRam(at, 4)));
    if (address === null) return;
    const [count = 0] = yield { bytes: 1 };
    const rest = yield { bytes: count + 2 };
    const data = copyBytes(rest.subarray(0, count + 1));
    const sum = rest.reduce((xor, byte) => xor ^ byte, count);
    const fits = this.flash.holds(address, data.length) || this.#inRam(address, data.length);
    if (sum !== 0 || data.length % 4 !== 0 || !fits) {
      this.#send(NACK);
      return;
    }
    if (this.#inRam(address, data.length)) {
      this.#ram.set(data, address - this.#options.chip.ram.address);
    } else {
      if (this.#faults.strikes('bad-flash') !== null) leaveOneBit(data);
      yield* this.#takesTime(this.#options.chip.programMs, (part) => this.flash.program(address, data, part));
    }
    this.#send(ACK);
  }

  *#extendedErase(): Step {
    const [high = 0, low = 0] = yield { bytes: 2 };
    const count = (high << 8) | low;
    if (count >= 0xfff0) {
      const [checksum = 0] = yield { bytes: 1 };
      const range = checksum === (high ^ low) ? this.#bank(count) : null;
      if (range === null) {
        this.#send(NACK);
        return;
      }
      yield* this.#eraseAll(...range);
      this.#send(ACK);
      return;
    }
    const rest = yield { bytes: 2 * (count + 1) + 1 };
    const pages = Array.from({ length: count + 1 }, (_, i) => (rest[2 * i]! << 8) | rest[2 * i + 1]!);
    const sum = rest.reduce((xor, byte) => xor ^ byte, high ^ low);
    if (sum !== 0 || pages.some((page) => page >= this.flash.pages)) {
      this.#send(NACK);
      return;
    }
    for (const page of pages) yield* this.#erasePage(page);
    this.#send(ACK);
  }

  /** Pages of a special erase: from, and before which. */
  #bank(code: number): [number, number] | null {
    const { firstBank } = this.#options.chip;
    if (code === 0xffff) return [0, this.flash.pages];
    if (code === 0xfffe && firstBank !== null) return [0, firstBank];
    if (code === 0xfffd && firstBank !== null) return [firstBank, this.flash.pages];
    return null;
  }

  *#eraseAll(from: number, to: number): Step {
    for (let page = from; page < to; page++) yield* this.#erasePage(page);
  }

  *#erasePage(page: number): Step {
    const more = this.#faults.strikes('slow-erase')?.fault.value ?? 0;
    const ms = (this.#options.chip.eraseMsPerKib * this.#options.chip.pages[page]!) / 1024;
    yield* this.#takesTime(ms + more, (part) => this.flash.erase(page, part));
  }

  *#writeProtect(): Step {
    const [count = 0] = yield { bytes: 1 };
    const rest = yield { bytes: count + 2 };
    if (rest.reduce((xor, byte) => xor ^ byte, count) !== 0) {
      this.#send(NACK);
      return;
    }
    this.flash.writeProtected.clear();
    for (const page of rest.subarray(0, count + 1)) this.flash.writeProtected.add(page);
    yield* this.#resetAfterAck();
  }

  *#resetAfterAck(): Step {
    this.#send(ACK);
    yield { ns: RESTART_NS };
    // Not from inside of the program that ends with it.
    queueMicrotask(() => this.reset());
    yield { bytes: Number.POSITIVE_INFINITY };
  }

  /** Work on the flash; where power fails, half of it is done. */
  *#takesTime(ms: number, work: (part: number) => void): Step {
    const busy = this.#faults.strikes('busy')?.fault.value ?? 0;
    for (let i = 0; i < busy; i++) this.#send(BUSY);
    const failure = this.#faults.strikes('power-fail');
    yield { ns: Math.round((ms * MS) / 2) };
    if (failure !== null) {
      work(0.5);
      const { value } = failure.fault;
      queueMicrotask(() => this.onPowerFail?.(value === 0 ? null : value * 1000 * MS));
      yield { bytes: Number.POSITIVE_INFINITY };
    }
    yield { ns: Math.round((ms * MS) / 2) };
    this.#workedNs += 2 * Math.round((ms * MS) / 2);
    work(1);
  }

  /** Address and checksum. @returns null when it was refused */
  *#address(isValid: (address: number) => boolean): Generator<Wait, number | null, Uint8Array> {
    const bytes = yield { bytes: 5 };
    const address = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (bytes.reduce((xor, byte) => xor ^ byte, 0) !== 0 || !isValid(address)) {
      this.#send(NACK);
      return null;
    }
    this.#send(ACK);
    return address;
  }

  #inRam(address: number, length: number): boolean {
    const { ram } = this.#options.chip;
    return address >= ram.address && address + length <= ram.address + ram.size;
  }

  /** @returns null outside of all memories */
  #memoryAt(address: number, length: number): Uint8Array | null {
    if (this.flash.holds(address, length)) {
      return copyBytes(this.flash.bytes.subarray(address - FLASH_START, address - FLASH_START + length));
    }
    const { ram } = this.#options.chip;
    if (this.#inRam(address, length)) {
      return copyBytes(this.#ram.subarray(address - ram.address, address - ram.address + length));
    }
    return this.#systemMemoryAt(address, length);
  }

  /** Around the unique number, the flash size and the option bytes; the rest reads as 0. */
  #systemMemoryAt(address: number, length: number): Uint8Array | null {
    const { chip, uid } = this.#options;
    const { uidAt, flashSizeAt, protectionAt } = chip;
    const near = (at: number): boolean => address >= (at & ~0xff) && address + length <= (at & ~0xff) + 0x200;
    if (![uidAt, flashSizeAt, ...(protectionAt === null ? [] : [protectionAt])].some(near)) return null;
    const kib = this.flash.bytes.length / 1024;
    return Uint8Array.from({ length }, (_, i) => {
      const at = address + i;
      if (at >= uidAt && at < uidAt + UID_BYTES) return uid[at - uidAt]!;
      if (at === flashSizeAt || at === flashSizeAt + 1) return (kib >> (8 * (at - flashSizeAt))) & 0xff;
      if (protectionAt !== null && (at === protectionAt || at === protectionAt + 1)) {
        return this.#protectionByte(at - protectionAt);
      }
      return 0;
    });
  }

  /** A bit for each sector, 0 for protected. */
  #protectionByte(which: number): number {
    let byte = 0xff;
    for (let bit = 0; bit < 8; bit++) if (this.flash.writeProtected.has(8 * which + bit)) byte &= ~(1 << bit);
    return byte & 0xff;
  }
}

/** The highest bit that is to become 0 stays 1. */
function leaveOneBit(data: Uint8Array): void {
  const at = data.findIndex((byte) => byte !== 0xff);
  const wanted = data[at];
  if (wanted !== undefined) data[at] = wanted | (1 << (31 - Math.clz32(~wanted & 0xff)));
}
