import { ChannelError, parseSecurityInfos, standardizedParameters } from '../../../../src/secure-channel/index.ts';
import { ChannelFailure } from '../../../channel/channel-failure.ts';
import type { ChosenPace } from '../../../channel/pace.ts';
import { EF_CARD_ACCESS, readSecurityFile, type Send } from '../../../channel/security-file.ts';
import { wholeAnswer } from '../../../channel/whole-answer.ts';
import type { CardUnderTest } from '../card-under-test.ts';
import type { CardDeclaration } from '../declaration.ts';

/**
 * Finds out what the card offers: EF.CardAccess is read once, before the first case.
 * @returns the declaration with its channel; as it was where the card has no PACE that is built here, or no password of
 *   it is known
 * @throws {HalError}
 */
export async function withChannel(declaration: CardDeclaration, card: CardUnderTest): Promise<CardDeclaration> {
  const words = declaration.channelWords;
  if (words?.passwords.CAN === undefined) return declaration;
  const session = await card.begin();
  const send: Send = (command) => wholeAnswer((apdu) => session.transmit(apdu), command);
  const cardAccess = await readAccess(send);
  if (cardAccess === null) return declaration;
  const offers = offersOf(cardAccess);
  if (offers.length === 0) return declaration;
  return { ...declaration, channel: { ...words, offers, cardAccess, terminal: null } };
}

async function readAccess(send: Send): Promise<Uint8Array | null> {
  try {
    return await readSecurityFile(send, EF_CARD_ACCESS);
  } catch (error) {
    if (error instanceof ChannelFailure) return null;
    throw error;
  }
}

/** Every PACE that is built here, the card's first in front. */
function offersOf(cardAccess: Uint8Array): readonly ChosenPace[] {
  try {
    return parseSecurityInfos(cardAccess).flatMap((info): ChosenPace[] => {
      if (info.kind !== 'pace' || info.protocol === null || info.parameterId === null || info.version !== 2) return [];
      const parameters = standardizedParameters(info.parameterId);
      return parameters === null ? [] : [{ ...info.protocol, parameterId: info.parameterId, curve: parameters.curve }];
    });
  } catch (error) {
    if (error instanceof ChannelError) return [];
    throw error;
  }
}
