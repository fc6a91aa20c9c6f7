import type { Clock } from '../../src/hal/clock.ts';
import type { Crypto } from '../../src/hal/crypto.ts';
import type { CardSession } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { systemRandom } from '../../src/hal/system/random.ts';
import type { CommandIo } from '../console/io.ts';
import { ChannelFailure } from './channel-failure.ts';
import { type ChannelChoice, mayOpen } from './choice.ts';
import type { ChannelCredentials } from './credentials.ts';
import type { ChannelRequest, OpenChannel } from './open-channel.ts';

type Hooks = Pick<ChannelRequest, 'onExchange' | 'onKeys'>;

/** What a verb opens channels with, one for each session with a card. */
export class ReaderChannel {
  readonly #crypto: Crypto;
  readonly #credentials: ChannelCredentials;
  readonly #clock: Pick<Clock, 'nowNs'>;

  private constructor(crypto: Crypto, credentials: ChannelCredentials, clock: Pick<Clock, 'nowNs'>) {
    this.#crypto = crypto;
    this.#credentials = credentials;
    this.#clock = clock;
  }

  /**
   * @param ownCard whether the card is one of ours in process, which trusts the test terminal
   * @returns null: no channel is to be opened
   * @throws {CannotRun} {UsageError} as {@link readCredentials}
   */
  static async from(choice: ChannelChoice, io: CommandIo, ownCard: boolean): Promise<ReaderChannel | null> {
    if (!mayOpen(choice, io.env)) return null;
    // A tap in clear does not pay for what opens channels.
    const [{ nobleCrypto }, { readCredentials }] = await Promise.all([
      import('../../src/hal/noble/index.ts'),
      import('./credentials.ts'),
    ]);
    const crypto = nobleCrypto();
    const credentials = await readCredentials(choice, io, crypto, ownCard);
    return credentials === null ? null : new ReaderChannel(crypto, credentials, systemClock);
  }

  /**
   * @returns null: nobody asked for a channel, only a code was there, and the card has no PACE
   * @throws {ChannelFailure} {HalError} the signal's reason
   */
  async open(session: CardSession, signal: AbortSignal, hooks: Hooks = {}): Promise<OpenChannel | null> {
    const { password, terminal, required } = this.#credentials;
    const { openChannel } = await import('./open-channel.ts');
    try {
      return await openChannel(session, {
        crypto: this.#crypto,
        random: systemRandom,
        clock: this.#clock,
        password,
        terminal,
        readCardSecurity: async (content) => {
          const { readSignedInfos } = await import('./card-security.ts');
          return readSignedInfos(content, terminal?.signers ?? [], new Date(1000 * systemClock.wallSeconds()));
        },
        signal,
        ...hooks,
      });
    } catch (error) {
      if (!required && error instanceof ChannelFailure && error.kind === 'not-offered') return null;
      throw error;
    }
  }

  /** Overwrites code and private key. */
  wipe(): void {
    this.#credentials.wipe();
  }
}
