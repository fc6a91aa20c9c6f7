import type { Clock } from '../../../src/hal/clock.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { SessionRecorder } from '../../trace/record/recorded-reader.ts';
import type { CardUnderTest, CaseSession } from './card-under-test.ts';
import { ForwardedCard } from './forwarded-card.ts';

/** A card under test, and all that passes written down. */
export class RecordedCard extends ForwardedCard {
  readonly #recorder: SessionRecorder;
  readonly #clock: Clock;

  constructor(card: CardUnderTest, recorder: SessionRecorder, clock: Clock) {
    super(card);
    this.#recorder = recorder;
    this.#clock = clock;
  }

  /** A case begins with a card that was just switched on. */
  async begin(): Promise<CaseSession> {
    const session = await this.card.begin();
    this.#power('cold');
    return {
      transmit: (command) => this.#transmit(session, command),
      power: async (mode) => {
        await session.power(mode);
        this.#power(mode);
      },
    };
  }

  async #transmit(session: CaseSession, command: Uint8Array): Promise<Uint8Array> {
    this.#recorder.command(command, this.#clock.nowNs());
    try {
      const response = await session.transmit(command);
      this.#recorder.response(response, this.#clock.nowNs());
      return response;
    } catch (error) {
      this.#recorder.note(error instanceof HalError ? error.kind : 'fault', this.#clock.nowNs());
      throw error;
    }
  }

  #power(mode: 'cold' | 'warm'): void {
    this.#recorder.power(mode === 'cold' ? 'on' : 'reset', this.#clock.nowNs(), this.card.atr ?? undefined);
  }
}
