import { sameBytes } from '../../../../src/apdu/same-bytes.ts';
import { HalError } from '../../../../src/hal/errors.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import {
  ChannelError,
  parseSecurityInfos,
  type SecurityInfo,
  standardizedParameters,
} from '../../../../src/secure-channel/index.ts';
import { ChannelFailure } from '../../../channel/channel-failure.ts';
import { chipPublicKey, chooseChipAuthentication } from '../../../channel/chip-authentication.ts';
import { openChannel } from '../../../channel/open-channel.ts';
import type { ChosenPace } from '../../../channel/pace.ts';
import { EF_CARD_ACCESS, readSecurityFile, type Send } from '../../../channel/security-file.ts';
import { wholeAnswer } from '../../../channel/whole-answer.ts';
import type { TerminalKeys } from '../../../pki/terminal-keys.ts';
import { testDocumentVerifier, testRoot } from '../../../pki/test-hierarchy.ts';
import type { CardUnderTest } from '../card-under-test.ts';
import type { CardDeclaration } from '../declaration.ts';
import type { TerminalDeclaration } from './channel-declaration.ts';

const crypto = nobleCrypto();

/**
 * Finds out what the card offers: EF.CardAccess is read once, before the first case.
 * @returns the declaration with its channel; as it was where the card has no PACE that is built here, or no password of
 *   it is known
 * @throws {HalError}
 */
export async function withChannel(
  declaration: CardDeclaration,
  card: CardUnderTest,
  keys: TerminalKeys | null = null,
): Promise<CardDeclaration> {
  const words = declaration.channelWords;
  if (words?.passwords.CAN === undefined) return declaration;
  const session = await card.begin();
  const send: Send = (command) => wholeAnswer((apdu) => session.transmit(apdu), command);
  const cardAccess = await readAccess(send);
  if (cardAccess === null) return declaration;
  const offers = offersOf(cardAccess);
  if (offers.length === 0) return declaration;
  const { granted, ...rest } = words;
  const found = keys === null ? null : await chipOf(card, words.passwords.CAN, keys);
  const terminal = found === null || keys === null ? null : { ...found, keys, granted, issuers: issuersOf(keys) };
  return { ...declaration, channel: { ...rest, offers, cardAccess, terminal } };
}

/**
 * The chip's own key, from EF.CardSecurity: in a channel that was opened the right way.
 * @returns null where the card does not trust this terminal, or has no chip authentication
 */
async function chipOf(
  card: CardUnderTest,
  can: Uint8Array,
  terminal: TerminalKeys,
): Promise<Pick<TerminalDeclaration, 'chip' | 'chipKey'> | null> {
  let infos: readonly SecurityInfo[] = [];
  const session = await card.begin();
  const { atr, protocol, reader } = card;
  try {
    const { session: opened } = await openChannel(
      {
        reader,
        atr: atr ?? new Uint8Array(0),
        protocol,
        transmit: async (command) => ({ response: await session.transmit(command), startNs: 0, endNs: 0 }),
        reset: (mode) => session.power(mode),
        control: () => Promise.reject(new HalError('unsupported', 'a case has no channel to its reader')),
        disconnect: async () => {},
      },
      {
        crypto,
        random: systemRandom,
        clock: { nowNs: () => 0 },
        password: { name: 'CAN', bytes: can },
        terminal,
        readCardSecurity: async (content) => {
          const { readSignedInfos } = await import('../../../channel/card-security.ts');
          const security = await readSignedInfos(content, [], new Date(1000 * systemClock.wallSeconds()));
          infos = security.infos;
          return security;
        },
      },
    );
    opened.leave();
    const chip = chooseChipAuthentication(infos);
    return chip === null ? null : { chip, chipKey: chipPublicKey(infos, chip) };
  } catch (error) {
    if (error instanceof ChannelFailure) return null;
    throw error;
  }
}

/** The test hierarchy's keys are known to everybody; those of another are its owner's. */
function issuersOf({ certificates }: TerminalKeys): TerminalDeclaration['issuers'] {
  const [root, verifier] = [testRoot(crypto), testDocumentVerifier(crypto)];
  const isTest = certificates.some((each) => sameBytes(each, verifier.certificate));
  return isTest ? { root, verifier } : null;
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
