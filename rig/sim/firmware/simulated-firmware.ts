import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { Card } from '../../../src/applet/card.ts';
import type { CardPort } from '../../../src/applet/card-port.ts';
import type { FaultPlan } from '../faults/plan.ts';
import type { StartedProgram } from '../stm32/bootloader.ts';
import type { Timeline } from '../timeline.ts';

/** Numbers of the firmware's line to its host, written apart from the driver's. */
const [POWER_OFF, POWER_ON, RESET, RESTART, GET_ATR, TO_BOARD] = [0, 1, 2, 3, 4, 5];
const [CARD, HOLDER, FIGURES, SELF_TEST] = [0, 1, 2, 3];
const [CLOCK, RAM, FLASH, CHIP] = [0, 1, 2, 3];
const ECHO = 0xec;
const NOT_HERE = 0xff;
const INTERFACES = ['contact', 'contactless', 'wired'];
const PAUSE_NS = 1_000_000_000;
const BOOT_NS = 20_000_000;
/** What a command takes in the card of a simulated board. */
const COMMAND_US = 1000;
const RAM_TESTED = 32 * 1024;
const FLASH_PAGES = 16;

/** A board whose firmware is a card: what it says on the UART to its host. Time in the card passes, and is always the same. */
export class SimulatedFirmware implements StartedProgram {
  onSend: ((bytes: Uint8Array) => void) | null = null;
  readonly #timeline: Timeline;
  readonly #faults: FaultPlan;
  readonly #card: Card;
  readonly #port: CardPort;
  readonly #screen: CardPort | null;
  #held: number[] = [];
  #heardAtNs = 0;
  #announced = false;
  #longestUs = 0;
  #startedAtNs = 0;

  constructor(timeline: Timeline, faults: FaultPlan, card: Card) {
    this.#timeline = timeline;
    this.#faults = faults;
    this.#card = card;
    this.#port = card.port();
    this.#screen = card.holder.present ? card.port('wired') : null;
    this.#screen?.powerOn();
  }

  start(): void {
    this.#startedAtNs = this.#timeline.nowNs();
    this.#timeline.after(BOOT_NS, () => this.#answer());
  }

  receive(bytes: Uint8Array): void {
    const nowNs = this.#timeline.nowNs();
    if (nowNs - this.#heardAtNs > PAUSE_NS) [this.#held, this.#announced] = [[], false];
    this.#heardAtNs = nowNs;
    this.#held.push(...bytes);
    for (;;) {
      const [high = 0, low = 0] = this.#held;
      const length = (high << 8) | low;
      if (this.#held.length < 2 + length) return;
      const [, , ...message] = this.#held.splice(0, 2 + length);
      this.#take(Uint8Array.from(message));
    }
  }

  #take(message: Uint8Array): void {
    const announced = this.#announced;
    this.#announced = false;
    if (message.length === 3 && message[0] === ECHO && message[1] === 0) this.#answer(...message);
    else if (announced) this.#answer(...this.#board(message));
    else if (message.length === 1) this.#control(message[0]);
    else if (message.length > 1) this.#command(this.#port, message);
  }

  #control(code: number | undefined): void {
    if (code === POWER_OFF) this.#port.fieldOff();
    else if (code === POWER_ON) this.#port.powerOn();
    else if (code === RESET) this.#port.reset();
    else if (code === RESTART) this.start();
    else if (code === TO_BOARD) this.#announced = true;
    else if (code === GET_ATR) this.#answer(...this.#port.atr());
  }

  #command(port: CardPort, command: Uint8Array): void {
    const response = copyBytes(port.response, 0, port.process(command, 0, command.length));
    this.#longestUs = COMMAND_US;
    this.#timeline.after(COMMAND_US * 1000, () => this.#answer(...response));
  }

  #board(message: Uint8Array): readonly number[] {
    const [kind, which] = message;
    if (kind === CARD) {
      const seconds = this.#card.image.holder?.windowSeconds ?? 0;
      return [INTERFACES.indexOf(this.#card.defaultInterface), seconds >> 8, seconds & 0xff];
    }
    if (kind === HOLDER && this.#screen !== null && message.length > 1) {
      const screen = this.#screen;
      return [...copyBytes(screen.response, 0, screen.process(message, 1, message.length - 1))];
    }
    const us = this.#longestUs;
    if (kind === FIGURES) return numbers(BOOT_NS / 1000, us, us, 0, 0, 0, 0, 0, 0, 0, 0);
    return (kind === SELF_TEST && message.length === 2 ? this.#selfTest(which) : null) ?? [NOT_HERE];
  }

  #selfTest(which: number | undefined): readonly number[] | null {
    const holds = (name: Parameters<FaultPlan['holds']>[0]) => this.#faults.holds(name);
    if (which === CLOCK) {
      const us = (this.#timeline.nowNs() - this.#startedAtNs) / 1000;
      return numbers(Math.round(us * (1 + (holds('wrong-clock')?.value ?? 0) / 100)));
    }
    if (which === RAM) return holds('bad-cell') === null ? numbers(RAM_TESTED, 0, 0) : numbers(RAM_TESTED, 2, 0x1234);
    if (which === FLASH) return holds('bad-page') === null ? numbers(FLASH_PAGES, 0, 0) : numbers(FLASH_PAGES, 1, 5);
    if (which === CHIP) return numbers(holds('silent-chip') === null ? 1 : 0);
    return null;
  }

  #answer(...body: readonly number[]): void {
    this.onSend?.(Uint8Array.of(body.length >> 8, body.length & 0xff, ...body));
  }
}

function numbers(...values: readonly number[]): number[] {
  return values.flatMap((value) => [value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 0xff));
}
