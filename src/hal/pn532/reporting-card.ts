import { copyBytes } from '../../apdu/copy-bytes.ts';
import type { DistantCard, LinkEvent, LinkedCard } from '../card-link.ts';
import type { Clock } from '../clock.ts';
import type { ServedCard } from './target-loop.ts';

/** Stands between a link and its card, and reports what happens. */
export class ReportingCard implements ServedCard {
  readonly #card: LinkedCard | DistantCard;
  readonly #clock: Clock;
  readonly #onEvent: ((event: LinkEvent) => void) | undefined;
  #state: 'off' | 'on' | 'deselected' = 'off';
  /** Why a card in another reader could not answer: not to be taken for a fault of the board. */
  failure: unknown = null;
  readonly expectedMicroseconds?: (command: Uint8Array, offset: number, length: number) => number;

  constructor(card: LinkedCard | DistantCard, clock: Clock, onEvent: ((event: LinkEvent) => void) | undefined) {
    this.#card = card;
    this.#clock = clock;
    this.#onEvent = onEvent;
    if (card.expectedMicroseconds !== undefined) {
      this.expectedMicroseconds = (command, offset, length) => card.expectedMicroseconds!(command, offset, length);
    }
  }

  get response(): Uint8Array {
    return this.#card.response;
  }

  atr(): Uint8Array {
    return this.#card.atr();
  }

  get deselected(): boolean {
    return this.#state === 'deselected';
  }

  activated(): void {
    if (this.#state === 'off') this.powerOn();
    else this.reset();
    this.#state = 'on';
  }

  released(deselected: boolean): void {
    if (this.#state !== 'on') return;
    if (deselected) this.deselect();
    else this.fieldOff();
  }

  powerOn(): void {
    this.#state = 'on';
    this.#card.powerOn();
    this.report('power-on');
  }

  reset(): void {
    this.#card.reset();
    this.report('reset');
  }

  fieldOff(): void {
    this.#state = 'off';
    this.#card.fieldOff();
    this.report('field-off');
  }

  deselect(): void {
    this.#state = 'deselected';
    this.#card.deselect();
    this.report('deselect');
  }

  /** The link ends, or its device has gone: the card is told, whatever it knew. */
  unplugged(): void {
    this.#state = 'off';
    this.#card.fieldOff();
  }

  process(command: Uint8Array, offset: number, length: number): number | Promise<number> {
    const atNs = this.#clock.nowNs();
    const answered = this.#card.process(command, offset, length);
    if (typeof answered !== 'number') return this.#later(answered, copyBytes(command, offset, offset + length), atNs);
    if (this.#onEvent !== undefined) this.#exchanged(command.subarray(offset, offset + length), answered, atNs);
    return answered;
  }

  async #later(answer: Promise<number>, command: Uint8Array, atNs: number): Promise<number> {
    let answered: number;
    try {
      answered = await answer;
    } catch (error) {
      this.failure = error;
      throw error;
    }
    this.#exchanged(command, answered, atNs);
    return answered;
  }

  #exchanged(command: Uint8Array, answered: number, atNs: number): void {
    const response = this.#card.response.subarray(0, answered);
    this.#onEvent?.({ type: 'exchange', atNs, doneNs: this.#clock.nowNs(), command, response });
  }

  report(type: Exclude<LinkEvent['type'], 'exchange'>): void {
    this.#onEvent?.({ type, atNs: this.#clock.nowNs() });
  }
}
