import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { atrOfAts } from '../../../src/hal/pn532/answer-to-reset.ts';
import type { BoardOptions } from '../board.ts';
import { SimulatedBoard } from '../board.ts';
import type { Field } from '../field/field.ts';
import { FROM_HOST, HostFrameReceiver, TO_HOST } from '../pn532/host-frame.ts';
import type { HostPort } from '../serial/adapter.ts';
import { sampledBytes } from '../serial/uart.ts';
import type { Timeline } from '../timeline.ts';
import { withSum } from './chip-frame.ts';
import { parseListedCard } from './listed-card.ts';

export interface Acr122Options extends BoardOptions {
  /** What `FF 00 48 00 00` says; `ACR122U215` by default. */
  readonly firmware?: string;
}

const INNER_BAUD = 115_200;
/** The firmware gives up a command of the chip after this, and says that all is well. */
const PATIENCE_NS = 5_000_000_000;
const WAKE_UP = [0x55, 0x55, ...Array<number>(14).fill(0)];

const OK: readonly number[] = [0x90, 0x00];
const FAILED: Uint8Array = Uint8Array.of(0x63, 0x00);
const NOT_SUPPORTED: Uint8Array = Uint8Array.of(0x6a, 0x81);
const WRONG_LENGTH: Uint8Array = Uint8Array.of(0x67, 0x00);

/** Bits of the PICC operating parameter (FF 00 51). */
const AUTO_POLLING = 0x80;
const DEFAULT_PARAMETER = 0xff;

interface Card {
  readonly uid: Uint8Array;
  readonly ats: Uint8Array | null;
}

/** What the chip said: a response from its code on, a syntax error, or nothing in time. */
type ChipAnswer = Uint8Array | 'syntax-error' | 'silence';

/**
 * A USB reader of the ACR122U class as its APDUs show it: a PN532 and a firmware that lists a card, passes APDUs on to
 * it, and gives the PN532 itself to who asks with `FF 00 00 00`.
 */
export class SimulatedAcr122 implements HostPort {
  readonly name: string;
  readonly board: SimulatedBoard;
  readonly #timeline: Timeline;
  readonly #firmware: string;
  readonly #receiver = new HostFrameReceiver();
  #answered: ((answer: ChipAnswer) => void) | null = null;
  #order: Promise<unknown> = Promise.resolve();
  #started = false;
  #card: Card | null = null;
  #parameter = DEFAULT_PARAMETER;
  #light = 0x02;

  constructor(name: string, timeline: Timeline, field: Field, options: Acr122Options = {}) {
    this.name = name;
    this.#timeline = timeline;
    this.#firmware = options.firmware ?? 'ACR122U215';
    this.board = new SimulatedBoard(name, timeline, field, options);
    this.board.adapter.connect(this);
  }

  /** ATR of the card that was found last, as PC/SC part 3 makes it; without a card that of one without history. */
  get atr(): Uint8Array {
    return atrOfAts(this.#card?.ats ?? null);
  }

  get cardPresent(): boolean {
    return this.#card !== null;
  }

  /** Looks for a card, as the firmware does by itself while it polls. */
  poll(): Promise<boolean> {
    return this.#inOrder(async () => {
      await this.#list();
      return this.#card !== null;
    });
  }

  /** SCardTransmit with a card, or the escape command without: the answer with its status word. */
  transmit(apdu: Uint8Array): Promise<Uint8Array> {
    const copy = copyBytes(apdu);
    return this.#inOrder(() => this.#process(copy));
  }

  deliver(bytes: Uint8Array, baudRate: number): void {
    for (const byte of sampledBytes(bytes, baudRate, INNER_BAUD)) {
      const frame = this.#receiver.push(byte);
      if (frame?.kind !== 'data') continue;
      this.#answered?.(frame.tfi === TO_HOST ? frame.payload : 'syntax-error');
    }
  }

  unplugged(backAfterNs: number | null): void {
    this.#started = false;
    this.#card = null;
    this.board.unplug(backAfterNs);
  }

  async #process(apdu: Uint8Array): Promise<Uint8Array> {
    if (apdu.length < 4) return WRONG_LENGTH;
    if (apdu[0] !== 0xff) return this.#toCard(apdu);
    const [, ins, p1, p2] = apdu as unknown as [number, number, number, number];
    if (ins === 0xca) return this.#getData(p1, p2);
    // Keys, authentication and blocks are for MIFARE Classic, of which there is none.
    if (ins === 0x82) return Uint8Array.from(OK);
    if (ins === 0x86 || ins === 0xb0 || ins === 0xd6) return FAILED;
    if (ins !== 0x00) return NOT_SUPPORTED;
    switch (p1) {
      case 0x00:
        return this.#direct(apdu);
      case 0x40:
        return this.#lights(apdu, p2);
      case 0x41:
      case 0x52:
        return Uint8Array.from(OK);
      case 0x48:
        return new TextEncoder().encode(this.#firmware);
      case 0x50:
        return Uint8Array.of(0x90, this.#parameter);
      case 0x51:
        this.#parameter = p2;
        return Uint8Array.of(0x90, p2);
      default:
        return NOT_SUPPORTED;
    }
  }

  /** `FF 00 00 00 Lc D4 …`. */
  async #direct(apdu: Uint8Array): Promise<Uint8Array> {
    const lc = apdu[4];
    if (lc === undefined || lc < 2 || apdu.length !== 5 + lc) return FAILED;
    if (apdu[5] !== FROM_HOST) return FAILED;
    // Whatever it does, the card that the firmware listed may be gone.
    this.#card = null;
    const answer = await this.#ask(apdu.subarray(6));
    if (answer === 'silence') return Uint8Array.from(OK);
    if (answer === 'syntax-error') return Uint8Array.of(0x7f, ...OK);
    return Uint8Array.of(TO_HOST, ...answer, ...OK);
  }

  /** UID, or ATS. */
  #getData(p1: number, p2: number): Uint8Array {
    if (p2 !== 0x00 || p1 > 0x01) return NOT_SUPPORTED;
    if (this.#card === null) return FAILED;
    const data = p1 === 0x00 ? this.#card.uid : this.#card.ats;
    return data === null ? NOT_SUPPORTED : Uint8Array.of(...data, ...OK);
  }

  /** Bits 1 and 2 of P2 are the final state of red and green, 3 and 4 say whether they are to be changed. */
  #lights(apdu: Uint8Array, p2: number): Uint8Array {
    if (apdu[4] !== 0x04 || apdu.length !== 9) return FAILED;
    const changed = (p2 >> 2) & 0x03;
    this.#light = (this.#light & ~changed) | (p2 & changed);
    return Uint8Array.of(0x90, this.#light);
  }

  async #toCard(apdu: Uint8Array): Promise<Uint8Array> {
    if (this.#card === null && (this.#parameter & AUTO_POLLING) !== 0) await this.#list();
    if (this.#card === null || this.#card.ats === null) return FAILED;
    const answer = await this.#ask(Uint8Array.of(0x40, 0x01, ...apdu));
    if (typeof answer === 'string' || answer[1] !== 0x00) {
      this.#card = null;
      return FAILED;
    }
    return copyBytes(answer, 2);
  }

  async #list(): Promise<void> {
    this.#card = null;
    await this.#ask(Uint8Array.of(0x32, 0x05, 0xff, 0x01, 0x01));
    // A card that another session left selected would not be heard.
    await this.#ask(Uint8Array.of(0x52, 0x00));
    await this.#ask(Uint8Array.of(0x32, 0x01, 0x00));
    const answer = await this.#ask(Uint8Array.of(0x4a, 0x01, 0x00));
    this.#card = typeof answer === 'string' ? null : parseListedCard(answer);
  }

  async #ask(payload: Uint8Array): Promise<ChipAnswer> {
    if (!this.#started) {
      this.#started = true;
      this.board.adapter.fromHost(Uint8Array.from(WAKE_UP), INNER_BAUD);
      await this.#exchange(Uint8Array.of(0x14, 0x01));
    }
    return this.#exchange(payload);
  }

  #exchange(payload: Uint8Array): Promise<ChipAnswer> {
    return new Promise((resolve) => {
      const cancel = this.#timeline.after(PATIENCE_NS, () => this.#answered?.('silence'));
      this.#answered = (answer) => {
        this.#answered = null;
        cancel();
        this.#timeline.yieldToHost();
        resolve(answer);
      };
      this.board.adapter.fromHost(withSum(payload), INNER_BAUD);
    });
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#order.then(work);
    this.#order = mine.catch(() => {});
    return mine;
  }
}
