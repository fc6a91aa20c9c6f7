import type { LinkedCard } from '../../../src/hal/card-link.ts';
import type { Clock } from '../../../src/hal/clock.ts';
import { ForwardingCard } from '../../../src/hal/forwarding-card.ts';
import type { SerialLine, SerialLineOpener } from '../../../src/hal/serial-line.ts';

/** What was seen between two points of a link since it was last asked. */
export interface Metered {
  /** The card's own time; null where the card is out of sight. */
  readonly cardNs: number | null;
  /** Bytes on the serial line, both ways. */
  readonly serialBytes: number;
  /** From the chip's acknowledgement to its response, without the bytes' own time; null where there is no line. */
  readonly chipNs: number | null;
}

export const UNSEEN: Metered = { cardNs: null, serialBytes: 0, chipNs: null };

const BITS_A_BYTE = 10;
/** `00 00 FF 00 FF 00` */
const ACK_BYTES = 6;

/** @returns nanoseconds that bytes take on a line, 8N1 */
export function serialNs(bytes: number, baudRate: number): number {
  return Math.round((bytes * BITS_A_BYTE * 1e9) / baudRate);
}

/** A card of ours, with a stop watch around each command. */
export class MeteredCard extends ForwardingCard {
  protected override readonly card: LinkedCard;
  readonly #clock: Clock;
  #ns = 0;

  constructor(card: LinkedCard, clock: Clock) {
    super();
    this.card = card;
    this.#clock = clock;
  }

  override powerOn(): void {
    const startNs = this.#clock.nowNs();
    this.card.powerOn();
    this.#ns += this.#clock.nowNs() - startNs;
  }

  override process(command: Uint8Array, offset: number, length: number): number {
    const startNs = this.#clock.nowNs();
    try {
      return this.card.process(command, offset, length);
    } finally {
      this.#ns += this.#clock.nowNs() - startNs;
    }
  }

  take(): Metered {
    const cardNs = this.#ns;
    this.#ns = 0;
    return { cardNs, serialBytes: 0, chipNs: null };
  }
}

/** Opens lines as another does, and counts the bytes on them with their times. */
export class MeteredLines implements SerialLineOpener {
  readonly #opener: SerialLineOpener;
  readonly #clock: Clock;
  #line: MeteredLine | null = null;

  constructor(opener: SerialLineOpener, clock: Clock) {
    this.#opener = opener;
    this.#clock = clock;
  }

  async open(path: string, baudRate: number): Promise<SerialLine> {
    this.#line = new MeteredLine(await this.#opener.open(path, baudRate), this.#clock);
    return this.#line;
  }

  take(): Metered {
    return this.#line?.take() ?? UNSEEN;
  }
}

class MeteredLine implements SerialLine {
  readonly #line: SerialLine;
  readonly #clock: Clock;
  #bytes = 0;
  #chipNs = 0;
  /** Since the host last wrote. */
  #received = 0;
  #acknowledgedNs = 0;
  #lastNs = 0;

  constructor(line: SerialLine, clock: Clock) {
    this.#line = line;
    this.#clock = clock;
  }

  get path(): string {
    return this.#line.path;
  }

  get baudRate(): number {
    return this.#line.baudRate;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#endCommand();
    this.#bytes += bytes.length;
    return this.#line.write(bytes);
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#line.onData((chunk) => {
      const nowNs = this.#clock.nowNs();
      if (this.#received < ACK_BYTES) this.#acknowledgedNs = nowNs;
      this.#received += chunk.length;
      this.#bytes += chunk.length;
      this.#lastNs = nowNs;
      listener(chunk);
    });
  }

  onClose(listener: (reason: Error | null) => void): void {
    this.#line.onClose(listener);
  }

  setBaudRate(baudRate: number): Promise<void> {
    return this.#line.setBaudRate(baudRate);
  }

  flush(): Promise<void> {
    return this.#line.flush();
  }

  close(): Promise<void> {
    return this.#line.close();
  }

  take(): Metered {
    this.#endCommand();
    const taken = { cardNs: null, serialBytes: this.#bytes, chipNs: this.#chipNs };
    this.#bytes = 0;
    this.#chipNs = 0;
    return taken;
  }

  #endCommand(): void {
    const after = this.#received - ACK_BYTES;
    // An adapter that hands over acknowledgement and response together hides what was between.
    if (after > 0) {
      this.#chipNs += Math.max(this.#lastNs - this.#acknowledgedNs - serialNs(after, this.baudRate), 0);
    }
    this.#received = 0;
  }
}
