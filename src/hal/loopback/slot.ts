import type { LinkEvent, LinkedCard, LinkLimits } from '../card-link.ts';
import type { Clock } from '../clock.ts';
import { HalError } from '../errors.ts';
import type { Exchange } from '../reader.ts';

/** The card in the slot and who is told about it. */
interface Insertion {
  readonly card: LinkedCard;
  readonly onEvent: ((event: LinkEvent) => void) | undefined;
  /** Told of a bug of the card, which ends the insertion. */
  readonly onFault: (fault: unknown) => void;
}

/** Where the two sides meet: a reader's slot, with or without power, with or without a card. */
export class LoopbackSlot {
  readonly name: string;
  readonly clock: Clock;
  readonly limits: LinkLimits;
  /** Told when a card comes or the reader is plugged in. */
  readonly waiters: Set<() => void> = new Set();
  /** Counts what ends every session: a card taken out, a reader unplugged. */
  generation = 0;
  /** Why the sessions of earlier generations ended. */
  ending: HalError = new HalError('card-removed', 'the card was removed');
  plugged = true;
  #insertion: Insertion | null = null;
  #powered = false;
  #inCard = false;

  constructor(name: string, clock: Clock, limits: LinkLimits) {
    this.name = name;
    this.clock = clock;
    this.limits = limits;
  }

  get occupied(): boolean {
    return this.#insertion !== null;
  }

  get cardPresent(): boolean {
    return this.plugged && this.#insertion !== null;
  }

  /** A copy. */
  atr(): Uint8Array {
    return Uint8Array.from(this.#present().card.atr());
  }

  insert(insertion: Insertion): void {
    this.#insertion = insertion;
    if (this.plugged) this.#attach();
  }

  remove(): void {
    const removed = this.#insertion;
    if (removed === null) return;
    this.#insertion = null;
    this.#endSessions(new HalError('card-removed', 'the card was removed'));
    // A card that is in the middle of a command hears of it when it has come to its end.
    if (!this.#inCard) removed.card.fieldOff();
  }

  unplug(): void {
    if (!this.plugged) return;
    this.plugged = false;
    this.#endSessions(new HalError('reader-lost', `the reader "${this.name}" was unplugged`));
    if (this.#insertion === null) return;
    if (!this.#inCard) this.#insertion.card.fieldOff();
    this.#report('lost');
  }

  plug(): void {
    if (this.plugged) return;
    this.plugged = true;
    if (this.#insertion !== null) this.#attach();
    else this.#wake();
  }

  powerOn(): void {
    if (this.#powered) return;
    this.#tell((card) => card.powerOn());
    this.#powered = true;
    this.#report('power-on');
  }

  powerOff(): void {
    if (!this.#powered) return;
    this.#powered = false;
    this.#tell((card) => card.fieldOff());
    this.#report('field-off');
  }

  warmReset(): void {
    if (!this.#powered) {
      this.powerOn();
      return;
    }
    this.#tell((card) => card.reset());
    this.#report('reset');
  }

  /** @throws {HalError} the way the session of that generation ended */
  exchange(generation: number, command: Uint8Array): Exchange {
    if (generation !== this.generation) throw this.ending;
    if (this.#inCard) throw new Error('the card sent a command to itself');
    const insertion = this.#present();
    const startNs = this.clock.nowNs();
    const length = this.#tell((card) => card.process(command, 0, command.length));
    if (length < 2 || length > this.limits.largestResponse) {
      throw this.#fail(insertion, new RangeError(`the card answered ${length} bytes`));
    }
    const response = new Uint8Array(length);
    response.set(insertion.card.response.subarray(0, length));
    const endNs = this.clock.nowNs();
    if (insertion.onEvent !== undefined) {
      insertion.onEvent({ type: 'exchange', atNs: startNs, doneNs: endNs, command, response });
    }
    return { response, startNs, endNs };
  }

  /** Calls the card; if it was taken out meanwhile, tells it so and throws why. */
  #tell<T>(call: (card: LinkedCard) => T): T {
    const insertion = this.#present();
    const generation = this.generation;
    let result: T;
    this.#inCard = true;
    try {
      result = call(insertion.card);
    } catch (fault) {
      throw this.#fail(insertion, fault);
    } finally {
      this.#inCard = false;
    }
    if (generation !== this.generation) {
      insertion.card.fieldOff();
      throw this.ending;
    }
    return result;
  }

  #present(): Insertion {
    if (this.#insertion === null || !this.plugged) throw this.ending;
    return this.#insertion;
  }

  /** A bug of the card is its link's affair; the reader only sees that the card is gone. */
  #fail(insertion: Insertion, fault: unknown): HalError {
    insertion.onFault(fault);
    const ending = new HalError('card-removed', 'the card failed in the middle of a command', { cause: fault });
    // It may have been taken out before it failed, and another put in.
    if (this.#insertion !== insertion) return ending;
    this.#insertion = null;
    this.#endSessions(ending);
    return ending;
  }

  #attach(): void {
    this.#report('attached');
    this.#wake();
  }

  #wake(): void {
    for (const waiter of [...this.waiters]) waiter();
  }

  #endSessions(ending: HalError): void {
    this.generation++;
    this.ending = ending;
    this.#powered = false;
  }

  #report(type: Exclude<LinkEvent['type'], 'exchange'>): void {
    this.#insertion?.onEvent?.({ type, atNs: this.clock.nowNs() });
  }
}
