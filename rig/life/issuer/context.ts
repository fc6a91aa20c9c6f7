import { timingSafeEqual } from 'node:crypto';
import type { SqlRow, Statements } from '../../store/sql.ts';
import { audit } from './audit.ts';
import { decided, Refused } from './decided.ts';
import { checkSigner, hashOf } from './identifiers.ts';
import { CONTEXT_MS } from './presence.ts';
import type { IssuerStore } from './store.ts';

/** How long a context may live in all, however often it is renewed. */
export const LONGEST_CONTEXT_MS: number = 4 * 60 * 60_000;

/** What every request about a context proves: who signs it, and that it has the token. */
export interface ContextProof {
  readonly contextId: string;
  readonly token: string;
  readonly signer: string;
}

export interface ContextRow extends SqlRow {
  readonly id: string;
  readonly activation_id: string;
  readonly insured_id: number;
  readonly opened_at: number;
  readonly expires_at: number;
  readonly ended_at: number | null;
  readonly signer: string;
  readonly token_hash: Uint8Array;
  readonly state: string;
  readonly delegation_id: string | null;
  readonly beneficiary_index: number | null;
  readonly revoked_at: number | null;
  readonly until_at: number | null;
}

/**
 * A context that is alive, locked until the transaction ends. Another signer, a wrong token and a context that never was
 * look the same to whoever asks.
 */
export async function liveContext(
  statements: Statements,
  { contextId, token, signer }: ContextProof,
  now: number,
): Promise<ContextRow | Refused> {
  const [row] = await statements.query<ContextRow>(
    `select c.id, c.activation_id, a.insured_id, c.opened_at, c.expires_at, c.ended_at, c.signer, c.token_hash, a.state,
       c.delegation_id, d.beneficiary_index, d.revoked_at, d.until_at
     from contexts c join activations a on a.id = c.activation_id left join delegations d on d.id = c.delegation_id
     where c.id = $1 for update of c`,
    [contextId],
  );
  if (row === undefined) return new Refused('context-unknown');
  const about = { context: row.id, activation: row.activation_id };
  if (row.signer !== signer || !timingSafeEqual(row.token_hash, hashOf(token)))
    return new Refused('context-unknown', about);
  if (row.ended_at !== null) return new Refused('context-ended', about);
  if (row.expires_at <= now) return new Refused('context-expired', about);
  if (row.state !== 'active') return new Refused('card-revoked', about);
  if (row.delegation_id !== null && (row.revoked_at !== null || (row.until_at as number) <= now)) {
    return new Refused('delegation-ended', { ...about, delegation: row.delegation_id });
  }
  return row;
}

/** Fifteen minutes more from now on, four hours in all. @throws {IssuerRefusal} `context-…`, `card-revoked` */
export async function renewContext(
  store: IssuerStore,
  order: ContextProof & { readonly now: number },
): Promise<{ readonly expiresAt: number }> {
  const { signer, now } = order;
  checkSigner(signer);
  return decided(store, { verb: 'renew', now, signer }, async (statements) => {
    const context = await liveContext(statements, order, now);
    if (context instanceof Refused) return context;
    const { id, opened_at, activation_id: activation } = context;
    const expiresAt = Math.min(now + CONTEXT_MS, opened_at + LONGEST_CONTEXT_MS);
    if (expiresAt <= context.expires_at) {
      return expiresAt < now + CONTEXT_MS ? new Refused('context-limit', { context: id, activation }) : { expiresAt };
    }
    await statements.query('update contexts set expires_at = $2 where id = $1', [id, expiresAt]);
    await audit(statements, now, 'context-renewed', { context: id, activation, signer });
    return { expiresAt };
  });
}

/** Ends it at once. Harmless the second time. @throws {IssuerRefusal} `context-unknown` */
export async function destroyContext(
  store: IssuerStore,
  order: ContextProof & { readonly now: number },
): Promise<void> {
  const { signer, now } = order;
  checkSigner(signer);
  await decided(store, { verb: 'destroy', now, signer }, async (statements) => {
    const context = await liveContext(statements, order, now);
    if (context instanceof Refused) return context.code === 'context-unknown' ? context : null;
    const { id, activation_id: activation } = context;
    await statements.query('update contexts set ended_at = $2 where id = $1', [id, now]);
    await audit(statements, now, 'context-destroyed', { context: id, activation, signer });
    return null;
  });
}
