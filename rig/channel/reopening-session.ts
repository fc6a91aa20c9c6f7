import { ForwardingSession } from '../../src/hal/forwarding-session.ts';
import type { CardSession, Disposition, Exchange } from '../../src/hal/reader.ts';
import type { OpenChannel } from './open-channel.ts';

/** Opens a channel over a session that was just powered or reset; null: commands go in clear. */
export type Opener = (card: CardSession) => Promise<OpenChannel | null>;

/** A session inside a channel, which a reset of the card ends: opened again at once, or when it is entered again. */
export class ReopeningSession extends ForwardingSession {
  readonly #open: Opener;
  readonly #atOnce: boolean;
  #channel: OpenChannel | null = null;

  private constructor(card: CardSession, open: Opener, atOnce: boolean) {
    super(card);
    this.#open = open;
    this.#atOnce = atOnce;
  }

  /** With its channel open, now and after each reset. @throws {ChannelFailure} {HalError} */
  static async over(card: CardSession, open: Opener): Promise<ReopeningSession> {
    const session = new ReopeningSession(card, open, true);
    await session.enter();
    return session;
  }

  /** In clear, until {@link enter}, and after each reset. */
  static inClear(card: CardSession, open: Opener): ReopeningSession {
    return new ReopeningSession(card, open, false);
  }

  /** Opens the channel unless it is open. @throws {ChannelFailure} {HalError} */
  async enter(): Promise<void> {
    if (this.#channel?.session.open !== true) this.#channel = await this.#open(this.session);
  }

  /** As it was opened last; null: commands go in clear. */
  get channel(): OpenChannel | null {
    return this.#channel;
  }

  transmit(command: Uint8Array): Promise<Exchange> {
    return (this.#channel?.session ?? this.session).transmit(command);
  }

  override async reset(mode: 'warm' | 'cold'): Promise<void> {
    this.#channel?.session.leave();
    this.#channel = null;
    await super.reset(mode);
    if (this.#atOnce) await this.enter();
  }

  override async disconnect(disposition?: Disposition): Promise<void> {
    this.#channel?.session.leave();
    await super.disconnect(disposition);
  }
}
