import type { Statements } from '../../../store/sql.ts';

/** The card of a pending activation: what the issuer must know of it to go on after an interruption. */
export interface BlankCard {
  /** Digits. */
  readonly can: string;
  readonly serial: Uint8Array;
  /** What personalisation brought; null before it. */
  readonly personalised: { readonly holderKey: Uint8Array; readonly cardSecurity: Uint8Array } | null;
}

/** Another card for the same activation takes the place of the one before. */
export async function keepBlankCard(
  statements: Statements,
  activationId: string,
  { can, serial }: Pick<BlankCard, 'can' | 'serial'>,
  now: number,
): Promise<void> {
  await statements.query(
    `insert into blank_cards (activation_id, can, serial, begun_at) values ($1, $2, $3, $4)
     on conflict (activation_id) do update set can = $2, serial = $3, holder_key = null, card_security = null
       where blank_cards.can <> $2 or blank_cards.serial <> $3`,
    [activationId, can, serial, now],
  );
}

export async function keepPersonalised(
  statements: Statements,
  activationId: string,
  { holderKey, cardSecurity }: NonNullable<BlankCard['personalised']>,
): Promise<void> {
  await statements.query('update blank_cards set holder_key = $2, card_security = $3 where activation_id = $1', [
    activationId,
    holderKey,
    cardSecurity,
  ]);
}

export async function blankCard(statements: Statements, activationId: string): Promise<BlankCard | null> {
  const [row] = await statements.query<{
    can: string;
    serial: Uint8Array;
    holder_key: Uint8Array | null;
    card_security: Uint8Array | null;
  }>('select can, serial, holder_key, card_security from blank_cards where activation_id = $1', [activationId]);
  if (row === undefined) return null;
  const { can, serial, holder_key: holderKey, card_security: cardSecurity } = row;
  return {
    can,
    serial,
    personalised: holderKey === null || cardSecurity === null ? null : { holderKey, cardSecurity },
  };
}

/** Forgets it, when the card is operational or its activation has ended. */
export async function forgetBlankCard(statements: Statements, activationId: string): Promise<void> {
  await statements.query('delete from blank_cards where activation_id = $1', [activationId]);
}

/** How long a phone may go on with an interrupted activation. */
const KEPT_MS = 7 * 86_400_000;

/** Forgets the card access numbers of cards that were made long ago. */
export async function forgetOldBlankCards(statements: Statements, now: number): Promise<void> {
  await statements.query('delete from blank_cards where begun_at < $1', [now - KEPT_MS]);
}
