import type { Invoice } from '../../../src/applet/vitale/index.ts';
import type { PhoneLink } from '../api/phone-link.ts';
import type { CardSide } from './card-side.ts';
import type { HeldCard } from './held-card.ts';
import { asked, type IssuerConnection } from './issuer-connection.ts';
import type { PhoneLife, PhoneState } from './phone-state.ts';
import { PhoneRefusal } from './refusals.ts';

export interface Synced {
  readonly life: PhoneLife;
  /** Claims that came onto the card. */
  readonly claims: number;
  /** Claims that came and were on the card before. */
  readonly alreadyOnCard: number;
  readonly endedBecause: PhoneState['endedBecause'];
  /** Whether the issuer has heard of the wipe; null: there was none. */
  readonly acknowledged: boolean | null;
}

/**
 * Asks whether this phone is the active one. Claims that it does not have yet come onto the card; a card that is no
 * longer the active one is wiped.
 * @param onCard what the card has, asked for when claims have come: a counter may have written one of them by NFC
 */
export async function syncCard(
  held: HeldCard,
  issuer: IssuerConnection,
  onCard: () => Promise<readonly Invoice[]> = () => Promise.resolve([]),
): Promise<Synced> {
  if (held.state.life !== 'active') held.refuseLife();
  const side = held.side as CardSide;
  const link = held.linkTo(issuer, side);
  const standing = await asked(() => link.standing());
  if (standing.state === 'revoked') {
    return {
      life: 'revoked',
      claims: 0,
      alreadyOnCard: 0,
      endedBecause: standing.why,
      acknowledged: await obey(held, link, standing.why),
    };
  }
  if (standing.state !== 'active') {
    throw new PhoneRefusal('issuer-refused', { detail: `it does not know this card as active (${standing.state})` });
  }
  const claims = (await asked(() => link.claims())).filter(({ id }) => id > held.state.lastClaim);
  claims.sort((a, b) => a.id - b.id);
  const known = new Set((claims.length === 0 ? [] : await onCard()).map(claimName));
  let alreadyOnCard = 0;
  for (const { id, invoice } of claims) {
    if (known.has(claimName(invoice))) alreadyOnCard++;
    else side.appendInvoice(invoice);
    held.save({ ...held.state, lastClaim: id });
  }
  held.save({ ...held.state, syncedAt: held.now() });
  return {
    life: 'active',
    claims: claims.length - alreadyOnCard,
    alreadyOnCard,
    endedBecause: null,
    acknowledged: null,
  };
}

/** The word to the issuer is signed by a key that the wipe takes away: it goes first, and the wipe waits for no answer. */
async function obey(held: HeldCard, link: PhoneLink, why: PhoneState['endedBecause']): Promise<boolean> {
  held.save({ ...held.state, life: 'revoked', endedBecause: why, syncedAt: held.now() });
  try {
    await asked(() => link.wiped());
    return true;
  } catch (error) {
    if (error instanceof PhoneRefusal) return false;
    throw error;
  } finally {
    held.end('revoked', why);
  }
}

/** A professional numbers each invoice once. */
function claimName({ professionalId, number }: Invoice): string {
  return `${professionalId} ${number}`;
}
