import type { Random } from '../../../../src/hal/random.ts';
import type { Statements } from '../../../store/sql.ts';
import { hashOf, newSecret, type OpenIdContext } from './context.ts';
import { DAY_MS, OFFER_LEAVE_MS, OFFER_MS, OFFERS_A_DAY, TX_CODE_DIGITS, TX_CODE_TRIES } from './limits.ts';
import { CREDENTIAL_CONFIGURATION_ID, PRE_AUTHORIZED_GRANT } from './metadata.ts';
import { OpenIdRefusal } from './refusals.ts';

/** Credential offers of OpenID4VCI 1.0 with a pre-authorized code and a transaction code. */

export interface CredentialOffer {
  readonly credential_issuer: string;
  readonly credential_configuration_ids: readonly string[];
  readonly grants: Readonly<
    Record<
      typeof PRE_AUTHORIZED_GRANT,
      {
        readonly 'pre-authorized_code': string;
        readonly tx_code: { readonly input_mode: 'numeric'; readonly length: number; readonly description: string };
      }
    >
  >;
}

type OfferContext = Pick<OpenIdContext, 'crypto' | 'random' | 'sql' | 'now' | 'origin' | 'sendTransactionCode'>;

/** Makes the offer of an activation that begins; its transaction code goes another way. An older offer ends. */
export async function createOffer(context: OfferContext, activation: string): Promise<CredentialOffer> {
  const draft = newDraft(context);
  await context.sql.transaction((statements) => keepOffer(context, statements, activation, draft));
  return sentOffer(context, activation, draft);
}

type AnotherOfferContext = OfferContext & Pick<OpenIdContext, 'subject' | 'noted'>;

interface RequestRow {
  readonly [column: string]: string | number | boolean | null | Uint8Array;
  readonly asked: number;
  readonly day_ends: number;
  readonly leave_until: number;
}

/**
 * Another offer for an active card that asks for it: none while one is open, and a few in a day. The operator's leave
 * stands above both, once.
 * @throws {OpenIdRefusal} `credential-refused`, `offer-open`, `offers-used`
 */
export async function createAnotherOffer(context: AnotherOfferContext, activation: string): Promise<CredentialOffer> {
  const draft = newDraft(context);
  const now = context.now();
  const refused = await context.sql.transaction(async (statements) => {
    const subject = await context.subject(statements, activation);
    if (subject?.state !== 'active') return new OpenIdRefusal('credential-refused');
    const row = await requestsOf(statements, activation, now);
    const allowed = row.leave_until > now;
    const asked = row.day_ends > now ? row.asked : 0;
    if (!allowed && (await hasOpenOffer(statements, activation, now))) return new OpenIdRefusal('offer-open');
    if (!allowed && asked >= OFFERS_A_DAY) return new OpenIdRefusal('offers-used');
    const dayEnds = row.day_ends > now ? row.day_ends : now + DAY_MS;
    await statements.query(
      `update openid_offer_requests set asked = $2, day_ends = $3, leave_until = 0, expires_at = $3 where activation = $1`,
      [activation, asked + 1, dayEnds],
    );
    await keepOffer(context, statements, activation, draft);
    await context.noted(statements, 'offered', activation);
    return null;
  });
  if (refused !== null) throw refused;
  return sentOffer(context, activation, draft);
}

/**
 * Lets an active card ask for one more offer, whatever was asked for before.
 * @returns until when, in milliseconds since 1970. @throws {OpenIdRefusal} `credential-refused`
 */
export async function allowOffer(
  context: Pick<OpenIdContext, 'sql' | 'subject' | 'noted' | 'now'>,
  activation: string,
): Promise<number> {
  const now = context.now();
  const until = now + OFFER_LEAVE_MS;
  const allowed = await context.sql.transaction(async (statements) => {
    const subject = await context.subject(statements, activation);
    if (subject?.state !== 'active') return false;
    await requestsOf(statements, activation, now);
    await statements.query(
      'update openid_offer_requests set leave_until = $2, expires_at = greatest(expires_at, $2) where activation = $1',
      [activation, until],
    );
    await context.noted(statements, 'offer-allowed', activation);
    return true;
  });
  if (!allowed) throw new OpenIdRefusal('credential-refused');
  return until;
}

/** The row of an activation, held until the transaction ends: those who ask at once are counted one after the other. */
async function requestsOf(statements: Statements, activation: string, now: number): Promise<RequestRow> {
  const [row] = await statements.query<RequestRow>(
    `insert into openid_offer_requests (activation, expires_at) values ($1, $2)
      on conflict (activation) do update set activation = excluded.activation returning asked, day_ends, leave_until`,
    [activation, now],
  );
  return row as RequestRow;
}

async function hasOpenOffer(statements: Statements, activation: string, now: number): Promise<boolean> {
  const rows = await statements.query(
    `select 1 as one from openid_offers
      where activation = $1 and used_at is null and expires_at > $2 and tries_left > 0`,
    [activation, now],
  );
  return rows.length > 0;
}

/** Both secrets of an offer. */
interface OfferDraft {
  readonly code: string;
  readonly txCode: string;
}

function newDraft({ random }: OfferContext): OfferDraft {
  return { code: newSecret(random), txCode: newTransactionCode(random) };
}

async function keepOffer(
  context: OfferContext,
  statements: Statements,
  activation: string,
  { code, txCode }: OfferDraft,
): Promise<void> {
  await statements.query('delete from openid_offers where activation = $1 and used_at is null', [activation]);
  await statements.query(
    `insert into openid_offers (code_hash, activation, tx_code_mac, tries_left, expires_at) values ($1, $2, $3, $4, $5)`,
    [
      hashOf(context.crypto, code),
      activation,
      transactionCodeMac(context, code, txCode),
      TX_CODE_TRIES,
      context.now() + OFFER_MS,
    ],
  );
}

async function sentOffer(
  context: OfferContext,
  activation: string,
  { code, txCode }: OfferDraft,
): Promise<CredentialOffer> {
  await context.sendTransactionCode({ activation, txCode });
  return {
    credential_issuer: context.origin(),
    credential_configuration_ids: [CREDENTIAL_CONFIGURATION_ID],
    grants: {
      [PRE_AUTHORIZED_GRANT]: {
        'pre-authorized_code': code,
        tx_code: { input_mode: 'numeric', length: TX_CODE_DIGITS, description: 'The code that the issuer sent you' },
      },
    },
  };
}

/** The offer as a link, by value: what a phone is given in one text. */
export function credentialOfferLink(offer: CredentialOffer): string {
  return `openid-credential-offer://?${new URLSearchParams({ credential_offer: JSON.stringify(offer) })}`;
}

/** Keyed with the offer's own code, which is nowhere in the database: its reader cannot try all codes at home. */
export function transactionCodeMac(
  { crypto }: Pick<OpenIdContext, 'crypto'>,
  code: string,
  txCode: string,
): Uint8Array {
  const mac = crypto.keyedHash('sha-256', new TextEncoder().encode(code));
  const text = new TextEncoder().encode(txCode);
  const target = new Uint8Array(mac.size);
  mac.digest(text, 0, text.length, target, 0);
  return target;
}

/** Each code as likely as the other: bytes that would favour low digits are drawn again. */
function newTransactionCode(random: Random): string {
  let code = '';
  const byte = new Uint8Array(1);
  while (code.length < TX_CODE_DIGITS) {
    random.fill(byte, 0, 1);
    if (byte[0]! < 250) code += byte[0]! % 10;
  }
  return code;
}
