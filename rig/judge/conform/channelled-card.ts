import { formatStatusWord, SW } from '../../../src/apdu/status-word.ts';
import type { Clock } from '../../../src/hal/clock.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { ChannelError } from '../../../src/secure-channel/channel-error.ts';
import { ChannelFailure } from '../../channel/channel-failure.ts';
import type { OpenChannel } from '../../channel/open-channel.ts';
import type { Opener } from '../../channel/reopening-session.ts';
import { AnswerNotBelieved, type CardUnderTest, type CaseSession, NotCarried } from './card-under-test.ts';
import { ForwardedCard } from './forwarded-card.ts';

/** Logical channel not supported, secure messaging not supported: said in clear, because there is no session for it. */
const OUTSIDE: readonly number[] = [SW.CHANNEL_NOT_SUPPORTED, SW.SECURE_MESSAGING_NOT_SUPPORTED];

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

  /**
   * What secure messaging has no form for, and what the card takes on no channel with secure messaging, is not judged
   * through it.
   */
  async #transmit(wire: CardSession, command: Uint8Array): Promise<Uint8Array> {
    try {
      return (await (this.channel?.session ?? wire).transmit(command)).response;
    } catch (error) {
      if (!(error instanceof ChannelFailure)) throw error;
      if (error.kind === 'not-protectable') throw new NotCarried(error.message, { cause: error });
      const status = error.cause instanceof ChannelError ? error.cause.status : undefined;
      if (status === undefined || !OUTSIDE.includes(status))
        throw new AnswerNotBelieved(error.message, { cause: error });
      const words = `the card answers this command outside of the channel (${formatStatusWord(status)})`;
      throw new NotCarried(words, { cause: error });
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
