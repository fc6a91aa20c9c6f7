import { ChannelError, parseSecurityInfos } from '../../src/secure-channel/index.ts';
import { readCardSecurity } from '../pki/passive-authentication.ts';
import { ChannelFailure } from './channel-failure.ts';
import type { CardSecurity } from './open-channel.ts';

/**
 * What the signed EF.CardSecurity says.
 * @param trusted X.509 certificates under which its signer is believed; none: it is read, and nobody vouches for it
 * @param at the day on which they must hold
 * @throws {ChannelFailure} `damaged`, `not-genuine`
 */
export function readSignedInfos(content: Uint8Array, trusted: readonly Uint8Array[], at: Date): CardSecurity {
  try {
    const { infos, signer, doubt } = readCardSecurity(content, trusted, at);
    if (trusted.length > 0 && doubt !== null) {
      throw new ChannelFailure('not-genuine', `EF.CardSecurity is not believed: ${doubt}`);
    }
    return { infos: parseSecurityInfos(infos), signer: trusted.length > 0 ? signer : null };
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    throw new ChannelFailure('damaged', `what the card has as EF.CardSecurity cannot be read: ${error.message}`, {
      cause: error,
    });
  }
}
