import type { Random } from '../../../../src/hal/random.ts';
import { hashOf, newSecret, type OpenIdContext } from './context.ts';
import { OFFER_MS, TX_CODE_DIGITS, TX_CODE_TRIES } from './limits.ts';
import { CREDENTIAL_CONFIGURATION_ID, PRE_AUTHORIZED_GRANT } from './metadata.ts';

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

/** Makes an offer for an activation; its transaction code goes another way. An older offer of the activation ends. */
export async function createOffer(context: OfferContext, activation: string): Promise<CredentialOffer> {
  const { crypto, random, sql } = context;
  const code = newSecret(random);
  const txCode = newTransactionCode(random);
  await sql.transaction(async (statements) => {
    await statements.query('delete from openid_offers where activation = $1 and used_at is null', [activation]);
    await statements.query(
      `insert into openid_offers (code_hash, activation, tx_code_mac, tries_left, expires_at)
        values ($1, $2, $3, $4, $5)`,
      [
        hashOf(crypto, code),
        activation,
        transactionCodeMac(context, code, txCode),
        TX_CODE_TRIES,
        context.now() + OFFER_MS,
      ],
    );
  });
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
