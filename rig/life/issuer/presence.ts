import { createHmac, randomBytes } from 'node:crypto';
import type { SqlRow, Statements } from '../../store/sql.ts';
import { type AuditDetails, audit } from './audit.ts';
import { decided, Refused } from './decided.ts';
import { delegationFor } from './delegation.ts';
import { type DisclosedData, type Disclosure, disclosedData, readDisclosures } from './disclosure.ts';
import { checkDeviceKey, checkRequest, hashOf, newIdentifier } from './identifiers.ts';
import { IssuerRefusal } from './refusals.ts';
import type { IssuerStore } from './store.ts';

/** How long a presence may be resolved. */
export const PRESENCE_MS = 60_000;
/** How long a context lives unless it is renewed. */
export const CONTEXT_MS: number = 15 * 60_000;

const FORM = /^[A-Z2-7]{32}$/;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** 160 random bits are 32 characters without a rest. */
const RANDOM_BYTES = 20;

export interface MintedPresence {
  /** 32 characters of base32 (RFC 4648), which a QR code or E005 carries: opaque, for one use. Only its hash is stored. */
  readonly presence: string;
  readonly expiresAt: number;
}

/**
 * Gives the active phone a presence.
 * @param agreed what the person agreed to disclose
 * @param delegation identifier of a delegation that another phone gave to this one
 * @throws {IssuerRefusal} `nothing-agreed`, `device-unknown`, `card-revoked`, `delegation-…`
 */
export async function mintPresence(
  store: IssuerStore,
  order: {
    readonly deviceKey: string;
    readonly agreed: readonly string[];
    readonly delegation?: string | null;
    readonly now: number;
  },
): Promise<MintedPresence> {
  const { deviceKey, delegation = null, now } = order;
  checkDeviceKey(deviceKey);
  const agreed = readDisclosures(order.agreed);
  if (agreed === null) throw new IssuerRefusal('nothing-agreed');
  const presence = newPresence();
  const expiresAt = now + PRESENCE_MS;
  return decided(store, { verb: 'mint', now }, async (statements) => {
    const [own] = await statements.query<{ id: string; state: string }>(
      'select id, state from activations where device_key = $1',
      [deviceKey],
    );
    if (own === undefined || own.state === 'pending' || own.state === 'abandoned') return new Refused('device-unknown');
    if (own.state !== 'active') return new Refused('card-revoked', { activation: own.id });
    let activation = own.id;
    if (delegation !== null) {
      const given = await delegationFor(statements, { delegation, deviceKey, agreed, now });
      if (given instanceof Refused) return given;
      activation = given.activation;
    }
    const [row] = await statements.query<{ id: number }>(
      `insert into presences (token_hash, activation_id, delegation_id, agreed, minted_at, expires_at)
       values ($1, $2, $3, $4, $5, $6) returning id`,
      [hashOf(presence), activation, delegation, JSON.stringify(agreed), now, expiresAt],
    );
    await audit(statements, now, 'presence-minted', {
      activation,
      ...(delegation !== null && { delegation }),
      presence: row?.id as number,
    });
    return { presence, expiresAt };
  });
}

export interface Context {
  readonly id: string;
  /** Proves that a later request belongs to it. Only its hash is stored. */
  readonly token: string;
  readonly expiresAt: number;
}

export interface Resolved {
  readonly context: Context;
  readonly data: DisclosedData;
}

interface OpenedPresence extends SqlRow {
  readonly id: number;
  readonly activation_id: string;
  readonly insured_id: number;
  readonly delegation_id: string | null;
  readonly beneficiary_index: number | null;
  readonly agreed: string;
}

/**
 * Turns a presence into a context and the data agreed to, once. The same signer with the same request identifier (an
 * answer was lost) gets the same context; everything else is refused and has its line in the audit log.
 * @throws {IssuerRefusal} `presence-…`, `card-revoked`, `delegation-ended`, `context-…`, `request-used`
 */
export async function resolvePresence(
  store: IssuerStore,
  order: { readonly presence: string; readonly signer: string; readonly requestId: string; readonly now: number },
): Promise<Resolved> {
  const { presence, signer, requestId, now } = order;
  checkRequest(order);
  if (!FORM.test(presence)) throw new IssuerRefusal('presence-malformed');
  const tokenHash = hashOf(presence);
  const contextId = newIdentifier('ctx');
  return decided(store, { verb: 'resolve', now, signer }, async (statements) => {
    // One statement looks and takes: of any number at once one finds it open.
    const [opened] = await statements.query<OpenedPresence>(
      `update presences p set resolved_at = $2, signer = $3, request_id = $4, context_id = $5
       from activations a
       where p.token_hash = $1 and p.resolved_at is null and p.expires_at > $2
         and a.id = p.activation_id and a.state = 'active'
         and (p.delegation_id is null or exists (select from delegations d
           where d.id = p.delegation_id and d.revoked_at is null and d.until_at > $2))
       returning p.id, p.activation_id, a.insured_id, p.delegation_id, p.agreed,
         (select beneficiary_index from delegations d where d.id = p.delegation_id) as beneficiary_index`,
      [tokenHash, now, signer, requestId, contextId],
    );
    if (opened === undefined) return answerAgain(statements, order, tokenHash);
    const token = contextToken(presence, contextId);
    const expiresAt = now + CONTEXT_MS;
    await statements.query(
      `insert into contexts (id, presence_id, activation_id, delegation_id, signer, token_hash, opened_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [contextId, opened.id, opened.activation_id, opened.delegation_id, signer, hashOf(token), now, expiresAt],
    );
    const data = await dataOf(statements, opened);
    const details = { presence: opened.id, activation: opened.activation_id, context: contextId, signer };
    await audit(statements, now, 'presence-resolved', details);
    return { context: { id: contextId, token, expiresAt }, data };
  });
}

function dataOf(
  statements: Statements,
  { insured_id, beneficiary_index, agreed }: OpenedPresence,
): Promise<DisclosedData> {
  return disclosedData(statements, insured_id, JSON.parse(agreed) as Disclosure[], beneficiary_index);
}

interface UsedPresence extends OpenedPresence {
  readonly state: string;
  readonly expires_at: number;
  readonly signer: string | null;
  readonly request_id: string | null;
  readonly context_id: string | null;
  readonly context_expires_at: number | null;
  readonly context_ended_at: number | null;
  readonly revoked_at: number | null;
  readonly until_at: number | null;
}

/** Why it is not open; or the answer that this signer was given to this very request. */
async function answerAgain(
  statements: Statements,
  order: { readonly presence: string; readonly signer: string; readonly requestId: string; readonly now: number },
  tokenHash: Uint8Array,
): Promise<Resolved | Refused> {
  const { presence, signer, requestId, now } = order;
  const [row] = await statements.query<UsedPresence>(
    `select p.id, p.activation_id, a.insured_id, p.delegation_id, d.beneficiary_index, p.agreed, a.state, p.expires_at,
       p.signer, p.request_id, p.context_id, c.expires_at as context_expires_at, c.ended_at as context_ended_at,
       d.revoked_at, d.until_at
     from presences p join activations a on a.id = p.activation_id left join delegations d on d.id = p.delegation_id
       left join contexts c on c.id = p.context_id
     where p.token_hash = $1`,
    [tokenHash],
  );
  if (row === undefined) return new Refused('presence-unknown');
  const about: AuditDetails = { presence: row.id, activation: row.activation_id };
  const used = row.context_id !== null;
  if (used && (row.signer !== signer || row.request_id !== requestId)) return new Refused('presence-used', about);
  if (row.state !== 'active') return new Refused('card-revoked', about);
  if (row.delegation_id !== null && (row.revoked_at !== null || (row.until_at as number) <= now)) {
    return new Refused('delegation-ended', { ...about, delegation: row.delegation_id });
  }
  if (!used) return new Refused('presence-expired', about);
  const id = row.context_id as string;
  if (row.context_ended_at !== null) return new Refused('context-ended', { ...about, context: id });
  const expiresAt = row.context_expires_at as number;
  if (expiresAt <= now) return new Refused('context-expired', { ...about, context: id });
  await audit(statements, now, 'presence-answered-again', { ...about, context: id, signer });
  return { context: { id, token: contextToken(presence, id), expiresAt }, data: await dataOf(statements, row) };
}

/**
 * The token of a context: whoever has the presence and was told the identifier can compute it, so that a lost answer can
 * be given again although the store has only its hash. Who photographed the presence does not know the identifier.
 */
function contextToken(presence: string, contextId: string): string {
  return createHmac('sha256', presence).update(contextId).digest('base64url');
}

function newPresence(): string {
  let [text, rest, bits] = ['', 0, 0];
  for (const byte of randomBytes(RANDOM_BYTES)) {
    rest = (rest << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(rest >> (bits - 5)) & 31];
    rest &= (1 << bits) - 1;
  }
  return text;
}
