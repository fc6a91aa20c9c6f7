import { toHex } from '../../../src/apdu/hex.ts';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { Clock } from '../../../src/hal/clock.ts';
import { createLoopback } from '../../../src/hal/loopback/index.ts';
import type { CardSession, Reader } from '../../../src/hal/reader.ts';
import type { CardSource } from '../../card/card-source.ts';
import { type OpenedCard, openCard } from '../../card/open.ts';
import { PhoneScreen, unlockInWords } from '../../card/phone-screen.ts';
import { CannotRun } from '../../console/failure.ts';
import { type Metered, MeteredCard } from './meter.ts';
import type { LinkParameters } from './result.ts';
import { type Accounting, type BegunTap, HOST, measured, none, residual, type TapSource } from './source.ts';

const ACCOUNTING: Accounting = {
  residual: 'link',
  layers: {
    card: measured('a clock around each call of the card'),
    air: none('nothing goes over air in process; --what-if rate=106 puts the same bytes there'),
    reader: none('no reader stands between'),
    serial: none('no serial line'),
    link: residual('the loopback link: an exchange without the card'),
    host: HOST,
  },
  stages: {
    detect: none('the card is there'),
    activate: measured('a cold reset of the card'),
    exchanges: measured('each command with its answer'),
    between: HOST,
  },
};

/** A card of ours in this process. */
export class LoopbackSource implements TapSource {
  readonly reader: string;
  readonly card: string;
  readonly seed: string | null;
  readonly protocol = 'direct';
  readonly backend = 'simulated';
  readonly accounting: Accounting = ACCOUNTING;
  readonly link: LinkParameters = { air: null, baudRate: null };
  readonly #metered: MeteredCard;
  readonly #reader: Reader;
  readonly #clock: Clock;
  readonly #stop: () => Promise<void>;
  readonly #screen: PhoneScreen | null;
  readonly #code: Uint8Array | null;

  /** @param code the holder's, typed on the phone before each tap where the card wants it there; null for none */
  static async open(options: {
    readonly card: CardSource;
    readonly interface: CardInterface | null;
    readonly code: Uint8Array | null;
    readonly clock: Clock;
  }): Promise<LoopbackSource> {
    const faults: unknown[] = [];
    const opened = await openCard(options.card, { onFault: (fault) => faults.push(fault) });
    const cardInterface = options.interface ?? opened.card.defaultInterface;
    return new LoopbackSource(opened, cardInterface, options.code, options.clock, faults);
  }

  private constructor(
    opened: OpenedCard,
    cardInterface: CardInterface,
    code: Uint8Array | null,
    clock: Clock,
    faults: readonly unknown[],
  ) {
    const { link, reader } = createLoopback({ interface: cardInterface, clock });
    this.#clock = clock;
    this.#reader = reader;
    this.#metered = new MeteredCard(opened.card.port(cardInterface, link.limits), clock);
    this.#code = code;
    this.#screen =
      code !== null && cardInterface === 'contactless' && opened.card.holder.present
        ? new PhoneScreen(opened.card)
        : null;
    this.reader = `loopback, ${cardInterface}`;
    this.card = opened.description;
    this.seed = opened.seed;
    const served = link.serve(this.#metered);
    // Awaited in the end; a fault before that is seen as a failed tap first.
    served.catch(() => {});
    this.#stop = async () => {
      await reader.close();
      link.stop();
      await served;
      opened.close();
      if (faults.length > 0) throw faults[0];
    };
  }

  /** Whether the code was typed on the phone, and so is none of the reader's. */
  get unlocksItself(): boolean {
    return this.#screen !== null;
  }

  get atr(): string | null {
    return toHex(this.#metered.atr());
  }

  async prepare(): Promise<void> {
    if (this.#screen === null || this.#code === null) return;
    const unlocked = this.#screen.unlock(this.#code);
    if (unlocked.outcome !== 'unlocked') throw new CannotRun(unlockInWords(unlocked));
  }

  async begin(signal: AbortSignal): Promise<BegunTap> {
    this.#metered.take();
    const startNs = this.#clock.nowNs();
    const session = await this.#reader.connect({ timeoutMs: 1000, mode: 'cold', signal });
    const endNs = this.#clock.nowNs();
    return { session, startNs, endNs, metered: this.#metered.take() };
  }

  take(): Metered {
    return this.#metered.take();
  }

  async end(session: CardSession): Promise<void> {
    await session.disconnect('unpower');
  }

  close(): Promise<void> {
    return this.#stop();
  }
}
