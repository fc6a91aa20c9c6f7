import type { Statements } from '../../../store/sql.ts';
import { equalBytes, hashOf, newSecret, type OpenIdContext } from './context.ts';
import { ACCESS_TOKEN_MS, REFRESH_TOKEN_MS } from './limits.ts';
import { PRE_AUTHORIZED_GRANT } from './metadata.ts';
import { transactionCodeMac } from './offer.ts';
import { OpenIdRefusal } from './refusals.ts';

/** The token endpoint: a pre-authorized code with its transaction code, or a refresh token, for new tokens. */

type TokenContext = Pick<OpenIdContext, 'crypto' | 'random' | 'sql' | 'now' | 'subject'>;

export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly refresh_token: string;
}

/** @throws {OpenIdRefusal} */
export async function grantTokens(
  context: TokenContext,
  form: Readonly<Record<string, string | undefined>>,
): Promise<TokenAnswer> {
  const outcome = await context.sql.transaction((statements) => {
    switch (form.grant_type) {
      case PRE_AUTHORIZED_GRANT:
        return redeemCode(context, statements, form['pre-authorized_code'] ?? '', form.tx_code);
      case 'refresh_token':
        return refresh(context, statements, form.refresh_token ?? '');
      default:
        return Promise.resolve(new OpenIdRefusal('grant-unsupported'));
    }
  });
  // A refusal is given back and thrown here: thrown inside, it would undo the try that it cost.
  if (outcome instanceof OpenIdRefusal) throw outcome;
  return outcome;
}

interface OfferRow {
  readonly [column: string]: string | number | boolean | null | Uint8Array;
  readonly activation: string;
  readonly tx_code_mac: Uint8Array;
  readonly tries_left: number;
  readonly expires_at: number;
  readonly used_at: number | null;
}

async function redeemCode(
  context: TokenContext,
  statements: Statements,
  code: string,
  txCode: string | undefined,
): Promise<TokenAnswer | OpenIdRefusal> {
  const hash = hashOf(context.crypto, code);
  const [offer] = await statements.query<OfferRow>('select * from openid_offers where code_hash = $1 for update', [
    hash,
  ]);
  if (offer === undefined || offer.expires_at <= context.now()) return new OpenIdRefusal('code-unknown');
  if (offer.used_at !== null) {
    await revokeTokens(statements, offer.activation);
    return new OpenIdRefusal('code-used');
  }
  if (offer.tries_left === 0) return new OpenIdRefusal('tries-used');
  if (txCode === undefined) return new OpenIdRefusal('transaction-code-missing');
  // The try is spent before the codes are compared, as a card does it.
  await statements.query('update openid_offers set tries_left = tries_left - 1 where code_hash = $1', [hash]);
  if (!equalBytes(transactionCodeMac(context, code, txCode), offer.tx_code_mac)) {
    return new OpenIdRefusal(offer.tries_left === 1 ? 'tries-used' : 'transaction-code-wrong');
  }
  if (await hasEnded(context, statements, offer.activation)) return new OpenIdRefusal('activation-ended');
  await statements.query('update openid_offers set used_at = $2 where code_hash = $1', [hash, context.now()]);
  return newTokens(context, statements, offer.activation);
}

interface TokenRow {
  readonly [column: string]: string | number | boolean | null | Uint8Array;
  readonly activation: string;
  readonly expires_at: number;
  readonly used_at: number | null;
}

/** Each refresh token counts once. One that comes again was copied: all tokens of the activation end. */
async function refresh(
  context: TokenContext,
  statements: Statements,
  token: string,
): Promise<TokenAnswer | OpenIdRefusal> {
  const hash = hashOf(context.crypto, token);
  const [row] = await statements.query<TokenRow>(
    `select activation, expires_at, used_at from openid_tokens where token_hash = $1 and kind = 'refresh' for update`,
    [hash],
  );
  if (row === undefined || row.expires_at <= context.now()) return new OpenIdRefusal('refresh-unknown');
  if (row.used_at !== null) {
    await revokeTokens(statements, row.activation);
    return new OpenIdRefusal('refresh-used');
  }
  if (await hasEnded(context, statements, row.activation)) return new OpenIdRefusal('activation-ended');
  await statements.query('update openid_tokens set used_at = $2 where token_hash = $1', [hash, context.now()]);
  return newTokens(context, statements, row.activation);
}

async function hasEnded(context: TokenContext, statements: Statements, activation: string): Promise<boolean> {
  const subject = await context.subject(statements, activation);
  return subject === null || subject.state === 'revoked' || subject.state === 'abandoned';
}

/** Used ones stay, so that their next use is noticed. */
function revokeTokens(statements: Statements, activation: string): Promise<unknown> {
  return statements.query('delete from openid_tokens where activation = $1 and used_at is null', [activation]);
}

async function newTokens(
  { crypto, random, now }: TokenContext,
  statements: Statements,
  activation: string,
): Promise<TokenAnswer> {
  const access = newSecret(random);
  const refreshToken = newSecret(random);
  for (const [token, kind, lasts] of [
    [access, 'access', ACCESS_TOKEN_MS],
    [refreshToken, 'refresh', REFRESH_TOKEN_MS],
  ] as const) {
    await statements.query(
      'insert into openid_tokens (token_hash, kind, activation, expires_at) values ($1, $2, $3, $4)',
      [hashOf(crypto, token), kind, activation, now() + lasts],
    );
  }
  return {
    access_token: access,
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_MS / 1000,
    refresh_token: refreshToken,
  };
}

/** The activation that an access token is for. @param authorization the header `Authorization`. @throws {OpenIdRefusal} */
export async function activationOf(context: TokenContext, authorization: string | undefined): Promise<string> {
  const [, token] = /^Bearer ([A-Za-z0-9_-]{1,200})$/i.exec(authorization ?? '') ?? [];
  if (token === undefined) throw new OpenIdRefusal('token-missing');
  const [row] = await context.sql.query<TokenRow>(
    `select activation, expires_at, used_at from openid_tokens where token_hash = $1 and kind = 'access'`,
    [hashOf(context.crypto, token)],
  );
  if (row === undefined || row.expires_at <= context.now()) throw new OpenIdRefusal('token-unknown');
  return row.activation;
}
