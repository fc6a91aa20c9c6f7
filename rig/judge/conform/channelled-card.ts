import type { Clock } from '../../../src/hal/clock.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { ChannelFailure } from '../../channel/channel-failure.ts';
import type { OpenChannel } from '../../channel/open-channel.ts';
import type { Opener } from '../../channel/reopening-session.ts';
import type { CardUnderTest, CaseSession } from './card-under-test.ts';
import { ForwardedCard } from './forwarded-card.ts';

/** A card under test that is reached through a secure channel, which each case and each reset opens anew. */
export class ChannelledCard extends ForwardedCard {
  readonly #open: Opener;
  readonly #clock: Clock;
  /** The channel as it was opened last; null: none was. */
  channel: OpenChannel | null = null;

  constructor(card: CardUnderTest, open: Opener, clock: Clock) {
    super(card);
    this.#open = open;
    this.#clock = clock;
  }

  /** Shorter than a header nothing can be protected. */
  override get reach(): CardUnderTest['reach'] {
    const { shortestCommand, longestCommand } = this.card.reach;
    return { shortestCommand: Math.max(shortestCommand, 4), longestCommand };
  }

  async begin(): Promise<CaseSession> {
    const session = await this.card.begin();
    const wire = this.#wireOf(session);
    this.channel?.session.leave();
    this.channel = await this.#open(wire);
    return {
      transmit: (command) => this.#transmit(wire, command),
      power: async (mode) => {
        this.channel?.session.leave();
        this.channel = null;
        await session.power(mode);
        this.channel = await this.#open(wire);
      },
    };
  }

  override async close(): Promise<void> {
    this.channel?.session.leave();
    await this.card.close();
  }

  /** What secure messaging has no form for cannot be judged through it, which says nothing of the card. */
  async #transmit(wire: CardSession, command: Uint8Array): Promise<Uint8Array> {
    try {
      return (await (this.channel?.session ?? wire).transmit(command)).response;
    } catch (error) {
      if (!(error instanceof ChannelFailure) || error.kind !== 'not-protectable') throw error;
      throw new HalError('unsupported', error.message, { cause: error });
    }
  }

  #wireOf(session: CaseSession): CardSession {
    const { reader, atr, protocol } = this.card;
    return {
      reader,
      atr: atr ?? new Uint8Array(0),
      protocol,
      transmit: async (command) => {
        const startNs = this.#clock.nowNs();
        const response = await session.transmit(command);
        return { response, startNs, endNs: this.#clock.nowNs() };
      },
      reset: (mode) => session.power(mode),
      control: () => Promise.reject(new HalError('unsupported', 'a case has no channel to its reader')),
      disconnect: async () => {},
    };
  }
}
