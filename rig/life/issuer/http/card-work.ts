import type { SigningKeys } from '../../../../src/applet/vitale/index.ts';
import type { Clock } from '../../../../src/hal/clock.ts';
import type { Crypto } from '../../../../src/hal/crypto.ts';
import type { Random } from '../../../../src/hal/random.ts';
import type { TerminalKeys } from '../../../pki/terminal-keys.ts';
import type { X509Holder } from '../../../pki/x509.ts';
import type { InnerCwt, IssuerSigner } from '../../credential/inner-cwt.ts';
import { issueInnerCwt, issueReaderCwt } from '../../credential/issue-inner-cwt.ts';
import { OfflineQrTooLong } from '../../credential/offline-qr.ts';
import { activationFacts } from '../activation.ts';
import { type IssuerTerminal, makeOperational, type PublicKeys, personaliseCard } from '../personalise.ts';
import { IssuerRefusal } from '../refusals.ts';
import { cardClaimsOf } from '../registry.ts';
import type { IssuerStore } from '../store.ts';
import type { CardWork } from './issuer-http.ts';

/** With what the issuer fills cards. */
export interface CardWorkshop {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly clock: Pick<Clock, 'nowNs'>;
  readonly store: IssuerStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly names: { readonly issuer: string; readonly statusList: string };
  readonly signer: IssuerSigner;
  readonly documentSigner: X509Holder;
  readonly fileSigning: SigningKeys;
  readonly terminal: TerminalKeys;
}

/** How long the data of a card hold: a year of 365 days, as a card's rights are looked at once a year. */
const CARD_HOLDS_S = 31_536_000;

/** The issuer's work on a card, over whatever session leads to it. */
export function cardWork(workshop: CardWorkshop): CardWork {
  const { crypto, random, clock, store, now, documentSigner, fileSigning, terminal } = workshop;
  const asTerminal = (can: string): IssuerTerminal => ({
    crypto,
    random,
    clock,
    can: Buffer.from(can, 'ascii'),
    terminal,
    today: new Date(now()),
  });
  return {
    async personalise(session, activationId, can) {
      const [facts, claims] = [await activationFacts(store, activationId), await cardClaimsOf(store, activationId)];
      if (facts === null || claims === null) throw new IssuerRefusal('activation-unknown');
      const { affiliation, beneficiaries: people } = claims;
      const validFrom = new Date(now()).toISOString().slice(0, 10).replaceAll('-', '');
      const content = { activation: facts.number, affiliation, people };
      return personaliseCard(session, {
        ...asTerminal(can),
        content: { affiliation, beneficiaries: people },
        documentSigner,
        signing: fileSigning,
        validFrom,
        credential: ({ holder }: PublicKeys) =>
          credentialOf(workshop, { ...content, holder, index: facts.statusIndex }),
      });
    },
    operate: (session, can) => makeOperational(session, asTerminal(can)),
  };
}

interface CredentialContent extends Pick<InnerCwt, 'activation' | 'affiliation' | 'people'> {
  readonly holder: Uint8Array;
  readonly index: number;
}

/** What E006 holds: of a family that is too large for an offline QR code, a token that readers alone can use. */
async function credentialOf(
  { crypto, signer, names, now }: CardWorkshop,
  { holder: holderKey, index, ...family }: CredentialContent,
): Promise<Uint8Array> {
  const issuedAt = Math.floor(now() / 1000);
  const status = { uri: names.statusList, index };
  const content = { ...family, issuer: names.issuer, issuedAt, expires: issuedAt + CARD_HOLDS_S, holderKey, status };
  try {
    return await issueInnerCwt(content, signer, crypto);
  } catch (error) {
    if (error instanceof OfflineQrTooLong) return issueReaderCwt(content, signer, crypto);
    throw error;
  }
}
